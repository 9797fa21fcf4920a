import { Inject, Injectable, Optional } from '@nestjs/common';
import { z } from 'zod';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { ClockWatch } from '../lifecycle/index.js';
import { readAnswer, requireSuccess } from './engine.answer.js';
import { EngineCircuit } from './engine.circuit.js';
import { EngineResponseError } from './engine.errors.js';
import {
  type Deployment,
  deploymentSchema,
  externalTaskSchema,
  type HistoricActivity,
  historicActivitySchema,
  type HistoricInstance,
  historicInstanceSchema,
  historicVariableSchema,
  type Incident,
  incidentSchema,
  type LockedExternalTask,
  type ProcessInstance,
  processInstanceSchema,
  type StartedInstance,
  startedInstanceSchema,
  versionSchema,
} from './engine.schemas.js';
import { type EngineRequest, type EngineResponse, EngineTransport } from './engine.transport.js';
import { fromTypedVariable, type TypedVariables } from './typed-variables.mapper.js';

/** Milliseconds for a call that has no time-out of its own. */
const CALL_TIMEOUT_MS = 10_000;

/** Milliseconds for a deployment, which parses and stores. */
const DEPLOY_TIMEOUT_MS = 30_000;

/** Rows of a list in one request. */
const PAGE_SIZE = 500;

/** Elements that an ended instance is asked for. */
const LATEST_ACTIVITIES = 20;

type Call = Omit<EngineRequest, 'timeoutMs'> & { readonly timeoutMs?: number };

/**
 * The engine as this service sees it, over the Camunda 7 REST API.
 *
 * Every operation throws an `EngineCallError`: `EngineResponseError` where the engine refused,
 * `EngineUnreachableError` where nothing was sent, `EngineAmbiguousError` where it is not known what happened,
 * `EngineMisconfiguredError` where the answer is not the engine's. Nothing is repeated here.
 */
@Injectable()
export class CamundaEngineClient {
  private readonly circuit = new EngineCircuit();

  constructor(
    private readonly transport: EngineTransport,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Optional() clock?: ClockWatch,
  ) {
    clock?.onSet(() => {
      this.circuit.clockSet();
    });
  }

  /** True while an engine that was away is left alone, and calls fail at once. */
  get isAway(): boolean {
    return this.circuit.isOpen;
  }

  /** Calls back whenever the engine answers again after it was away. */
  onRecovered(listener: () => void): void {
    this.circuit.onRecovered(listener);
  }

  /** Starts the latest version of a definition without tenant; within `CAMUNDA_START_TIMEOUT_MS`. */
  startProcessInstance(start: {
    readonly processKey: string;
    readonly businessKey: string;
    readonly variables: TypedVariables;
    readonly signal?: AbortSignal;
  }): Promise<StartedInstance> {
    return this.read(
      {
        method: 'POST',
        path: `/process-definition/key/${encodeURIComponent(start.processKey)}/start`,
        json: { businessKey: start.businessKey, variables: start.variables },
        timeoutMs: this.config.startTimeoutMs,
        signal: start.signal,
      },
      startedInstanceSchema,
    );
  }

  /** A running instance; null where it has ended or never was. */
  async getProcessInstance(id: string): Promise<ProcessInstance | null> {
    return orNull(
      this.read(
        { method: 'GET', path: `/process-instance/${encodeURIComponent(id)}` },
        processInstanceSchema,
      ),
    );
  }

  /** Deletes a running instance, without output mappings, which would fail for what was never computed; `gone` where there is none. */
  async deleteProcessInstance(id: string): Promise<'deleted' | 'gone'> {
    const deleted = this.command({
      method: 'DELETE',
      path: `/process-instance/${encodeURIComponent(id)}`,
      query: { skipIoMappings: true },
    });
    return (await orNull(deleted.then(() => true))) === null ? 'gone' : 'deleted';
  }

  /** Running and ended instances of a definition with a business key, oldest first, called ones included. */
  findInstances(filter: {
    readonly businessKey: string;
    readonly processKey: string;
  }): Promise<HistoricInstance[]> {
    return this.readPages('/history/process-instance', historicInstanceSchema, {
      processInstanceBusinessKey: filter.businessKey,
      processDefinitionKey: filter.processKey,
      sortBy: 'startTime',
      sortOrder: 'asc',
    });
  }

