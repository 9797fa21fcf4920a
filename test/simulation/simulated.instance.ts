import {
  type EngineConnection,
  type EngineDefinitionsClient,
  type EngineDeploymentService,
  type EngineBpmnModelsService,
  type EngineHistoryClient,
  type EngineInstancesClient,
  OwnBpmnModels,
} from '../../src/camunda-engine/index.js';
import { type Configuration, createConfiguration } from '../../src/config/index.js';
import {
  DatabaseService,
  type SqlExecutor,
  type WriteKind,
  type WriteOptions,
  WriteQueueService,
} from '../../src/database/index.js';
import type {
  EventLogService,
  EventPage,
  EventPageQuery,
  EventSlice,
  NewEvent,
  StepAttempt,
  StoredEvent,
} from '../../src/event-log/index.js';
import { ShutdownService } from '../../src/lifecycle/index.js';
import { ProcessStoreService } from '../../src/process-store/index.js';
import type { ProcessStartRepository } from '../../src/process-store/process-start.repository.js';
import type { ProcessStoreRepository } from '../../src/process-store/process-store.repository.js';
import type { OnCallerGone } from '../../src/process/commands/caller-gone.js';
import { AccessibleProcessFinder } from '../../src/process/commands/accessible-process.finder.js';
import { ProcessCancelService } from '../../src/process/commands/process-cancel.service.js';
import { ProcessCompletionService } from '../../src/process/commands/process-completion.service.js';
import { type StartCommand, ProcessStartService } from '../../src/process/commands/process-start.service.js';
import { ProcessDurationService } from '../../src/process/http/process-duration.service.js';
import { type ProcessAnswer, ProcessViewPresenter } from '../../src/process/http/process-view.presenter.js';
import { LeaseOwner } from '../../src/process/launch/lease-owner.js';
import type { MessageStartFinder } from '../../src/process/launch/message-start.finder.js';
import { SeenProcessKeysService } from '../../src/process/launch/seen-process-keys.service.js';
import { StartAttemptService } from '../../src/process/launch/start-attempt.service.js';
import { StartBacklogService } from '../../src/process/launch/start-backlog.service.js';
import { StartDefinitionService } from '../../src/process/launch/start-definition.service.js';
import { StartLauncherService } from '../../src/process/launch/start-launcher.service.js';
import { OutcomeWaitService } from '../../src/process/outcome/outcome-wait.service.js';
import { OutcomeWriter } from '../../src/process/outcome/outcome.writer.js';
import { ProcessOutcomeListener } from '../../src/process/reconcile/process-outcome.listener.js';
import { ProcessTrailService } from '../../src/process/outcome/process-trail.service.js';
import { SurplusInstanceRemover } from '../../src/process/outcome/surplus-instance.remover.js';
import { EndDescriptionService } from '../../src/process/reconcile/end-description.service.js';
import type { AwaitedEndWatcherService } from '../../src/process/reconcile/awaited-end-watcher.service.js';
import { EndedInstanceService } from '../../src/process/reconcile/ended-instance.service.js';
import { EngineStepsService } from '../../src/process/result/engine-steps.service.js';
import type { EarlyAnswerService } from '../../src/process/waiting/early-answer.service.js';
import type { WaitingForService } from '../../src/process/waiting/waiting-for.service.js';
import { InstanceResultService } from '../../src/process/result/instance-result.service.js';
import { HistoryWatcherService } from '../../src/process/reconcile/history-watcher.service.js';
import { InstanceFinderService } from '../../src/process/reconcile/instance-finder.service.js';
import { ProcessSweepService } from '../../src/process/reconcile/process-sweep.service.js';
import { ProcessTerminationService } from '../../src/process/reconcile/process-termination.service.js';
import { ReconcilerService } from '../../src/process/reconcile/reconciler.service.js';
import { WaiterRefreshService } from '../../src/process/reconcile/waiter-refresh.service.js';
import { WaitroomService } from '../../src/waitroom/index.js';
import type { WorkLeaseRepository } from '../../src/work-lease/work-lease.repository.js';
import { WorkLeaseService } from '../../src/work-lease/work-lease.service.js';
import { testDefinition } from '../support/process.harness.js';
import { MemoryRepository, type MemoryTable, type Reader } from './memory.repository.js';
import { type SimulatedEngine, SimulatedEngineClient } from './simulated.engine.js';
import type { VirtualWorld } from './virtual.world.js';

