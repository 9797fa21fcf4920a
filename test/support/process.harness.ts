import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import Database from 'better-sqlite3';
import { z } from 'zod';
import {
  type DefinitionVersions,
  EngineConnection,
  EngineTooLateError,
  type EngineDefinition,
  EngineDefinitionsClient,
  EngineDeploymentService,
  EngineBpmnModelsService,
  EngineHistoryClient,
  EngineInstancesClient,
  EngineWaitsClient,
  EngineTasksClient,
  EngineMessagesClient,
  type HistoricActivity,
  type HistoricTypedVariable,
  type Incident,
  OwnBpmnModels,
  type WaitingTask,
} from '../../src/camunda-engine/index.js';
import type { BpmnModel } from '../../src/common/bpmn-model/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../src/common/process-definition/index.js';
import { type Configuration, ConfigurationModule, createConfiguration } from '../../src/config/index.js';
import { DatabaseModule, DatabaseService, WriteQueueService } from '../../src/database/index.js';
import { EventLogModule, EventLogService, type NewEvent } from '../../src/event-log/index.js';
import { LifecycleModule, ShutdownService } from '../../src/lifecycle/index.js';
import { ProcessMessageModule } from '../../src/process-message/index.js';
import {
  type ProcessRecord,
  ProcessStoreModule,
  ProcessStoreService,
} from '../../src/process-store/index.js';
import type { OnCallerGone } from '../../src/process/commands/caller-gone.js';
import { ProcessCancelService } from '../../src/process/commands/process-cancel.service.js';
import { ProcessCompletionService } from '../../src/process/commands/process-completion.service.js';
import { type StartCommand, ProcessStartService } from '../../src/process/commands/process-start.service.js';
import { ProcessDurationService } from '../../src/process/http/process-duration.service.js';
import { ProcessEventsService } from '../../src/process/http/process-events.service.js';
import { ProcessStatusService } from '../../src/process/http/process-status.service.js';
import { type ProcessAnswer, ProcessViewPresenter } from '../../src/process/http/process-view.presenter.js';
import { SeenProcessKeysService } from '../../src/process/launch/seen-process-keys.service.js';
import { StartBacklogService } from '../../src/process/launch/start-backlog.service.js';
import { OutcomeWriter } from '../../src/process/outcome/outcome.writer.js';
import { ProcessOutcomeListener } from '../../src/process/reconcile/process-outcome.listener.js';
import { PROCESS_PROVIDERS } from '../../src/process/process.providers.js';
import { HistoryWatcherService } from '../../src/process/reconcile/history-watcher.service.js';
import { ProcessExpiryService } from '../../src/process/reconcile/process-expiry.service.js';
import { ProcessSweepService } from '../../src/process/reconcile/process-sweep.service.js';
import { ReconcilerService } from '../../src/process/reconcile/reconciler.service.js';
import { WaiterRefreshService } from '../../src/process/reconcile/waiter-refresh.service.js';
import { WaitroomModule, WaitroomService } from '../../src/waitroom/index.js';
import { WAKE_UP_TRANSPORT, WakeUpsModule, WakeUpsService } from '../../src/wake-ups/index.js';
import type { MessageBus } from '../../src/wake-ups/testing/message.bus.js';
import { WorkLeaseModule } from '../../src/work-lease/index.js';
import { holdDatabase, limitWriteWaits } from './held.database.js';

/** A process whose start schema requires a `userId`. */
export const testDefinition: ProcessDefinition = {
  key: 'test',
  steps: ['first', 'last'],
  bpmn: new URL('file:///test.bpmn'),
  startSchema: z.looseObject({ userId: z.string() }),
};

/** An instance of the fake engine. */
export interface FakeInstance {
  readonly id: string;
  readonly businessKey: string;
  readonly processKey: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly superProcessInstanceId?: string;
  state: 'ACTIVE' | 'COMPLETED' | 'EXTERNALLY_TERMINATED';
  endTime: string | null;
}

