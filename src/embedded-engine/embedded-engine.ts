import { DEFAULT_STEP_LIMIT } from './core/agenda.js';
import { CommandExecutor } from './core/command.executor.js';
import { DeploymentCompiler, type ResourceCompiler } from './core/deployment.compiler.js';
import type { HistoryService } from './core/engine-api.types.js';
import type { EngineError } from './core/engine.errors.js';
import { EngineState } from './core/engine.state.js';
import { ProcessInstanceState } from './core/process-instance.state.js';
import { RepositoryService } from './core/repository.service.js';
import { RuntimeService } from './core/runtime.service.js';
import type {
  JobService as JobApi,
  MessageService as MessageApi,
  TaskService,
} from './core/wait-state-api.types.js';
import { MessageService } from './messages/message.service.js';
import type { EngineStore } from './persist/engine-store.js';
import { MemoryStore } from './persist/memory.store.js';
import { AvailableTasks } from './tasks/available-tasks.js';
import { ExternalTaskService } from './tasks/external-task.service.js';
import { PollRegistry } from './tasks/poll.registry.js';
import { TaskFetcher } from './tasks/task.fetcher.js';
import { UserTaskService } from './tasks/user-task.service.js';
import { JobService } from './timers/job.service.js';
import { TimerQueue } from './timers/timer.queue.js';

export interface EngineParts {
  readonly compile: ResourceCompiler;
  /** Default: memory. */
  readonly store?: EngineStore;
  /** Epoch milliseconds; default `Date.now`. */
  readonly clock?: () => number;
  /** Steps that one command may take without a wait state; default 100 000. */
  readonly stepLimit?: number;
  /** Is told once that the engine has stopped for good, because its store refused a commit. */
  readonly onStopped?: (error: Error) => void;
}

/** The engine: its services over one state. */
export class EmbeddedEngine {
  private constructor(
    readonly repository: RepositoryService,
    readonly runtime: RuntimeService,
    readonly externalTasks: ExternalTaskService,
    readonly history: HistoryService,
    readonly tasks: TaskService,
    readonly messages: MessageApi,
    readonly jobs: JobApi,
    private readonly executor: CommandExecutor,
    private readonly closing: () => Promise<void>,
  ) {}

  private closed: Promise<void> | undefined;

  /** Opens an engine where its store has left off. */
  static async open(parts: EngineParts): Promise<EmbeddedEngine> {
    const { compile, store = new MemoryStore(), clock = Date.now, stepLimit = DEFAULT_STEP_LIMIT } = parts;
    const state: EngineState = new EngineState({
      onTask: (id, task) => {
        available.update(id, task);
      },
      onJob: (id, job) => {
        timers.update(id, job);
      },
    });
    const timers: TimerQueue = new TimerQueue(
      (id) => state.job(id),
      clock,
      (id) => {
        // A failure is noted on the job; an engine that has stopped fires nothing more.
        jobs.execute(id).catch(() => undefined);
      },
    );
    const available = new AvailableTasks((id) => state.task(id), clock);
    const polls: PollRegistry = new PollRegistry(new TaskFetcher(state, available), available, clock, {
      commit: (changes, now) => executor.commit(changes, now),
      note: (changes) => executor.note(changes),
    });
    const executor = new CommandExecutor(state, store, clock, polls, parts.onStopped);
    const repository = new RepositoryService(state, executor, new DeploymentCompiler(compile), store.history);

    const jobs: JobService = new JobService(state, executor, stepLimit);

    const recovered = store.recover();
    await repository.restore(recovered.deployments);
    for (const snapshot of recovered.instances) {
      const instance = ProcessInstanceState.restore(snapshot);
      state.instances.set(instance.id, instance);
    }
    for (const task of recovered.tasks) state.putTask(task.id, task);
    for (const incident of recovered.incidents) state.putIncident(incident.id, incident);
    for (const job of recovered.jobs) state.putJob(job.id, job);
    for (const subscription of recovered.subscriptions) state.putSubscription(subscription.id, subscription);
    for (const task of recovered.userTasks) state.userTasks.set(task.id, task);
    timers.start();

    return new EmbeddedEngine(
      repository,
      new RuntimeService(state, executor, stepLimit, store.history),
      new ExternalTaskService(state, executor, polls, stepLimit),
      store.history,
      new UserTaskService(state, executor, stepLimit),
      new MessageService(state, executor, stepLimit),
      jobs,
      executor,
      async () => {
        timers.stop();
        executor.close();
        polls.close();
        await store.close();
      },
    );
  }

  /** Why the engine has stopped for good, with memory ahead of what is kept; null while it runs. */
  get failure(): EngineError | null {
    return this.executor.failure;
  }

  /**
   * Refuses what comes, rejects parked polls with the shutdown error, and settles when the store is closed. A second
   * call waits for the first.
   */
  close(): Promise<void> {
    this.closed ??= this.closing();
    return this.closed;
  }
}
