import { Inject, Injectable, Logger, type OnApplicationBootstrap, Optional } from '@nestjs/common';
import { EngineInstancesClient, EngineDeploymentService, EngineTransport } from '../camunda-engine/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { ShutdownService, UnhandledErrors } from '../lifecycle/index.js';
import { createWorkerIdBase } from './fetching/stale-locks.js';
import { LockReleaser } from './fetching/lock.releaser.js';
import { PoisonTaskGuard } from './poison-tasks/poison-task.guard.js';
import type { ExternalTaskClientAdapter } from './fetching/external-task-client.adapter.js';
import type { FetchedTask, TaskCalls } from './task/fetched-task.js';
import type { PollObserver } from './fetching/poll.gate.js';
import { PollWaits, type PollWaitState } from './fetching/poll-waits.js';
import { DueRetryPoller } from './outcome/due-retry.poller.js';
import { OutOfResourcesPause } from './fetching/out-of-resources.pause.js';
import { TaskBackpressure } from './fetching/task-backpressure.js';
import { WorkerPool } from './fetching/worker.pool.js';
import { TopicExplorer } from './topics/topic.explorer.js';
import { TopicRunner } from './execution/topic.runner.js';

/** State of the workers, for the health endpoints. */
export interface CamundaWorkerState {
  readonly status: 'idle' | 'polling' | 'paused' | 'stopping';
  readonly workerIds: readonly string[];
  readonly topics: readonly string[];
  /** By pool: its topics, its running tasks and their limit. */
  readonly pools: Readonly<
    Record<
      string,
      { readonly topics: readonly string[]; readonly running: number; readonly capacity: number }
    >
  >;
  /** By topic: running tasks, their limit, and abandoned handlers, which still run without a slot. */
  readonly handlers: Readonly<
    Record<string, { readonly running: number; readonly limit: number; readonly abandoned: number }>
  >;
  readonly running: number;
  /** Of all pools together. */
  readonly capacity: number;
  readonly polls: PollWaitState;
  /** Milliseconds since the engine last answered a poll, which may take `CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS`; null: never. */
  readonly lastPollAgeMs: number | null;
  /** Why the last poll failed; null if it succeeded. */
  readonly lastError: string | null;
}

/** Starts and stops the workers: polling begins after the boot and ends in the `drain` stage of a stop. */
@Injectable()
export class CamundaWorkerService implements OnApplicationBootstrap, PollObserver {
  private readonly logger = new Logger(CamundaWorkerService.name);
  private readonly locks: LockReleaser;
  private readonly waits: PollWaits;
  private pools: readonly WorkerPool[] = [];
  private hasRoom = true;
  private isOutOfResources = false;
  private draining = false;
  private lastPollAt: number | null = null;
  private lastError: string | null = null;

  constructor(
    private readonly transport: EngineTransport,
    engineInstances: EngineInstancesClient,
    private readonly deployment: EngineDeploymentService,
    private readonly explorer: TopicExplorer,
    private readonly runner: TopicRunner,
    private readonly retries: DueRetryPoller,
    private readonly poisonTasks: PoisonTaskGuard,
    shutdown: ShutdownService,
    unhandled: UnhandledErrors,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Optional() @Inject(TaskBackpressure) backpressure?: TaskBackpressure,
  ) {
    this.locks = new LockReleaser(engineInstances, config, this.logger);
    // The embedded engine is a single node, which wakes its polls for every task.
    const shortestMs = config.baseUrl === null ? Infinity : config.asyncResponseTimeoutMinMs;
    this.waits = new PollWaits(config.asyncResponseTimeoutMs, shortestMs);
    backpressure?.onChange((hasRoom) => {
      this.noteRoom(hasRoom);
    });
    const pause = new OutOfResourcesPause((isPaused) => {
      this.isOutOfResources = isPaused;
      this.setGates();
    });
    this.runner.onOutOfResources((error) => {
      pause.note(error);
    });
    unhandled.register((error) => this.runner.failStepOf(error, this.explorer.topics));
    shutdown.register('drain', 'workers', (signal) => this.drain(signal));
    shutdown.register('abort', 'workers', () => {
      this.runner.abortAll();
      return this.runner.whenIdle();
    });
  }

