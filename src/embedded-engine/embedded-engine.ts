import { DEFAULT_STEP_LIMIT } from './core/agenda.js';
import { CommandExecutor } from './core/command.executor.js';
import { DeploymentCompiler, type ResourceCompiler } from './core/deployment.compiler.js';
import type { HistoryService } from './core/engine-api.types.js';
import { EngineState } from './core/engine.state.js';
import { ProcessInstanceState } from './core/process-instance.state.js';
import { RepositoryService } from './core/repository.service.js';
import { RuntimeService } from './core/runtime.service.js';
import type { EngineStore } from './persist/engine-store.js';
import { MemoryStore } from './persist/memory.store.js';
import { AvailableTasks } from './tasks/available-tasks.js';
import { ExternalTaskService } from './tasks/external-task.service.js';
import { PollRegistry } from './tasks/poll.registry.js';
import { TaskFetcher } from './tasks/task.fetcher.js';

export interface EngineParts {
  readonly compile: ResourceCompiler;
  /** Default: memory. */
  readonly store?: EngineStore;
  /** Epoch milliseconds; default `Date.now`. */
  readonly clock?: () => number;
  /** Steps that one command may take without a wait state; default 100 000. */
  readonly stepLimit?: number;
}

/** The engine: four services over one state. */
export class EmbeddedEngine {
  private constructor(
    readonly repository: RepositoryService,
    readonly runtime: RuntimeService,
    readonly externalTasks: ExternalTaskService,
    readonly history: HistoryService,
    private readonly closing: () => Promise<void>,
  ) {}

  private closed: Promise<void> | undefined;

  /** Opens an engine where its store has left off. */
  static async open(parts: EngineParts): Promise<EmbeddedEngine> {
    const { compile, store = new MemoryStore(), clock = Date.now, stepLimit = DEFAULT_STEP_LIMIT } = parts;
    const state: EngineState = new EngineState((id, task) => {
      available.update(id, task);
    });
    const available = new AvailableTasks((id) => state.task(id), clock);
    const polls: PollRegistry = new PollRegistry(
      new TaskFetcher(state, available),
      available,
      clock,
      (changes, now) => executor.commit(changes, now),
    );
    const executor = new CommandExecutor(state, store, clock, polls);
    const repository = new RepositoryService(state, executor, new DeploymentCompiler(compile), store.history);

    const recovered = store.recover();
    await repository.restore(recovered.deployments);
    for (const snapshot of recovered.instances) {
      const instance = ProcessInstanceState.restore(snapshot);
      state.instances.set(instance.id, instance);
    }
    for (const task of recovered.tasks) state.putTask(task.id, task);
    for (const incident of recovered.incidents) state.putIncident(incident.id, incident);

    return new EmbeddedEngine(
      repository,
      new RuntimeService(state, executor, stepLimit),
      new ExternalTaskService(state, executor, polls, stepLimit),
      store.history,
      async () => {
        executor.close();
        polls.close();
        await store.close();
      },
    );
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
