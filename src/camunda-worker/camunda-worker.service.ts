import { Inject, Injectable, Logger, type OnApplicationBootstrap, Optional } from '@nestjs/common';
import { EngineInstancesClient, EngineDeploymentService, EngineTransport } from '../camunda-engine/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { ShutdownService, UnhandledErrors } from '../lifecycle/index.js';
import { isAbandoned, workerIdBase } from './abandoned-tasks.js';
import { DeliveryGuard } from './delivery.guard.js';
import { ExternalTaskClientAdapter, type TopicSubscription } from './external-task-client.adapter.js';
import type { FetchedTask, TaskCalls } from './fetched-task.js';
import { KEPT_OUTCOME } from './kept-outcome.js';
import { PollGate, type PollObserver } from './poll.gate.js';
import { RetryNudge } from './retry.nudge.js';
import { StarvationPause } from './starvation.pause.js';
import { TaskIntake } from './task-intake.js';
import { TaskSlots } from './task-slots.js';
import { type RegisteredTopic, TopicExplorer } from './topic.explorer.js';
import { TopicRunner } from './topic.runner.js';

/** Polls that share the topics and the parallel limit: while one re-arms after a task, the other waits in the engine. */
const CLIENTS = 2;

/** Variables that the runtime reads besides those that a topic names. */
const OWN_VARIABLES = [
  'correlationId',
  'traceability_id',
  'batch_id',
  'application_id',
  'identifiers',
  KEPT_OUTCOME,
] as const;

/** How the workers are, for health and metrics. */
export interface CamundaWorkerState {
  readonly status: 'idle' | 'polling' | 'paused' | 'stopping';
  readonly workerIds: readonly string[];
  readonly topics: readonly string[];
  /** By topic: handlers that run, how many may, and those that were over their time and still run without a slot. */
  readonly handlers: Readonly<
    Record<string, { readonly running: number; readonly limit: number; readonly abandoned: number }>
  >;
  readonly running: number;
  readonly capacity: number;
  /** Milliseconds since the engine last answered a poll, which may wait `CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS`; null: never. */
  readonly lastPollAgeMs: number | null;
  /** Why the last poll failed; null where it did not. */
  readonly lastError: string | null;
}

/** The life of the workers: polling begins after the boot and ends in the drain of a stop. */
@Injectable()
export class CamundaWorkerService implements OnApplicationBootstrap, PollObserver {
  private readonly logger = new Logger(CamundaWorkerService.name);
  private slots: TaskSlots;
  private workers: readonly { readonly client: ExternalTaskClientAdapter; readonly gate: PollGate }[] = [];
  private paused = false;
  private hasRoom = true;
  private starved = false;
  private draining = false;
  private lastPollAt: number | null = null;
  private lastError: string | null = null;

  constructor(
    private readonly transport: EngineTransport,
    private readonly engineInstances: EngineInstancesClient,
    private readonly deployment: EngineDeploymentService,
    private readonly explorer: TopicExplorer,
    private readonly runner: TopicRunner,
    private readonly nudge: RetryNudge,
    private readonly deliveries: DeliveryGuard,
    shutdown: ShutdownService,
    unhandled: UnhandledErrors,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Optional() @Inject(TaskIntake) intake?: TaskIntake,
  ) {
    this.slots = new TaskSlots(config.maxTasks);
    intake?.onChange((hasRoom) => {
      this.noteRoom(hasRoom);
    });
    const starvation = new StarvationPause((isHeld) => {
      this.starved = isHeld;
      this.setGates();
    });
    this.runner.onStarved((error) => {
      starvation.note(error);
    });
    unhandled.register((error) => this.runner.failStepOf(error, this.explorer.topics));
    shutdown.register('drain', 'workers', (signal) => this.drain(signal));
    shutdown.register('abort', 'workers', () => {
      this.runner.abortAll();
      return this.runner.whenIdle();
    });
  }