/** An engine whose answers the tests define; records its calls. */
export class FakeEngine {
  readonly starts: {
    processKey: string;
    businessKey: string;
    tenantId?: string | null;
    definitionId?: string | null;
    variables: Record<string, unknown>;
    notAfter?: number;
  }[] = [];
  /** What the queries for definitions find, latest version first. */
  definitions: EngineDefinition[] = [];
  readonly historic = new Map<string, { rootProcessInstanceId: string }>();
  readonly instances = new Map<string, FakeInstance>();
  readonly deleted: string[] = [];
  incidents: (Pick<Incident, 'id' | 'processInstanceId' | 'incidentTimestamp'> & Partial<Incident>)[] = [];
  /** The open user tasks of every instance. */
  userTasks: WaitingTask[] = [];
  /** Received queries, by name. */
  readonly queries: string[] = [];
  settled = true;
  isAway = false;
  /** Thrown by every call but a start. */
  failure: Error | null = null;
  readonly state = { definitions: {} };
  /** Models by process key. */
  readonly drawn = new Map<string, BpmnModel>();
  readonly models = {
    keys: [testDefinition.key],
    of: (key: string): BpmnModel | null => this.drawn.get(key) ?? null,
  };
  /** The activities of every instance, latest first. */
  latestActivities: HistoricActivity[] = [];
  /** True if the history has the variables of ended instances. */
  keepsVariables = false;
  deployAgain = jest.fn();
  whenDeployed = jest.fn(() => Promise.resolve());
  private readonly recovered: (() => void)[] = [];
  answerStart: () => Promise<{ id: string; ended?: boolean }> = () =>
    Promise.resolve({ id: `instance-${this.starts.length}` });

  async startProcessInstance(start: FakeEngine['starts'][number]): Promise<{ id: string; ended: boolean }> {
    if (performance.now() > (start.notAfter ?? Infinity))
      throw new EngineTooLateError({ method: 'POST', path: '/start' }, 'too late');
    this.starts.push(start);
    const answer = await this.answerStart();
    if (!this.instances.has(answer.id)) this.hold(answer.id, start);
    return { ended: false, ...answer };
  }

  /** Creates an instance as a start does, for a start whose answer is lost. */
  hold(id: string, start: FakeEngine['starts'][number]): void {
    const { businessKey, processKey } = start;
    const variables = Object.fromEntries(
      Object.entries(start.variables).map(([name, typed]) => [
        name,
        typeof typed === 'object' && typed !== null && 'value' in typed ? typed.value : typed,
      ]),
    );
    this.instances.set(id, { id, businessKey, processKey, variables, state: 'ACTIVE', endTime: null });
  }

  /** Ends an instance at a time of the engine's clock. */
  endInstance(id: string, state: FakeInstance['state'], endTime = new Date().toISOString()): void {
    const instance = this.instances.get(id);
    if (instance === undefined) throw new Error(`There is no instance ${id}`);
    Object.assign(instance, { state, endTime });
  }

  recover(): void {
    this.isAway = false;
    this.failure = null;
    for (const listener of this.recovered) listener();
  }

  onRecovered(listener: () => void): void {
    this.recovered.push(listener);
  }

  version(): Promise<string> {
    this.answer('version');
    return Promise.resolve('7.24.0');
  }

  findLatestOfKey(key: string): Promise<EngineDefinition[]> {
    this.answer('findLatestOfKey');
    return Promise.resolve(this.definitions.filter((each) => each.key === key));
  }

  findVersions({ key, tenantId }: DefinitionVersions): Promise<EngineDefinition[]> {
    this.answer('findVersions');
    return Promise.resolve(
      this.definitions.filter((each) => each.key === key && (each.tenantId ?? null) === tenantId),
    );
  }

  async findTagged(versions: DefinitionVersions, versionTag: string): Promise<EngineDefinition | null> {
    return (await this.findVersions(versions)).find((each) => each.versionTag === versionTag) ?? null;
  }

  async findInstances(filter: { businessKey: string; processKey: string }): Promise<unknown[]> {
    this.answer('findInstances');
    return [...this.instances.values()]
      .filter((each) => each.businessKey === filter.businessKey && each.processKey === filter.processKey)
      .map(historic);
  }

  async findRunningRoots(): Promise<unknown[]> {
    this.answer('findRunningRoots');
    return [];
  }

  async getHistoricVariables(id: string): Promise<Readonly<Record<string, unknown>>> {
    this.answer('getHistoricVariables');
    return this.instances.get(id)?.variables ?? {};
  }

  async findVariables(id: string): Promise<HistoricTypedVariable[]> {
    this.answer('findVariables');
    const variables = this.keepsVariables ? (this.instances.get(id)?.variables ?? {}) : {};
    return Object.entries(variables).map(([name, value]) => ({
      name,
      type: 'Json',
      value: JSON.stringify(value),
      processInstanceId: id,
    }));
  }