/** The times of the service, shortened so that a run covers all of them. */
export const CONFIGURATION: Configuration = createConfiguration({
  CAMUNDA_BASE_URL: 'http://127.0.0.1:1/engine-rest',
  CAMUNDA_DEPLOY: 'off',
  CAMUNDA_START_TIMEOUT_MS: '1500',
  START_LEASE_MS: '2000',
  START_SETTLE_MS: '3000',
  START_ACK_TIMEOUT_MS: '50',
  START_MAX_ATTEMPTS: '2',
  SYNC_TIMEOUT_MS: '3000',
});

/** Longest time of a read or commit on the disk, and of its acknowledgement, in ms. */
const DISK_MS = 20;
const ANSWER_MS = 5;

/** What survives a crash: the rows, the trail and the engine. */
export interface DurableWorld {
  readonly world: VirtualWorld;
  readonly table: MemoryTable;
  readonly trail: Map<string, StoredEvent[]>;
  readonly engine: SimulatedEngine;
}

/** The parts of an instance that a mutant of it may replace. */
export interface MutableParts {
  readonly store: ProcessStoreService;
  readonly waitroom: WaitroomService;
  readonly launcher: StartLauncherService;
}

/** Makes a deliberate fault in the shipped services. */
export interface Mutant {
  /** Replaces the parts of the start service. */
  readonly partsOfStart?: (parts: MutableParts) => MutableParts;
  /** Replaces the store of the completion service. */
  readonly storeOfCompletion?: (parts: MutableParts) => ProcessStoreService;
  /** True if the awaited rows are not refreshed and hints between instances are lost. */
  readonly looksOff?: boolean;
}

/** One run of the service: the shipped services over the durable state, until it crashes. */
export class SimulatedInstance {
  readonly waitroom: WaitroomService;
  readonly store: ProcessStoreService;
  readonly presenter: ProcessViewPresenter;
  readonly starts: ProcessStartService;
  readonly completions: ProcessCompletionService;
  readonly cancels: ProcessCancelService;
  readonly listener: ProcessOutcomeListener;
  readonly waiterRefresh: WaiterRefreshService;
  readonly reconciler: ReconcilerService;
  readonly watcher: HistoryWatcherService;
  readonly sweep: ProcessSweepService;
  /** When this instance learned that its own commit had ended a process, in ms, by id. */
  readonly endsKnownAt = new Map<string, number>();
  /** Number of unfinished reads and commits. */
  diskInUse = 0;
  private alive = true;
  private readonly world: VirtualWorld;
  private written: string[] | null = null;

