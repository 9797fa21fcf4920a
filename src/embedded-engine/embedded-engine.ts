import { DEFAULT_STEP_LIMIT } from './core/agenda.js';
import { CommandExecutor } from './core/command.executor.js';
import { DeploymentCompiler, type ResourceCompiler } from './repository/deployment.compiler.js';
import type { HistoryService } from './history/history.service.js';
import type { EngineError } from './state/engine.errors.js';
import { EngineClock } from './core/engine.clock.js';
import { EngineState } from './state/engine.state.js';
import { ProcessInstanceState } from './state/process-instance.state.js';
import { RepositoryService } from './repository/repository.service.js';
import { RuntimeService } from './runtime/runtime.service.js';
import { JobService } from './timers/job.service.js';
import { MessageService } from './messages/message.service.js';
import { UserTaskService } from './tasks/user-task.service.js';
import { type ChangeSet, emptyChangeSet } from './state/change-set.js';
import type { StateStore } from './state/state-store.js';
import { MemoryStore } from './persist/memory.store.js';
import { AvailableTasks } from './tasks/available-tasks.js';
import { ExternalTaskService } from './tasks/external-task.service.js';
import { InProcessLocks, type TaskLock } from './tasks/in-process.locks.js';
import { PollRegistry } from './tasks/poll.registry.js';
import { TaskFetcher } from './tasks/task.fetcher.js';
import { moveLocks } from './tasks/task.locks.js';
import { TimerQueue } from './timers/timer.queue.js';

/** Interval in ms at which an idle engine checks whether the clock was set. */
const CLOCK_LOOK_MS = 1_000;

/** The store of an engine: its state and its history. */
export interface EngineStore extends StateStore {
  readonly history: HistoryService;
}

export interface EngineParts {
  readonly compile: ResourceCompiler;
  /** Default: in memory. */
  readonly store?: EngineStore;
  /** Epoch milliseconds; default `Date.now`. */
  readonly clock?: () => number;
  /** Monotonic milliseconds, to detect a wall clock that was set. Default: Node's own, or none beside a `clock`. */
  readonly monotonic?: () => number;
  /** Maximum number of steps of one command without a wait state; default 100 000. */
  readonly stepLimit?: number;
  /** Called once when the engine has stopped permanently because its store rejected a commit. */
  readonly onStopped?: (error: Error) => void;
  /** Locks of an engine on the same store that stopped in this process, whose workers continue. */
  readonly inProcessLocks?: Iterable<readonly [string, TaskLock]>;
}

/**
 * The engine: services named after Camunda's own, over one state.
 *
 * Commands return promises. They run one at a time, are atomic, and settle when the store has their changes. Reads
 * answer from memory at once. A `find…` returns null for an unknown id; a command rejects with an `EngineError`.
 */
export class EmbeddedEngine {
  private constructor(
    readonly repository: RepositoryService,
    readonly runtime: RuntimeService,
    readonly externalTasks: ExternalTaskService,
    readonly history: HistoryService,
    readonly tasks: UserTaskService,
    readonly messages: MessageService,
    readonly jobs: JobService,
    private readonly executor: CommandExecutor,
    private readonly locks: InProcessLocks,
    private readonly closing: () => Promise<void>,
  ) {}

  private closed: Promise<void> | undefined;

  /** Opens an engine with the state of its store. */
  static async open(parts: EngineParts): Promise<EmbeddedEngine> {
    const { compile, store = new MemoryStore(), stepLimit = DEFAULT_STEP_LIMIT } = parts;
    const wall = parts.clock ?? Date.now;
    const monotonic = parts.monotonic ?? parts.clock ?? (() => performance.now());
    const engineClock: EngineClock = new EngineClock(wall, monotonic, (byMs) => {
      timers.reschedule();
      moveLocks(state, byMs, committer);
    });
    const { now: clock, synchronize: synchronizeClock } = engineClock;
    const state: EngineState = new EngineState({
      onTaskChanged: (id, task) => {
        available.update(id, task);
      },
      onJobChanged: (id, job) => {
        timers.update(id, job);
      },
    });
    const timers: TimerQueue = new TimerQueue(
      (id) => state.job(id),
      clock,
      (id) => {
        // The job records its own failure; an engine that has stopped executes no more jobs.
        jobs.execute(id).catch(() => undefined);
      },
    );
    const available = new AvailableTasks((id) => state.task(id), clock);
    const inProcessLocks = new InProcessLocks(parts.inProcessLocks);
    const committer = {
      commit: (changes: ChangeSet, now: number = clock()) => executor.commit(changes, now),
      commitDeferrable: (changes: ChangeSet) => executor.commitDeferrable(changes),
    };
    const fetcher = new TaskFetcher(state, available);
    const polls: PollRegistry = new PollRegistry(
      fetcher,
      available,
      clock,
      committer,
      inProcessLocks,
      synchronizeClock,
    );
    const executor = new CommandExecutor(state, store, clock, polls, parts.onStopped, synchronizeClock);
    const repository = new RepositoryService(state, executor, new DeploymentCompiler(compile), store.history);

    const jobs: JobService = new JobService(state, executor, stepLimit);

    const recovered = store.recover();
    await repository.restore(recovered.deployments);
    for (const snapshot of recovered.instances) {
      const instance = ProcessInstanceState.restore(snapshot);
      state.instances.set(instance.id, instance);
    }
    const relocked = emptyChangeSet();
    for (const kept of recovered.tasks) {
      const task = inProcessLocks.restore(kept);
      state.putTask(task.id, task);
      if (task !== kept) relocked.tasks.set(task.id, task);
    }
    inProcessLocks.retain((id) => relocked.tasks.has(id));
    for (const incident of recovered.incidents) state.putIncident(incident.id, incident);
    for (const job of recovered.jobs) state.putJob(job.id, job);
    for (const subscription of recovered.subscriptions) state.putSubscription(subscription.id, subscription);
    for (const task of recovered.userTasks) state.userTasks.set(task.id, task);
    if (relocked.tasks.size > 0) await store.commitDeferrable(relocked);
    timers.start();
    // Timers that wait without commands have to notice a clock that was set, too.
    const isSettable = parts.clock === undefined || parts.monotonic !== undefined;
    const clockWatch = isSettable ? setInterval(synchronizeClock, CLOCK_LOOK_MS).unref() : undefined;

    return new EmbeddedEngine(
      repository,
      new RuntimeService(state, executor, stepLimit, store.history),
      new ExternalTaskService(state, executor, polls, stepLimit),
      store.history,
      new UserTaskService(state, executor, stepLimit),
      new MessageService(state, executor, stepLimit),
      jobs,
      executor,
      inProcessLocks,
      async () => {
        clearInterval(clockWatch);
        timers.stop();
        executor.close();
        polls.close();
        await store.close();
      },
    );
  }

  /** Why the engine has stopped permanently, with its memory ahead of the store; null while it runs. */
  get failure(): EngineError | null {
    return this.executor.failure;
  }

  /** Locks of workers in this process that may not be durable. */
  get inProcessLocks(): Iterable<readonly [string, TaskLock]> {
    return this.locks.entries();
  }

  /**
   * Rejects new commands and waiting polls with the shutdown error; settles when the store is closed. Further calls
   * return the same promise.
   */
  close(): Promise<void> {
    this.closed ??= this.closing();
    return this.closed;
  }
}