  async findEndedAmong(ids: readonly string[]): Promise<unknown[]> {
    this.answer('findEndedAmong');
    return ids.flatMap((id) => {
      const instance = this.instances.get(id);
      return instance === undefined || instance.endTime === null ? [] : [historic(instance)];
    });
  }

  async deleteProcessInstance(id: string): Promise<'deleted' | 'gone'> {
    this.answer('deleteProcessInstance');
    const instance = this.instances.get(id);
    if (instance?.state !== 'ACTIVE') return 'gone';
    this.endInstance(id, 'EXTERNALLY_TERMINATED');
    this.deleted.push(id);
    return 'deleted';
  }

  async getHistoricInstance(id: string): Promise<unknown> {
    this.answer('getHistoricInstance');
    const instance = this.instances.get(id);
    return this.historic.get(id) ?? (instance === undefined ? null : historic(instance));
  }

  async findEndedInstances({
    finishedAfter,
    firstResult,
    maxResults,
  }: {
    finishedAfter: string;
    firstResult: number;
    maxResults: number;
  }): Promise<unknown[]> {
    this.answer('findEndedInstances');
    const after = Date.parse(finishedAfter);
    return [...this.instances.values()]
      .filter(({ endTime }) => endTime !== null && Date.parse(endTime) >= after)
      .sort((a, b) => Date.parse(a.endTime ?? '') - Date.parse(b.endTime ?? ''))
      .slice(firstResult, firstResult + maxResults)
      .map(historic);
  }

  async findHistoricInstances(ids: readonly string[]): Promise<unknown[]> {
    this.answer('findHistoricInstances');
    return ids.flatMap((id) => {
      const instance = this.instances.get(id);
      return instance === undefined ? [] : [historic(instance)];
    });
  }

  async findRunningInstances({
    firstResult,
    maxResults,
  }: {
    firstResult: number;
    maxResults: number;
  }): Promise<unknown[]> {
    this.answer('findRunningInstances');
    return [...this.instances.values()]
      .filter(({ state }) => state === 'ACTIVE')
      .slice(firstResult, firstResult + maxResults)
      .map(({ id, businessKey }) => ({ id, definitionId: 'test:1:1', businessKey, suspended: false }));
  }

  async findLastEnd(): Promise<string | null> {
    this.answer('findLastEnd');
    const ends = [...this.instances.values()].flatMap(({ endTime }) => endTime ?? []);
    return ends.sort().at(-1) ?? null;
  }

  async findIncidentsAfter(filter: {
    incidentTimestampAfter: string;
    firstResult: number;
    maxResults: number;
  }): Promise<unknown[]> {
    this.answer('findIncidentsAfter');
    const after = Date.parse(filter.incidentTimestampAfter);
    return this.incidents
      .filter(({ incidentTimestamp }) => Date.parse(incidentTimestamp) > after)
      .sort((a, b) => Date.parse(a.incidentTimestamp) - Date.parse(b.incidentTimestamp))
      .slice(filter.firstResult, filter.firstResult + filter.maxResults);
  }

  async getProcessInstance(id: string): Promise<unknown> {
    this.answer('getProcessInstance');
    const instance = this.instances.get(id);
    return instance?.state === 'ACTIVE' ? { id, businessKey: instance.businessKey } : null;
  }

  async findIncidents(filter: { processInstanceId?: string }): Promise<unknown[]> {
    this.answer('findIncidents');
    return this.incidents.filter(
      ({ processInstanceId }) => (filter.processInstanceId ?? processInstanceId) === processInstanceId,
    );
  }

  async findRunning(): Promise<unknown[]> {
    this.answer('findRunning');
    return [];
  }

  async findCalledInstances(): Promise<unknown[]> {
    this.answer('findCalledInstances');
    return [];
  }

  async findUserTasks(): Promise<WaitingTask[]> {
    this.answer('findUserTasks');
    return this.userTasks;
  }

  async findMessageSubscriptions(): Promise<unknown[]> {
    this.answer('findMessageSubscriptions');
    return [];
  }

  async findTimers(): Promise<unknown[]> {
    this.answer('findTimers');
    return [];
  }

  async findExternalTasks(): Promise<unknown[]> {
    this.answer('findExternalTasks');
    return [];
  }

  async findIncidentsOf(processInstanceId: string): Promise<unknown[]> {
    return this.findIncidents({ processInstanceId });
  }

  async findLatestActivities(): Promise<HistoricActivity[]> {
    this.answer('findLatestActivities');
    return this.latestActivities;
  }

  isSettled(): boolean {
    return this.settled;
  }