  /**
   * @param exclusive true if it is the only writer of the table
   */
  constructor(
    durable: DurableWorld,
    readonly name: string,
    exclusive: boolean,
    mutant: Mutant,
  ) {
    this.world = durable.world;
    const { process, camunda, wait, http, database: databaseConfig } = CONFIGURATION;
    const shutdown = new ShutdownService(CONFIGURATION.shutdown);
    durable.table.observe((row, before) => {
      if (before?.status === 'pending' && row.status !== 'pending') this.written?.push(row.correlationId);
    });
    const connection = { transaction: this.transaction, dialect: { errorKind: () => 'content' } };
    const queue = new WriteQueueService(connection as never, databaseConfig, shutdown);
    const memory: unknown = new MemoryRepository(durable.table, this.read);
    const repository = memory as ProcessStoreRepository;
    const starts = memory as ProcessStartRepository;
    const database = {
      dialect: { exclusive },
      takeSoleUse: () => exclusive,
      now: () => new Date(),
    } as unknown as DatabaseService;
    const store = new ProcessStoreService(repository, starts, queue, database, databaseConfig, shutdown);
    const events = new MemoryTrail(queue, durable.trail, this.read) as unknown as EventLogService;
    const client = new SimulatedEngineClient(durable.engine, () => this.alive);
    const engine = client as unknown as EngineConnection;
    const engineInstances = client as unknown as EngineInstancesClient;
    const engineHistory = client as unknown as EngineHistoryClient;
    const deployment = client as unknown as EngineDeploymentService;
    const models = new OwnBpmnModels([testDefinition]);
    const waitroom = new WaitroomService(wait, shutdown);
    const trail = new ProcessTrailService(events);
    const waits = new OutcomeWaitService(waitroom, store);
    const outcomes = new OutcomeWriter(store, waitroom, trail);
    this.presenter = new ProcessViewPresenter(new ProcessDurationService(waits), http);
    const surplus = new SurplusInstanceRemover(store, engineInstances, trail);
    const termination = new ProcessTerminationService(outcomes, engineInstances, trail);
    const owner = new LeaseOwner();
    const backlog = new StartBacklogService(store, process);
    const keys = new SeenProcessKeysService();
    const engineModels = { of: async () => null } as unknown as EngineBpmnModelsService;
    // Each instance watches the engine, as after a take-over that the other one does not know of yet.
    const leases = new WorkLeaseService({ isSoleUser: true } as WorkLeaseRepository, shutdown);
    const results = new InstanceResultService(engineHistory, engineModels, [testDefinition]);
    const descriptions = new EndDescriptionService(engineHistory, models);
    const endedInstances = new EndedInstanceService(
      store,
      outcomes,
      termination,
      results,
      new EngineStepsService(trail),
      descriptions,
    );
    this.watcher = new HistoryWatcherService(
      store,
      engineInstances,
      engineHistory,
      termination,
      descriptions,
      results,
      endedInstances,
      keys,
      leases,
      shutdown,
    );
    const attempts = new StartAttemptService(
      store,
      outcomes,
      engine,
      engineInstances,
      // No simulated start names a version tag, and the engine has each definition without tenant.
      new StartDefinitionService(engine as unknown as EngineDefinitionsClient),
      deployment,
      models,
      trail,
      surplus,
      backlog,
      keys,
      process,
      camunda,
      { find: async () => null } as unknown as MessageStartFinder,
    );
    const launcher = new StartLauncherService(attempts, process, shutdown);
    this.reconciler = new ReconcilerService(
      store,
      engine,
      new InstanceFinderService(engineInstances, engineHistory),
      surplus,
      launcher,
      termination,
      trail,
      backlog,
      this.watcher,
      owner,
      process,
      camunda,
      shutdown,
    );
    const parts = { store, waitroom, launcher };
    const ofStart = mutant.partsOfStart?.(parts) ?? parts;
    this.starts = new ProcessStartService(
      ofStart.store,
      new OutcomeWaitService(ofStart.waitroom, ofStart.store),
      ofStart.launcher,
      // No simulated process waits for something outside.
      { watch: () => ({ found: null, stop: () => undefined }) } as unknown as EarlyAnswerService,
      { peek: () => null } as unknown as WaitingForService,
      // No simulated instance ends inside its start call.
      { settleNow: () => undefined } as unknown as AwaitedEndWatcherService,
      backlog,
      owner,
      shutdown,
      wait,
      process,
      [testDefinition],
    );
    const storeOfCompletion = mutant.storeOfCompletion?.(parts) ?? store;
    const outcomesOfCompletion = new OutcomeWriter(storeOfCompletion, waitroom, trail);
    const finder = new AccessibleProcessFinder(store);
    this.completions = new ProcessCompletionService(
      outcomesOfCompletion,
      finder,
      trail,
      engineHistory,
      process,
    );
    this.cancels = new ProcessCancelService(store, finder, termination, launcher, trail, process);
    this.listener = new ProcessOutcomeListener(outcomes, store, waits, results, endedInstances);
    this.waiterRefresh = new WaiterRefreshService(store, waits, outcomes, shutdown);
    this.sweep = new ProcessSweepService(
      store,
      engineInstances,
      engineHistory,
      this.watcher,
      keys,
      surplus,
      leases,
      shutdown,
    );
    this.store = store;
    this.waitroom = waitroom;
  }

  get isAlive(): boolean {
    return this.alive;
  }

  /** Starts a process, and answers as its route does. */
  async start(start: StartCommand, onCallerGone: OnCallerGone): Promise<ProcessAnswer> {
    return this.presenter.start(await this.starts.start(start, onCallerGone), start.processKey);
  }

