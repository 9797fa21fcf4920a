import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { isOutOfResources } from '../../common/errors/index.js';
import { HttpService } from '../../common/http/index.js';
import { Redactor } from '../../common/redaction/index.js';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  REDACTION_CONFIG,
  type RedactionConfig,
} from '../../config/index.js';
import { AbandonedHandlers } from './abandoned-handlers.js';
import { PoisonTaskGuard } from '../poison-tasks/poison-task.guard.js';
import type { FetchedTask, TaskCalls } from '../task/fetched-task.js';
import { executeHandler } from './handler.executor.js';
import { OutcomeReporter } from '../outcome/outcome.reporter.js';
import { DueRetryPoller } from '../outcome/due-retry.poller.js';
import { RunningTask } from '../task/running-task.js';
import { type Attempt, createAttemptEvent } from '../outcome/task-event.factory.js';
import { TaskEventLog } from '../outcome/task-event.log.js';
import { TaskLockKeeper } from './task-lock.keeper.js';
import { type TaskOutcome, toErrorOutcome } from '../outcome/task-outcome.mapper.js';
import { StepContext } from './step.context.js';
import { FatalTaskError, UnhandledStepError } from '../task/task.errors.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';
import { UnknownMembers } from './unknown-members.js';
import { traceUnhandled } from './unhandled-error.tracer.js';

/** Milliseconds until a suspect is delivered again if too many suspects wait for their turn. */
const POSTPONED_MS = 250;

/** More than all pools together have slots. */
const MOST_LISTENERS = 1_000_000;

/**
 * Runs a task: handler, trail row, report to the engine, in this order.
 *
 * The row is durable before the report is sent, so that the trail has every outcome with which the engine continues.
 */
@Injectable()
export class TopicRunner {
  private readonly logger = new Logger(TopicRunner.name);
  private readonly tasks = new Map<string, RunningTask>();
  private readonly idle = new Set<() => void>();
  private readonly giveUp = new AbortController();
  private readonly context = new StepContext(process.versions.node);
  private readonly abandoned = new AbandonedHandlers();
  private outOfResources: (error: unknown) => void = () => undefined;
  private readonly unknownMembers = new UnknownMembers(this.logger);
  private readonly redactor: Redactor;
  private readonly abandon = this.abandoned.add.bind(this.abandoned);

  constructor(
    private readonly events: TaskEventLog,
    private readonly outcomes: OutcomeReporter,
    private readonly retries: DueRetryPoller,
    private readonly http: HttpService,
    private readonly poisonTasks: PoisonTaskGuard,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Inject(REDACTION_CONFIG) redaction: RedactionConfig,
  ) {
    this.redactor = new Redactor(redaction);
    // Every running task that repeats a call listens; above ten listeners Node warns of a leak.
    setMaxListeners(MOST_LISTENERS, this.giveUp.signal);
  }

  get running(): number {
    return this.tasks.size;
  }

  isRunning(taskId: string): boolean {
    return this.tasks.has(taskId);
  }

  /** Resolves when no task runs. */
  whenIdle(): Promise<void> {
    if (this.tasks.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.add(resolve));
  }

  /** Aborts all running tasks and the repetition of reports: the service stops and can wait no longer. */
  abortAll(): void {
    this.giveUp.abort();
    for (const task of this.tasks.values()) task.abort('stopping');
  }

  /** Number of running tasks of a topic, and of its abandoned handlers that still run. */
  loadOf(topic: string): { readonly running: number; readonly abandoned: number } {
    let running = 0;
    for (const task of this.tasks.values()) if (task.topic === topic) running += 1;
    return { running, abandoned: this.abandoned.countOf(topic) };
  }

  /**
   * Fails the step that an unhandled error came from. If several steps run the same code, any of them may have caused
   * it: each is retried without using up a retry, and is a suspect from then on.
   *
   * @returns false if the error came from no known step
   */
  failStepOf(error: unknown, topics: ReadonlyMap<string, RegisteredTopic>): boolean {
    const { running, isLate } = traceUnhandled(error, {
      current: this.context.current,
      // A suspect that waits for its turn has not run any code yet.
      running: [...this.tasks.values()].filter(({ hasBegun }) => hasBegun),
      abandoned: this.abandoned.all,
      topics,
    });
    if (isLate) this.logger.warn({ msg: 'An abandoned handler left an error unhandled.', err: error });
    for (const task of running) {
      // Of several candidates only a suspect, which runs alone, is certain; the others are retried as suspects.
      const isUncounted = running.length > 1 && !this.poisonTasks.isSuspect(task.taskId);
      const failure = new UnhandledStepError(error, isUncounted);
      this.poisonTasks.addSuspect(task.taskId);
      const isFailed = task.fail(failure, 'unhandled-error');
      task.logger.error('A step left an error unhandled: await every promise of a handler.', {
        err: error,
        candidates: running.length,
        consequence: isFailed ? 'the attempt has failed' : 'none: its outcome is being reported',
      });
    }
    return isLate || running.length > 0;
  }