  get state(): CamundaWorkerState {
    return {
      status: this.status(),
      workerIds: this.workers.map(({ client }) => client.workerId),
      topics: [...this.explorer.topics.keys()],
      handlers: Object.fromEntries(
        [...this.explorer.topics.keys()].map((topic) => [
          topic,
          { ...this.runner.loadOf(topic), limit: this.slots.limitOf(topic) },
        ]),
      ),
      running: this.runner.running,
      capacity: this.slots.capacity,
      lastPollAgeMs: this.lastPollAt === null ? null : Math.round(performance.now() - this.lastPollAt),
      lastError: this.lastError,
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    const topics = [...this.explorer.topics.values()];
    if (topics.length === 0) return;
    this.slots = new TaskSlots(this.config.maxTasks, {
      share: this.config.topicShare,
      topics: topics.map(({ topic, declaration }) => ({ topic, maxParallel: declaration.maxParallel })),
    });
    await this.deliveries.open();
    // The lock of the engine's file proves that whoever worked on it before is gone.
    if (this.config.baseUrl === null) await this.freeAbandoned();
    if (this.draining) return;
    const base = workerIdBase();
    this.workers = Array.from({ length: CLIENTS }, (_, index) =>
      this.createWorker(`${base}-${index + 1}`, topics),
    );
    this.setGates();
    for (const { client } of this.workers) client.start();
    this.logger.log({ msg: 'Polling for tasks.', topics: topics.map(({ topic }) => topic), workerId: base });
  }

  /** Begins no further poll; running tasks go on. */
  pauseFetching(): void {
    this.paused = true;
    this.setGates();
  }

  /** Polls again, unless what the tasks bring could not be written. */
  resumeFetching(): void {
    this.paused = false;
    this.setGates();
  }

  pollSucceeded(failedBefore: number): void {
    this.lastPollAt = performance.now();
    this.lastError = null;
    if (failedBefore === 0) return;
    this.logger.log({ msg: 'The engine answers polls again.', failures: failedBefore });
    // What came back may be another engine, or one that has lost our definitions.
    this.deployment.deployAgain();
  }

  pollFailed(error: unknown, failures: number): void {
    this.lastError = error instanceof Error ? error.message : String(error);
    const line = { msg: 'A poll failed; the next one waits.', failures, err: error };
    if (failures === 1) this.logger.warn(line);
    else this.logger.debug(line);
  }

  private status(): CamundaWorkerState['status'] {
    if (this.draining) return 'stopping';
    if (this.workers.length === 0) return 'idle';
    return this.isHeldBack ? 'paused' : 'polling';
  }

  private get isHeldBack(): boolean {
    return this.paused || !this.hasRoom || this.starved;
  }

  private setGates(): void {
    for (const { gate } of this.workers) {
      if (this.isHeldBack) gate.pause();
      else gate.resume();
    }
  }

  private noteRoom(hasRoom: boolean): void {
    this.hasRoom = hasRoom;
    this.logger.log(
      hasRoom
        ? 'There is room for results again; tasks are fetched.'
        : 'No tasks are fetched while too much waits to be written.',
    );
    this.setGates();
  }

  private createWorker(workerId: string, topics: readonly RegisteredTopic[]) {
    const gate = new PollGate(this.slots, 1 / CLIENTS, this);
    const client = new ExternalTaskClientAdapter(this.transport, {
      workerId,
      gate,
      capacity: this.config.maxTasks,
      asyncResponseTimeoutMs: this.config.asyncResponseTimeoutMs,
      lockDurationMs: this.config.lockDurationMs,
      subscriptions: topics.map((topic) => this.toSubscription(topic)),
      onTask: (task, calls) => this.accept(task, calls),
    });
    return { client, gate };
  }

  private toSubscription({ topic, declaration }: RegisteredTopic): TopicSubscription {
    const { lockDurationMs = this.config.lockDurationMs, variables } = declaration;
    return {
      topic,
      lockDurationMs,
      ...(variables === undefined ? {} : { variables: [...new Set([...variables, ...OWN_VARIABLES])] }),
    };
  }

  private async accept(task: FetchedTask, calls: TaskCalls): Promise<void> {
    const topic = this.explorer.topics.get(task.topicName);
    // What a last poll brings goes back at once, to workers that stay.
    if (topic === undefined || this.draining) await this.giveBack(task.id, () => calls.unlock(task.id));
    else await this.runner.run(topic, task, calls);
  }

  private async drain(signal: AbortSignal): Promise<void> {
    this.draining = true;
    const overdue = (): void => {
      for (const { client } of this.workers) client.abortPoll();
    };
    signal.addEventListener('abort', overdue, { once: true });
    for (const { client } of this.workers) {
      client.stop();
      // The embedded engine forgets a poll whose client has gone; another one would lock tasks for it.
      if (this.config.baseUrl === null) client.abortPoll();
    }
    await Promise.all([...this.workers.map(({ client }) => this.leave(client)), this.runner.whenIdle()]);
    await this.nudge.stop();
    signal.removeEventListener('abort', overdue);
  }

  /** Waits for a worker's last poll, then frees what is locked for it and does not run: an answer may have been lost. */
  private async leave(client: ExternalTaskClientAdapter): Promise<void> {
    await client.whenPollEnded();
    try {
      const locked = await this.engineInstances.findLockedTasks(client.workerId);
      const left = locked.filter(({ id }) => !this.runner.isRunning(id) && !this.nudge.awaitsRetry(id));
      await Promise.all(left.map(({ id }) => this.giveBack(id, () => this.engineInstances.unlockTask(id))));
    } catch (error) {
      this.logger.warn({
        msg: 'Locks of a stopping worker stay until they end.',
        workerId: client.workerId,
        err: error,
      });
    }
  }

  /** Frees what workers of an earlier run held when it was killed; else it would stay until the locks run out. */
  private async freeAbandoned(): Promise<void> {
    try {
      const locked = await this.engineInstances.findLockedTasks();
      const abandoned = locked.filter((task) => {
        const topic = this.explorer.topics.get(task.topicName);
        if (topic === undefined) return false;
        const lockMs = topic.declaration.lockDurationMs ?? this.config.lockDurationMs;
        return isAbandoned(task, this.config.taskRetries, lockMs, Date.now());
      });
      await Promise.all(
        abandoned.map(({ id }) => this.giveBack(id, () => this.engineInstances.unlockTask(id))),
      );
      if (abandoned.length > 0) {
        this.logger.log({ msg: 'Tasks of an earlier run are free again.', tasks: abandoned.length });
      }
    } catch (error) {
      this.logger.warn({ msg: 'Tasks of an earlier run stay locked until their locks end.', err: error });
    }
  }

  private async giveBack(taskId: string, unlock: () => Promise<void>): Promise<void> {
    try {
      await unlock();
    } catch (error) {
      this.logger.warn({ msg: 'A task stays locked until its lock ends.', taskId, err: error });
    }
  }
}