  get state(): CamundaWorkerState {
    const runningIn = (topics: readonly string[]): number =>
      topics.reduce((sum, topic) => sum + this.runner.loadOf(topic).running, 0);
    return {
      status: this.status(),
      workerIds: this.clients.map(({ workerId }) => workerId),
      topics: [...this.explorer.topics.keys()],
      pools: Object.fromEntries(
        this.pools.map(({ name, topics, slots }) => [
          name,
          { topics, running: runningIn(topics), capacity: slots.capacity },
        ]),
      ),
      handlers: Object.fromEntries(
        this.pools.flatMap(({ topics, slots }) =>
          topics.map((topic) => [topic, { ...this.runner.loadOf(topic), limit: slots.limitOf(topic) }]),
        ),
      ),
      running: this.runner.running,
      capacity: this.pools.reduce((sum, { slots }) => sum + slots.capacity, 0),
      polls: this.waits.state,
      lastPollAgeMs: this.lastPollAt === null ? null : Math.round(performance.now() - this.lastPollAt),
      lastError: this.lastError,
    };
  }

  private get clients(): ExternalTaskClientAdapter[] {
    return this.pools.flatMap(({ clients }) => clients);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.explorer.topics.size === 0) return;
    await this.poisonTasks.open();
    // The embedded engine locks its file, so no worker of an earlier process can still be running.
    if (this.config.baseUrl === null) await this.locks.releaseStale(this.explorer.topics);
    if (this.draining) return;
    const base = createWorkerIdBase();
    this.pools = this.createPools(base);
    this.setGates();
    for (const pool of this.pools) pool.start();
    this.logger.log({
      msg: 'Polling for tasks.',
      pools: Object.fromEntries(this.pools.map(({ name, topics }) => [name, topics])),
      workerId: base,
    });
  }

  pollSucceeded(failedBefore: number): void {
    this.lastPollAt = performance.now();
    this.lastError = null;
    if (failedBefore === 0) return;
    this.logger.log({ msg: 'The engine answers polls again.', failures: failedBefore });
    // It may be another engine, or one that has lost our definitions.
    this.deployment.deployAgain();
  }

  pollFailed(error: unknown, failures: number): void {
    this.lastError = error instanceof Error ? error.message : String(error);
    const line = { msg: 'A poll failed; the next one is delayed.', failures, err: error };
    if (failures === 1) this.logger.warn(line);
    else this.logger.debug(line);
  }

  private status(): CamundaWorkerState['status'] {
    if (this.draining) return 'stopping';
    if (this.pools.length === 0) return 'idle';
    return this.isPaused ? 'paused' : 'polling';
  }

  private get isPaused(): boolean {
    return !this.hasRoom || this.isOutOfResources;
  }

  private setGates(): void {
    for (const pool of this.pools) pool.setPaused(this.isPaused);
  }

  private noteRoom(hasRoom: boolean): void {
    this.hasRoom = hasRoom;
    this.logger.log(
      hasRoom
        ? 'Results can be written again; tasks are fetched.'
        : 'Too many results wait to be written; no tasks are fetched.',
    );
    this.setGates();
  }

  private createPools(workerIdBase: string): WorkerPool[] {
    let polls = 0;
    const context = {
      ...{ transport: this.transport, config: this.config, waits: this.waits, observer: this },
      nextWorkerId: () => `${workerIdBase}-${(polls += 1)}`,
      onTask: (task: FetchedTask, calls: TaskCalls) => this.accept(task, calls),
    };
    return this.explorer.pools.map((pool) => {
      const topics = pool.topics.flatMap((topic) => this.explorer.topics.get(topic) ?? []);
      return new WorkerPool(pool, topics, context);
    });
  }

  private async accept(task: FetchedTask, calls: TaskCalls): Promise<void> {
    const topic = this.explorer.topics.get(task.topicName);
    // A task of the last poll is unlocked at once, so that another instance can fetch it.
    if (topic === undefined || this.draining) await this.locks.unlock(task.id, () => calls.unlock(task.id));
    else await this.runner.run(topic, task, calls);
  }

  private async drain(signal: AbortSignal): Promise<void> {
    this.draining = true;
    const abortPolls = (): void => {
      for (const client of this.clients) client.abortPoll();
    };
    signal.addEventListener('abort', abortPolls, { once: true });
    for (const client of this.clients) {
      client.stop();
      // The embedded engine drops an aborted poll; another engine would still lock tasks for it.
      if (this.config.baseUrl === null) client.abortPoll();
    }
    await Promise.all([...this.clients.map((client) => this.release(client)), this.runner.whenIdle()]);
    await this.retries.stop();
    signal.removeEventListener('abort', abortPolls);
  }

  private async release(client: ExternalTaskClientAdapter): Promise<void> {
    await client.whenPollEnded();
    await this.locks.releaseWorker(
      client.workerId,
      (taskId) => this.runner.isRunning(taskId) || this.retries.awaitsRetry(taskId),
    );
  }
}