  /** Cancels a process, and answers as its route does. */
  async cancel(correlationId: string): Promise<ProcessAnswer> {
    return this.presenter.cancel(await this.cancels.cancel(correlationId), correlationId);
  }

  /** Does what a boot does once. */
  boot(): void {
    void this.reconciler.onApplicationBootstrap();
    void this.sweep.sweepNow();
  }

  /** Ends it at once: its memory is lost, and nothing reaches or leaves it any more. */
  crash(): void {
    this.alive = false;
    this.waitroom.clearAll();
  }

  /** One transaction is one step; its writer learns of it in a later step, and never if it crashes in between. */
  private readonly transaction = <T>(work: (sql: SqlExecutor) => Promise<T>): Promise<T> => {
    const { world } = this;
    this.diskInUse += 1;
    return new Promise((resolve) => {
      this.laterAlive(world.chance.below(DISK_MS), () => {
        const ended: string[] = [];
        this.written = ended;
        // No statement of the repository waits, so all work is done when this returns.
        const done = work(NO_SQL);
        this.written = null;
        this.laterAlive(world.chance.below(ANSWER_MS), () => {
          this.diskInUse -= 1;
          for (const id of ended) this.endsKnownAt.set(id, world.now);
          resolve(done);
        });
      });
    });
  };

  /** A read takes its result in one step, and returns it in a later step. */
  private readonly read: Reader = (query) => {
    const { world } = this;
    this.diskInUse += 1;
    return new Promise((resolve) => {
      this.laterAlive(world.chance.below(DISK_MS), () => {
        const found = query();
        this.laterAlive(world.chance.below(ANSWER_MS), () => {
          this.diskInUse -= 1;
          resolve(found);
        });
      });
    });
  };

  private laterAlive(ms: number, run: () => void): void {
    this.world.later(ms, () => {
      if (this.alive) run();
    });
  }
}

/** The repository has no SQL; its statements change the table when they are called. */
const NO_SQL: SqlExecutor = {
  together: true,
  query: noSql,
  execute: noSql,
  queryOr: noSql,
};

function noSql(): never {
  throw new Error('The rows in memory take no SQL.');
}

/** The trail in memory; written by the same queue as the rows, and as durable. */
class MemoryTrail implements Pick<EventLogService, 'logEvent' | 'findEvents' | 'findPage' | 'findAttempts'> {
  private readonly kind: WriteKind<NewEvent, void> = {
    name: 'event_log',
    oneMessage: true,
    write: (_sql, events) =>
      Promise.resolve(
        events.map((event) => {
          this.append(event);
        }),
      ),
  };

  constructor(
    private readonly queue: WriteQueueService,
    private readonly trails: Map<string, StoredEvent[]>,
    private readonly read: Reader,
  ) {}

  async logEvent(event: NewEvent, options: WriteOptions = {}): Promise<void> {
    const { correlationId } = event;
    await this.queue.enqueue(this.kind, { correlationId, bytes: 1, item: event }, options);
  }

  findEvents(correlationId: string, { after = 0, limit = 100 }: EventPage = {}): Promise<StoredEvent[]> {
    return this.read(() => this.trailOf(correlationId).slice(after, after + limit));
  }

  async findPage(correlationId: string, { after, limit }: EventPageQuery): Promise<EventSlice> {
    const events = await this.findEvents(correlationId, { after, limit });
    return { events, nextAfter: events.length === limit ? (events.at(-1)?.seq ?? null) : null };
  }

  findAttempts(correlationId: string, stepName: string): Promise<StepAttempt[]> {
    return this.read(() =>
      this.trailOf(correlationId)
        .filter((event) => event.stepName === stepName)
        .reverse(),
    );
  }

  private append(event: NewEvent): void {
    const trail = this.trailOf(event.correlationId);
    this.trails.set(event.correlationId, trail);
    const { stepName, status, errorMessage = null, metadata = null, createdAt = new Date() } = event;
    const seq = trail.length + 1;
    trail.push({ seq, stepName, status, errorMessage, metadata, createdAt } as StoredEvent);
  }

  private trailOf(correlationId: string): StoredEvent[] {
    return this.trails.get(correlationId) ?? [];
  }
}