  /** Running root instances of a definition with a business key, as runtime knows them. */
  findRunningRoots(filter: {
    readonly businessKey: string;
    readonly processKey: string;
    readonly traceabilityId: string;
  }): Promise<ProcessInstance[]> {
    return this.read(
      {
        method: 'POST',
        path: '/process-instance',
        query: { maxResults: PAGE_SIZE },
        json: {
          businessKey: filter.businessKey,
          processDefinitionKey: filter.processKey,
          // As a query parameter it could not be said: the name has an underscore.
          variables: [{ name: 'traceability_id', operator: 'eq', value: filter.traceabilityId }],
          rootProcessInstances: true,
        },
      },
      z.array(processInstanceSchema),
    );
  }

  /**
   * Instances of definitions that ended after a moment of the engine's own clock, in the order of their end.
   *
   * @param finishedAfter a time as the engine writes it; inclusive
   * @returns one page of at most `maxResults` from `firstResult` on
   */
  findEndedInstances(filter: {
    readonly finishedAfter: string;
    readonly processKeys: readonly string[];
    readonly firstResult: number;
    readonly maxResults: number;
  }): Promise<HistoricInstance[]> {
    const { processKeys, ...page } = filter;
    return this.read(
      {
        method: 'GET',
        path: '/history/process-instance',
        query: {
          ...page,
          processDefinitionKeyIn: processKeys.join(','),
          sortBy: 'endTime',
          sortOrder: 'asc',
        },
      },
      z.array(historicInstanceSchema),
    );
  }

  /** When the last instance of definitions ended, as the engine writes times; null where none has. */
  async findLastEnd(processKeys: readonly string[]): Promise<string | null> {
    const [last] = await this.read(
      {
        method: 'GET',
        path: '/history/process-instance',
        query: {
          processDefinitionKeyIn: processKeys.join(','),
          finished: true,
          sortBy: 'endTime',
          sortOrder: 'desc',
          maxResults: 1,
        },
      },
      z.array(historicInstanceSchema),
    );
    return last?.endTime ?? null;
  }

  /**
   * Open incidents of definitions that arose after a moment of the engine's own clock, oldest first.
   *
   * @param incidentTimestampAfter a time as the engine writes it; exclusive
   * @returns one page of at most `maxResults` from `firstResult` on
   */
  findIncidentsAfter(filter: {
    readonly incidentTimestampAfter: string;
    readonly processKeys: readonly string[];
    readonly firstResult: number;
    readonly maxResults: number;
  }): Promise<Incident[]> {
    const { processKeys, ...page } = filter;
    return this.read(
      {
        method: 'GET',
        path: '/incident',
        query: {
          ...page,
          processDefinitionKeyIn: processKeys.join(','),
          sortBy: 'incidentTimestamp',
          sortOrder: 'asc',
        },
      },
      z.array(incidentSchema),
    );
  }

  /** What history knows of instances, by their ids; at most 500 in one call. */
  findHistoricInstances(ids: readonly string[]): Promise<HistoricInstance[]> {
    return this.read(
      {
        method: 'POST',
        path: '/history/process-instance',
        json: { processInstanceIds: ids },
        query: { maxResults: PAGE_SIZE },
      },
      z.array(historicInstanceSchema),
    );
  }

  /** Running root instances of definitions, in pages of 500 by their place. */
  findRunningInstances(filter: {
    readonly processKeys: readonly string[];
    readonly firstResult: number;
    readonly maxResults: number;
  }): Promise<ProcessInstance[]> {
    const { processKeys, ...page } = filter;
    return this.read(
      {
        method: 'GET',
        path: '/process-instance',
        query: {
          ...page,
          processDefinitionKeyIn: processKeys.join(','),
          rootProcessInstances: true,
          sortBy: 'instanceId',
          sortOrder: 'asc',
        },
      },
      z.array(processInstanceSchema),
    );
  }

  /** A running or ended instance; null where history does not know it. */
  async getHistoricInstance(id: string): Promise<HistoricInstance | null> {
    return orNull(
      this.read(
        { method: 'GET', path: `/history/process-instance/${encodeURIComponent(id)}` },
        historicInstanceSchema,
      ),
    );
  }

  /** The elements that an instance has left last, latest first; none where the engine keeps no such history. */
  findLatestActivities(processInstanceId: string): Promise<HistoricActivity[]> {
    return this.read(
      {
        method: 'GET',
        path: '/history/activity-instance',
        query: {
          processInstanceId,
          finished: true,
          sortBy: 'endTime',
          sortOrder: 'desc',
          maxResults: LATEST_ACTIVITIES,
        },
      },
      z.array(historicActivitySchema),
    );
  }

