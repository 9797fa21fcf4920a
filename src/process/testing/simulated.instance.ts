import {
  type CamundaEngineClient,
  type EngineDeploymentService,
  ProcessDrawings,
} from '../../camunda-engine/index.js';
import { type Configuration, createConfiguration } from '../../config/index.js';
import {
  DatabaseService,
  type SqlExecutor,
  type WriteKind,
  type WriteOptions,
  WriteQueueService,
} from '../../database/index.js';
import type {
  EventLogService,
  EventPage,
  EventPageQuery,
  EventSlice,
  NewEvent,
  StepAttempt,
  StoredEvent,
} from '../../event-log/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { ProcessStoreService } from '../../process-store/index.js';
import type { ProcessStoreRepository } from '../../process-store/process-store.repository.js';
import { WaitroomService } from '../../waitroom/index.js';
import { AwaitedLookService } from '../end/awaited-look.service.js';
import { EndWords } from '../end/end-words.service.js';
import { EndWatcherService } from '../end/end-watcher.service.js';
import { InstanceOwner } from '../instances/instance-owner.js';
import { OwnInstances } from '../instances/own-instances.service.js';
import { ProcessCancelService } from '../end/process-cancel.service.js';
import { ProcessCompletionService } from '../end/process-completion.service.js';
import { ProcessDurationService } from '../answer/process-duration.service.js';
import { ProcessEnder } from '../end/process-ender.service.js';
import { ProcessOutcomeListener } from '../end/process-outcome.listener.js';
import { ProcessStartService } from '../start/process-start.service.js';
import { ProcessSweepService } from '../end/process-sweep.service.js';
import { ProcessTrail } from '../process-trail.service.js';
import { ProcessViewPresenter } from '../answer/process-view.presenter.js';
import { StartAttemptService } from '../start/start-attempt.service.js';
import { StartBacklog } from '../start/start-backlog.service.js';
import { StartLauncherService } from '../start/start-launcher.service.js';
import { StartResolverService } from '../start/start-resolver.service.js';
import { SurplusInstances } from '../instances/surplus-instances.service.js';
import { MemoryRepository, type MemoryTable, type Reader } from './memory.repository.js';
import { testDefinition } from './process.harness.js';
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

/** The longest that the disk takes to read or to commit, in ms, and to say so. */
const DISK_MS = 20;
const ANSWER_MS = 5;

/** What outlives a crash: the rows, the trail and the engine. */
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

/** A service with a fault on purpose, made around the shipped one. */
export interface Mutant {
  /** What the start service gets in place of the real parts. */
  readonly partsOfStart?: (parts: MutableParts) => MutableParts;
  /** What the completion service gets in place of the real store. */
  readonly storeOfCompletion?: (parts: MutableParts) => ProcessStoreService;
  /** True where nobody looks at the awaited rows, and hints between instances are lost. */
  readonly looksOff?: boolean;
}

/** One run of the service: the shipped services over what is durable, until it crashes. */
export class SimulatedInstance {
  readonly waitroom: WaitroomService;
  readonly store: ProcessStoreService;
  readonly starts: ProcessStartService;
  readonly completions: ProcessCompletionService;
  readonly cancels: ProcessCancelService;
  readonly listener: ProcessOutcomeListener;
  readonly awaitedLook: AwaitedLookService;
  readonly resolver: StartResolverService;
  readonly watcher: EndWatcherService;
  readonly sweep: ProcessSweepService;
  /** When this instance learned that a commit of its own had ended a process, in ms, by id. */
  readonly endsKnownAt = new Map<string, number>();
  /** Reads and commits that have not come back. */
  diskInUse = 0;
  private alive = true;
  private readonly world: VirtualWorld;
  private written: string[] | null = null;

  /**
   * @param exclusive true where it is the only one that writes to the table
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
    const repository = new MemoryRepository(durable.table, this.read) as unknown as ProcessStoreRepository;
    const database = { dialect: { exclusive }, takeSoleUse: () => exclusive } as unknown as DatabaseService;
    const store = new ProcessStoreService(repository, queue, database, databaseConfig, shutdown);
    const events = new MemoryTrail(queue, durable.trail, this.read) as unknown as EventLogService;
    const client = new SimulatedEngineClient(durable.engine, () => this.alive);
    const engine = client as unknown as CamundaEngineClient;
    const deployment = client as unknown as EngineDeploymentService;
    const drawings = new ProcessDrawings([testDefinition]);
    const waitroom = new WaitroomService(wait, shutdown);
    const trail = new ProcessTrail(events);
    const presenter = new ProcessViewPresenter(new ProcessDurationService(waitroom), http);
    const surplus = new SurplusInstances(store, engine, trail);
    const ender = new ProcessEnder(store, waitroom, engine, trail);
    const owner = new InstanceOwner();
    const backlog = new StartBacklog(store, process);
    this.watcher = new EndWatcherService(store, engine, ender, new EndWords(engine, drawings), shutdown);
    const attempts = new StartAttemptService(
      store,
      waitroom,
      engine,
      deployment,
      drawings,
      trail,
      surplus,
      backlog,
      this.watcher,
      process,
      camunda,
    );
    const launcher = new StartLauncherService(attempts, process, shutdown);
    this.resolver = new StartResolverService(
      store,
      engine,
      new OwnInstances(engine),
      surplus,
      launcher,
      ender,
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
      ofStart.waitroom,
      ofStart.launcher,
      presenter,
      backlog,
      owner,
      shutdown,
      wait,
      process,
      [testDefinition],
    );
    const storeOfCompletion = mutant.storeOfCompletion?.(parts) ?? store;
    this.completions = new ProcessCompletionService(storeOfCompletion, waitroom, trail, engine, process);
    this.cancels = new ProcessCancelService(store, ender, launcher, trail, presenter, process);
    this.listener = new ProcessOutcomeListener(store, waitroom);
    this.awaitedLook = new AwaitedLookService(store, waitroom, shutdown);
    this.sweep = new ProcessSweepService(store, engine, this.watcher, surplus, shutdown);
    this.store = store;
    this.waitroom = waitroom;
  }

  get isAlive(): boolean {
    return this.alive;
  }

  /** What a boot does once. */
  boot(): void {
    void this.resolver.onApplicationBootstrap();
    void this.sweep.sweepNow();
  }

  /** Ends it at once: what it has in memory is gone, and nothing reaches it or leaves it any more. */
  crash(): void {
    this.alive = false;
    this.waitroom.clearAll();
  }

  /** One transaction is one step; the writer learns of it in another one, and not at all after a crash between. */
  private readonly transaction = <T>(work: (sql: SqlExecutor) => Promise<T>): Promise<T> => {
    const { world } = this;
    this.diskInUse += 1;
    return new Promise((resolve) => {
      this.laterAlive(world.chance.below(DISK_MS), () => {
        const ended: string[] = [];
        this.written = ended;
        // No statement of the stand-in waits, so that all of the work is done when this returns.
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

  /** What a read finds is decided in one step, and known in another one. */
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

/** The stand-in has no SQL; its statements change the table when they are called. */
const NO_SQL: SqlExecutor = {
  together: true,
  query: noSql,
  execute: noSql,
  queryOr: noSql,
};

function noSql(): never {
  throw new Error('The rows in memory take no SQL.');
}

/** The trail in memory: as durable as the rows, by the same queue. */
class MemoryTrail implements Pick<EventLogService, 'logEvent' | 'findEvents' | 'findPage' | 'findAttempts'> {
  private readonly kind: WriteKind<NewEvent, void> = {
    name: 'event_log',
    atOnce: true,
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
