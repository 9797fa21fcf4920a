import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { EngineConnection, nullIfNotFound, PAGE_SIZE } from './engine.connection.js';
import {
  externalTaskSchema,
  type Incident,
  incidentSchema,
  type LockedExternalTask,
  type ProcessInstance,
  processInstanceSchema,
  type StartedInstance,
  startedInstanceSchema,
} from './engine.schemas.js';
import type { TypedVariables } from './typed-variables.mapper.js';

/**
 * Running process instances, their incidents and external tasks, over the Camunda 7 REST API.
 *
 * Every operation throws an `EngineCallError`, as {@link EngineConnection} describes.
 */
@Injectable()
export class EngineInstancesClient {
  constructor(
    private readonly connection: EngineConnection,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
  ) {}

  /**
   * Starts the latest version of a definition, or the version with an id; within `CAMUNDA_START_TIMEOUT_MS`.
   *
   * @param start `tenantId`: null for the definition without tenant. `definitionId`: null for the latest version.
   *   `startEventId`: null for the start event of a start by key. `notAfter`: time of `performance.now()` after which
   *   nothing may be sent
   * @throws EngineTooLateError after `notAfter`
   */
  startProcessInstance(start: {
    readonly processKey: string;
    readonly tenantId?: string | null;
    readonly definitionId?: string | null;
    readonly startEventId?: string | null;
    readonly businessKey: string;
    readonly variables: TypedVariables;
    readonly signal?: AbortSignal;
    readonly notAfter?: number;
  }): Promise<StartedInstance> {
    const { businessKey, variables, startEventId = null } = start;
    const startInstructions =
      startEventId === null ? undefined : [{ type: 'startBeforeActivity', activityId: startEventId }];
    return this.connection.read(
      {
        method: 'POST',
        path: `/process-definition/${pathOf(start)}/start`,
        json: { businessKey, variables, ...(startInstructions === undefined ? {} : { startInstructions }) },
        timeoutMs: this.config.startTimeoutMs,
        signal: start.signal,
        notAfter: start.notAfter,
      },
      startedInstanceSchema,
    );
  }

  /** A running instance; null if it has ended or never existed. */
  async getProcessInstance(id: string): Promise<ProcessInstance | null> {
    return nullIfNotFound(
      this.connection.read(
        { method: 'GET', path: `/process-instance/${encodeURIComponent(id)}` },
        processInstanceSchema,
      ),
    );
  }

  /** Deletes a running instance, without output mappings, which would fail on unset variables; `gone` if it does not exist. */
  async deleteProcessInstance(id: string): Promise<'deleted' | 'gone'> {
    const deleted = this.connection.command({
      method: 'DELETE',
      path: `/process-instance/${encodeURIComponent(id)}`,
      query: { skipIoMappings: true },
    });
    return (await nullIfNotFound(deleted.then(() => true))) === null ? 'gone' : 'deleted';
  }

  /** Running root instances of a definition with a business key, from the runtime, not the history. */
  findRunningRoots(filter: {
    readonly businessKey: string;
    readonly processKey: string;
    readonly traceabilityId: string;
  }): Promise<ProcessInstance[]> {
    return this.connection.read(
      {
        method: 'POST',
        path: '/process-instance',
        query: { maxResults: PAGE_SIZE },
        json: {
          businessKey: filter.businessKey,
          processDefinitionKey: filter.processKey,
          // In the body, because a query parameter cannot hold a name with an underscore.
          variables: [{ name: 'traceability_id', operator: 'eq', value: filter.traceabilityId }],
          rootProcessInstances: true,
        },
      },
      z.array(processInstanceSchema),
    );
  }

  /** Running root instances of definitions, one page of at most `maxResults` from `firstResult` on. */
  findRunningInstances(filter: {
    readonly processKeys: readonly string[];
    readonly firstResult: number;
    readonly maxResults: number;
  }): Promise<ProcessInstance[]> {
    const { processKeys, ...page } = filter;
    return this.connection.read(
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
    return this.connection.read(
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

  /** External tasks that a worker has locked; without an id those of all workers. */
  findLockedTasks(workerId?: string): Promise<LockedExternalTask[]> {
    return this.connection.readPages('/external-task', externalTaskSchema, { workerId, locked: true });
  }

  /** Unlocks a task for all workers; a task that no longer exists is not an error. */
  async unlockTask(taskId: string): Promise<void> {
    await nullIfNotFound(
      this.connection.command({
        method: 'POST',
        path: `/external-task/${encodeURIComponent(taskId)}/unlock`,
        json: {},
      }),
    );
  }

  /** Sets local variables of an execution; works for a suspended instance too. */
  async setLocalVariables(executionId: string, variables: TypedVariables): Promise<void> {
    await this.connection.command({
      method: 'POST',
      path: `/execution/${encodeURIComponent(executionId)}/localVariables`,
      json: { modifications: variables },
    });
  }
}

function pathOf({
  processKey,
  tenantId = null,
  definitionId = null,
}: {
  readonly processKey: string;
  readonly tenantId?: string | null;
  readonly definitionId?: string | null;
}): string {
  if (definitionId !== null) return encodeURIComponent(definitionId);
  const byKey = `key/${encodeURIComponent(processKey)}`;
  return tenantId === null ? byKey : `${byKey}/tenant-id/${encodeURIComponent(tenantId)}`;
}