  /** The variables of a running or ended instance's own scope, as plain values; its last ones where it has ended. */
  async getHistoricVariables(processInstanceId: string): Promise<Record<string, unknown>> {
    const rows = await this.readPages('/history/variable-instance', historicVariableSchema, {
      processInstanceId,
      deserializeValues: false,
    });
    const variables = Object.create(null) as Record<string, unknown>;
    for (const row of rows) {
      // Variables of inner scopes share names with the instance's own.
      if ((row.activityInstanceId ?? processInstanceId) !== processInstanceId) continue;
      variables[row.name] = fromTypedVariable(row);
    }
    return variables;
  }

  /** Open incidents of an instance or of definitions. */
  findIncidents(filter: {
    readonly processInstanceId?: string;
    readonly processKeys?: readonly string[];
  }): Promise<Incident[]> {
    return this.readPages('/incident', incidentSchema, {
      processInstanceId: filter.processInstanceId,
      processDefinitionKeyIn: filter.processKeys?.join(','),
    });
  }

  /** External tasks whose lock a worker holds; any worker where none is named. */
  findLockedTasks(workerId?: string): Promise<LockedExternalTask[]> {
    return this.readPages('/external-task', externalTaskSchema, { workerId, locked: true });
  }

  /** Frees a task at once for any worker; one that is gone needs nothing. */
  async unlockTask(taskId: string): Promise<void> {
    await orNull(
      this.command({ method: 'POST', path: `/external-task/${encodeURIComponent(taskId)}/unlock`, json: {} }),
    );
  }

  /** Sets variables of an execution's own scope, also of one whose instance is suspended. */
  async setLocalVariables(executionId: string, variables: TypedVariables): Promise<void> {
    await this.command({
      method: 'POST',
      path: `/execution/${encodeURIComponent(executionId)}/localVariables`,
      json: { modifications: variables },
    });
  }

  /**
   * Deploys resources, only those that differ from what was deployed last under this name.
   *
   * @throws EngineResponseError with status 400 and the problems in `details` where a BPMN cannot be parsed
   */
  async deploy(deployment: {
    readonly name: string;
    readonly resources: readonly { readonly filename: string; readonly content: string }[];
    readonly signal?: AbortSignal;
  }): Promise<Deployment> {
    const answer = await this.read(
      {
        method: 'POST',
        path: '/deployment/create',
        multipart: [
          { name: 'deployment-name', content: deployment.name },
          { name: 'deployment-source', content: 'fastify-camunda' },
          { name: 'enable-duplicate-filtering', content: 'true' },
          { name: 'deploy-changed-only', content: 'true' },
          ...deployment.resources.map((resource) => ({ name: resource.filename, ...resource })),
        ],
        timeoutMs: DEPLOY_TIMEOUT_MS,
        signal: deployment.signal,
      },
      deploymentSchema,
    );
    return { id: answer.id, deployed: Object.values(answer.deployedProcessDefinitions ?? {}) };
  }

  /** The engine's version; null where its build does not say. */
  async version(): Promise<string | null> {
    const { version } = await this.read({ method: 'GET', path: '/version' }, versionSchema);
    return version ?? null;
  }

  private async readPages<T extends z.ZodType>(
    path: string,
    row: T,
    query: NonNullable<EngineRequest['query']>,
  ): Promise<z.output<T>[]> {
    const rows: z.output<T>[] = [];
    for (;;) {
      const page = await this.read(
        { method: 'GET', path, query: { ...query, firstResult: rows.length, maxResults: PAGE_SIZE } },
        z.array(row),
      );
      rows.push(...page);
      if (page.length < PAGE_SIZE) return rows;
    }
  }

  private async read<T extends z.ZodType>(call: Call, schema: T): Promise<z.output<T>> {
    return this.circuit.run(call, async () => readAnswer(call, await this.send(call), schema));
  }

  private async command(call: Call): Promise<void> {
    await this.circuit.run(call, async () => {
      requireSuccess(call, await this.send(call));
    });
  }

  private send(call: Call): Promise<EngineResponse> {
    return this.transport.send({ timeoutMs: CALL_TIMEOUT_MS, ...call });
  }
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineResponseError && error.status === 404) return null;
    throw error;
  }
}