  private answer(query: string): void {
    this.queries.push(query);
    if (this.failure !== null) throw this.failure;
  }
}

function historic(instance: FakeInstance): unknown {
  const { id, businessKey, processKey, superProcessInstanceId = null, state, endTime } = instance;
  return {
    id,
    businessKey,
    processDefinitionId: `${processKey}:1:1`,
    processDefinitionKey: processKey,
    startTime: '2026-01-01T00:00:00.000+0000',
    endTime,
    rootProcessInstanceId: superProcessInstanceId ?? id,
    superProcessInstanceId,
    state,
  };
}

/** The services of `process/` over a real store in a temporary folder and a {@link FakeEngine}. */
export class ProcessHarness {
  private constructor(
    private readonly module: TestingModule,
    readonly dataDir: string,
    readonly engine: FakeEngine,
  ) {}

  /** @param first the instance whose database, write queue and engine the new one shares, with a Map of its own @param bus carries hints between instances */
  static async open(
    variables: Record<string, string> = {},
    dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-process-')),
    first?: ProcessHarness,
    bus?: MessageBus,
  ): Promise<ProcessHarness> {
    const engine = first?.engine ?? new FakeEngine();
    const configuration: Configuration = createConfiguration({
      DATA_DIR: dataDir,
      SYNC_TIMEOUT_MS: '5000',
      START_ACK_TIMEOUT_MS: '50',
      ...variables,
    });

    @Global()
    @Module({
      providers: [{ provide: PROCESS_DEFINITIONS, useValue: [testDefinition] }],
      exports: [PROCESS_DEFINITIONS],
    })
    class DefinitionsModule {}

    const builder = Test.createTestingModule({
      imports: [
        ConfigurationModule.forRoot(configuration),
        LifecycleModule,
        DefinitionsModule,
        DatabaseModule,
        ProcessStoreModule,
        ProcessMessageModule,
        EventLogModule,
        WaitroomModule,
        WakeUpsModule,
        WorkLeaseModule,
      ],
      providers: [
        { provide: EngineConnection, useValue: engine },
        { provide: EngineInstancesClient, useValue: engine },
        { provide: EngineHistoryClient, useValue: engine },
        { provide: EngineWaitsClient, useValue: engine },
        { provide: EngineTasksClient, useValue: engine },
        { provide: EngineMessagesClient, useValue: engine },
        { provide: EngineDefinitionsClient, useValue: engine },
        { provide: EngineBpmnModelsService, useValue: { of: async () => null } },
        { provide: EngineDeploymentService, useValue: engine },
        // The file of the test's definition does not exist; a test sets the models.
        { provide: OwnBpmnModels, useValue: engine.models },
        ...PROCESS_PROVIDERS,
      ],
    }).setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined });
    if (first !== undefined) shareDatabase(builder, first.module);
    if (bus !== undefined) builder.overrideProvider(WAKE_UP_TRANSPORT).useValue(bus.transport());
    const module = await builder.compile();
    await module.init();
    return new ProcessHarness(module, dataDir, engine);
  }

  get backlog(): StartBacklogService {
    return this.module.get(StartBacklogService);
  }

  get starts(): ProcessStartService {
    return this.module.get(ProcessStartService);
  }

  get statuses(): ProcessStatusService {
    return this.module.get(ProcessStatusService);
  }

  get trails(): ProcessEventsService {
    return this.module.get(ProcessEventsService);
  }

  get durations(): ProcessDurationService {
    return this.module.get(ProcessDurationService);
  }

  get completions(): ProcessCompletionService {
    return this.module.get(ProcessCompletionService);
  }

  get listener(): ProcessOutcomeListener {
    return this.module.get(ProcessOutcomeListener);
  }

  get presenter(): ProcessViewPresenter {
    return this.module.get(ProcessViewPresenter);
  }

  get cancels(): ProcessCancelService {
    return this.module.get(ProcessCancelService);
  }

  get outcomes(): OutcomeWriter {
    return this.module.get(OutcomeWriter);
  }

  get keys(): SeenProcessKeysService {
    return this.module.get(SeenProcessKeysService);
  }

  get watcher(): HistoryWatcherService {
    return this.module.get(HistoryWatcherService);
  }

  get sweep(): ProcessSweepService {
    return this.module.get(ProcessSweepService);
  }

  get expiry(): ProcessExpiryService {
    return this.module.get(ProcessExpiryService);
  }

  get waiterRefresh(): WaiterRefreshService {
    return this.module.get(WaiterRefreshService);
  }

  get wakeUps(): WakeUpsService {
    return this.module.get(WakeUpsService, { strict: false });
  }

  get reconciler(): ReconcilerService {
    return this.module.get(ReconcilerService);
  }

  get store(): ProcessStoreService {
    return this.module.get(ProcessStoreService);
  }

  get database(): DatabaseService {
    return this.module.get(DatabaseService);
  }

  get events(): EventLogService {
    return this.module.get(EventLogService);
  }

  get waitroom(): WaitroomService {
    return this.module.get(WaitroomService);
  }

  get shutdown(): ShutdownService {
    return this.module.get(ShutdownService);
  }

  /** Starts a process; the answer, or the problem that it throws, is that of the route. */
  async start(start: StartCommand, onCallerGone: OnCallerGone = () => undefined): Promise<ProcessAnswer> {
    return this.presenter.start(await this.starts.start(start, onCallerGone), start.processKey);
  }

  /** Cancels a process; the answer, or the problem that it throws, is that of the route. */
  async cancel(correlationId: string, reason?: string): Promise<ProcessAnswer> {
    return this.presenter.cancel(await this.cancels.cancel(correlationId, reason), correlationId);
  }

  /** Claims an id for the process `test`, whose traceability id is then `trace-<id>`. */
  async claim(
    correlationId: string,
    changes: Partial<Parameters<ProcessStoreService['claim']>[0]> = {},
  ): Promise<ProcessRecord> {
    const { record } = await this.store.claim({
      correlationId,
      processKey: 'test',
      variables: '{}',
      requestHash: 'hash',
      claimId: `claim-${correlationId}`,
      batchId: 'batch',
      traceabilityId: `trace-${correlationId}`,
      applicationId: 'application',
      startOwner: 'me',
      leaseMs: 15_000,
      ...changes,
    });
    return record;
  }

  /** A second instance of the service beside this one, over the same database; close it first. */
  async beside(variables: Record<string, string> = {}, bus?: MessageBus): Promise<ProcessHarness> {
    const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-process-'));
    return ProcessHarness.open(variables, dataDir, this, bus);
  }

  /** The status of a row in the file, as another connection sees it; undefined if no row is committed. */
  committedStatus(correlationId: string): string | undefined {
    const other = new Database(join(this.dataDir, 'fastify-camunda.sqlite'), { readonly: true });
    const statement = other.prepare<[string], { status: string }>(
      'SELECT status FROM process_store WHERE correlation_id = ?',
    );
    const row = statement.get(correlationId);
    other.close();
    return row?.status;
  }

  /**
   * Blocks every write to the database until the returned function is called; resolves once the store knows it.
   *
   * @param options.writeWaitMs `WRITE_WAIT_MS` meanwhile
   */
  async holdDatabase(options: { writeWaitMs?: number } = {}): Promise<() => void> {
    const release = await holdDatabase(this.dataDir);
    void this.events.logEvent(probeEvent());
    while (this.store.isWritable) await new Promise(setImmediate);
    const restore = options.writeWaitMs === undefined ? undefined : this.limitWriteWaits(options.writeWaitMs);
    return () => {
      restore?.();
      release();
    };
  }

  /** Changes `WRITE_WAIT_MS` of the running service; the returned function restores it. */
  limitWriteWaits(ms: number): () => void {
    return limitWriteWaits(this.module, ms);
  }

  /** Another run of the service on the same database. */
  async reopen(variables: Record<string, string> = {}): Promise<ProcessHarness> {
    await this.module.close();
    return ProcessHarness.open(variables, this.dataDir);
  }

  async close(): Promise<void> {
    await this.module.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Gives a second instance the writer of the first. Its Map may then be stale, as with a shared database. */
function shareDatabase(builder: TestingModuleBuilder, first: TestingModule): void {
  const database = first.get(DatabaseService, { strict: false });
  const shared = Object.create(database, {
    dialect: { value: { ...database.dialect, exclusive: false } },
  }) as DatabaseService;
  builder.overrideProvider(DatabaseService).useValue(shared);
  builder.overrideProvider(WriteQueueService).useValue(first.get(WriteQueueService, { strict: false }));
}

/** An event whose write shows that the database is blocked. */
export function probeEvent(): NewEvent {
  return {
    correlationId: 'probe',
    stepName: 'probe',
    step: 0,
    status: 'ok',
    batchId: null,
    traceabilityId: null,
    applicationId: null,
    targetSystem: 'CamundaEngine',
    originatingSystem: 'FastifyAPI',
    processName: null,
  };
}