  /** Sets the callback for each attempt that failed because the process was out of file descriptors or buffers. */
  onOutOfResources(listener: (error: unknown) => void): void {
    this.outOfResources = listener;
  }

  /** Runs one delivery of a task until its outcome is reported; never rejects. */
  async run(topic: RegisteredTopic, fetched: FetchedTask, calls: TaskCalls): Promise<void> {
    const running = this.tasks.get(fetched.id);
    if (running !== undefined) {
      // The lock expired while the handler still runs: its outcome is reported under the new lock.
      running.logger.warn('A task was delivered again while it runs.', { workerId: calls.workerId });
      running.calls = calls;
      return;
    }
    const task = new RunningTask(fetched, calls, this.config.taskRetries, this.logger, this.http);
    this.tasks.set(fetched.id, task);
    try {
      await this.process(task, topic);
    } catch (error) {
      task.logger.error('A task could not be reported; it is delivered again when its lock expires.', {
        err: error,
      });
    } finally {
      this.tasks.delete(fetched.id);
      if (this.tasks.size === 0) this.announceIdle();
    }
  }

  private async process(task: RunningTask, topic: RegisteredTopic): Promise<void> {
    const keeper = new TaskLockKeeper(task, topic.declaration.lockDurationMs ?? this.config.lockDurationMs);
    let endTurn: (() => void) | null = null;
    let reported: TaskOutcome | null = null;
    try {
      if (this.poisonTasks.isSuspect(task.taskId)) {
        endTurn = await this.poisonTasks.takeTurn(task.taskId);
        if (endTurn === null) {
          await this.postpone(task, keeper);
          return;
        }
      }
      const outcome = await this.decide(task, topic, keeper);
      reported = outcome;
      const { heldUntil } = keeper;
      await this.outcomes.report(task, topic, outcome, { heldUntil, giveUp: this.giveUp.signal });
    } finally {
      this.poisonTasks.end(task, reported);
      endTurn?.();
    }
  }

  /** Makes the attempt and writes its row, unless an earlier delivery has finished the work. */
  private async decide(
    task: RunningTask,
    topic: RegisteredTopic,
    keeper: TaskLockKeeper,
  ): Promise<TaskOutcome> {
    try {
      const finished = this.outcomes.finishedOutcomeOf(task);
      if (finished !== null) {
        task.logger.log('The work of a task is done; its outcome is reported again.', {
          outcome: finished.kind,
        });
        return finished;
      }
      const { attempt, outcome } = await this.attempt(task, topic);
      if (!attempt.succeeded && isOutOfResources(attempt.error)) this.outOfResources(attempt.error);
      await this.events.append(createAttemptEvent(task, topic, attempt, outcome));
      if (task.failure === null || !attempt.succeeded) return outcome;
      // The handler returned, and then an error that it had not awaited occurred.
      const { input, calls, durationMs } = attempt;
      const failed: Attempt = { succeeded: false, error: task.failure, input, calls, durationMs };
      const failure = toErrorOutcome(task.failure, task, this.redactor);
      await this.events.append(createAttemptEvent(task, topic, failed, failure));
      return failure;
    } finally {
      task.settle();
      await keeper.stop();
    }
  }

  private async attempt(task: RunningTask, topic: RegisteredTopic): ReturnType<typeof executeHandler> {
    const crashes = this.poisonTasks.crashesAtLimit(task.taskId);
    if (crashes !== null) {
      const error = new FatalTaskError(
        `The service crashed ${crashes} times while this step ran, so it is not run again.`,
      );
      task.logger.error('A step that crashed the service repeatedly becomes an incident.', { crashes });
      const attempt: Attempt = {
        succeeded: false,
        error,
        input: task.variables,
        calls: task.httpCalls,
        durationMs: 0,
      };
      return { attempt, outcome: toErrorOutcome(error, task, this.redactor) };
    }
    this.poisonTasks.begin(task);
    return executeHandler(task, topic, {
      maxDurationMs: topic.declaration.maxDurationMs ?? this.config.taskMaxDurationMs,
      context: this.context,
      abandon: this.abandon,
      unknownMembers: this.unknownMembers,
      redactor: this.redactor,
    });
  }

  /** Shortens the lock of a task so that it is delivered again soon, which uses up no retry. */
  private async postpone(task: RunningTask, keeper: TaskLockKeeper): Promise<void> {
    await keeper.stop();
    await task.calls.extendLock(task.taskId, POSTPONED_MS);
    this.retries.schedule(task.taskId, POSTPONED_MS);
  }

  private announceIdle(): void {
    for (const resolve of this.idle) resolve();
    this.idle.clear();
  }
}
