import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { CamundaEngineClient } from '../camunda-engine/index.js';
import { HttpService } from '../common/http/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { AbandonedHandlers } from './abandoned-handlers.js';
import type { FetchedTask, TaskCalls } from './fetched-task.js';
import { runHandler } from './handler.run.js';
import { RetryNudge } from './retry.nudge.js';
import { RunningTask } from './running-task.js';
import { type Attempt, createAttemptEvent, createCallFailedEvent } from './task-event.factory.js';
import { TaskEventLog } from './task-event.log.js';
import { TaskLockKeeper } from './task-lock.keeper.js';
import { type TaskOutcome, toErrorOutcome } from './task-outcome.mapper.js';
import { type TaskOutcomeFacts, TaskOutcomeListener } from './task-outcome.listener.js';
import { StepContext } from './step.context.js';
import { UnhandledStepError } from './task.errors.js';
import { type Report, reportOutcome } from './task.reporter.js';
import type { RegisteredTopic } from './topic.explorer.js';
import { traceUnhandled } from './unhandled-error.tracer.js';

/**
 * Runs a task: handler, event row, engine call, in this order.
 *
 * The row is durable before the engine is told, so that whatever the engine goes on with is in the trail.
 */
@Injectable()
export class TopicRunner {
  private readonly logger = new Logger(TopicRunner.name);
  private readonly tasks = new Map<string, RunningTask>();
  private readonly idle = new Set<() => void>();
  private readonly giveUp = new AbortController();
  private readonly context = new StepContext(process.versions.node);
  private readonly abandoned = new AbandonedHandlers();
  private readonly abandon = this.abandoned.add.bind(this.abandoned);

  constructor(
    private readonly events: TaskEventLog,
    private readonly engine: CamundaEngineClient,
    private readonly nudge: RetryNudge,
    private readonly http: HttpService,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Optional() @Inject(TaskOutcomeListener) private readonly listener?: TaskOutcomeListener,
  ) {
    // Every running task that repeats a call listens; Node warns of a leak at eleven.
    setMaxListeners(config.maxTasks, this.giveUp.signal);
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

  /** Aborts the signals of all running tasks and ends repetitions, because the service can wait no longer. */
  abortAll(): void {
    this.giveUp.abort();
    for (const task of this.tasks.values()) task.abort('stopping');
  }

  /** How many handlers of a topic run, and how many have been left behind and still do. */
  loadOf(topic: string): { readonly running: number; readonly abandoned: number } {
    let running = 0;
    for (const task of this.tasks.values()) if (task.topic === topic) running += 1;
    return { running, abandoned: this.abandoned.countOf(topic) };
  }

  /**
   * Fails the step that an unhandled error came from. Where several steps of the same code run it may have been any of
   * them: each is made again, without using up an attempt.
   *
   * @returns false where the error came from no step that is known
   */
  failStepOf(error: unknown, topics: ReadonlyMap<string, RegisteredTopic>): boolean {
    const { running, isLate } = traceUnhandled(error, {
      current: this.context.current,
      running: this.tasks.values(),
      abandoned: this.abandoned.all,
      topics,
    });
    if (isLate) this.logger.warn({ msg: 'A handler that was given up left an error unhandled.', err: error });
    for (const task of running) {
      const failure = new UnhandledStepError(error, running.length > 1);
      const isFailed = task.fail(failure, 'unhandled-error');
      task.logger.error('A step left an error unhandled: await every promise of a handler.', {
        err: error,
        candidates: running.length,
        consequence: isFailed ? 'the attempt has failed' : 'none: its outcome is being reported',
      });
    }
    return isLate || running.length > 0;
  }

  /** Runs one delivery of a task to its end; never rejects. */
  async run(topic: RegisteredTopic, fetched: FetchedTask, calls: TaskCalls): Promise<void> {
    const running = this.tasks.get(fetched.id);
    if (running !== undefined) {
      // The lock ran out and the task came back while its handler still works: its outcome goes out under the new lock.
      running.logger.warn('A task was delivered again while it runs.', { workerId: calls.workerId });
      running.calls = calls;
      return;
    }
    const task = new RunningTask(fetched, calls, this.config.taskRetries, this.logger, this.http);
    this.tasks.set(fetched.id, task);
    try {
      await this.process(task, topic);
    } catch (error) {
      task.logger.error('A task was left to its lock.', { err: error });
    } finally {
      this.tasks.delete(fetched.id);
      if (this.tasks.size === 0) this.announceIdle();
    }
  }

  private async process(task: RunningTask, topic: RegisteredTopic): Promise<void> {
    const keeper = new TaskLockKeeper(task, topic.declaration.lockDurationMs ?? this.config.lockDurationMs);
    let outcome: TaskOutcome;
    try {
      const { attempt, outcome: decided } = await runHandler(task, topic, {
        maxDurationMs: topic.declaration.maxDurationMs ?? this.config.taskMaxDurationMs,
        context: this.context,
        abandon: this.abandon,
      });
      outcome = decided;
      await this.events.append(createAttemptEvent(task, topic, attempt));
      // An error that the handler had let go came up behind its return.
      if (task.failure !== null && attempt.succeeded) {
        const failed: Attempt = { succeeded: false, error: task.failure, ...factsOfAttempt(attempt) };
        outcome = toErrorOutcome(task.failure, task);
        await this.events.append(createAttemptEvent(task, topic, failed));
      }
      task.settle();
    } finally {
      await keeper.stop();
    }
    await this.report(task, topic, outcome, keeper.heldUntil);
  }

  private async report(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: TaskOutcome,
    heldUntil: number,
  ): Promise<void> {
    const began = performance.now();
    const report = await reportOutcome(task, outcome, heldUntil, this.giveUp.signal);
    if (report.result === 'refused' || report.result === 'unreachable') {
      const durationMs = Math.round(performance.now() - began);
      task.logger.error('The engine did not take the outcome of a task.', {
        outcome: outcome.kind,
        err: report.error,
      });
      await this.events.append(
        createCallFailedEvent(task, topic, { outcome, error: report.error, durationMs }),
      );
      // A refused outcome would be refused again after the next lock, for ever: retries bring it to an operator.
      if (report.result === 'refused' && (outcome.kind === 'complete' || outcome.kind === 'bpmnError')) {
        await this.report(task, topic, toErrorOutcome(report.error, task), heldUntil);
      }
      return;
    }
    if (report.result === 'lost') {
      task.logger.warn('Another worker has the task: its outcome counts.', { outcome: outcome.kind });
      return;
    }
    await this.follow(task, topic, outcome, report.result);
  }

  /** What is to be done once the engine has an outcome. */
  private async follow(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: TaskOutcome,
    result: Report['result'],
  ): Promise<void> {
    if (result === 'gone')
      task.logger.debug('The task is no longer in the engine.', { outcome: outcome.kind });
    if (outcome.kind === 'failure' && result === 'accepted') {
      if (outcome.retries > 0) this.nudge.schedule(task.taskId, outcome.retryTimeout);
      else
        await this.tell(task, (listener) =>
          listener.incident({ ...factsOf(task, topic), error: outcome.errorMessage }),
        );
    }
    if (outcome.kind === 'bpmnError') {
      const { errorCode, errorMessage } = outcome;
      await this.tell(task, async (listener) => {
        if ((await this.engine.getProcessInstance(task.processInstanceId)) !== null) return;
        await listener.unhandledBpmnError({ ...factsOf(task, topic), errorCode, errorMessage });
      });
    }
  }

  /** What fails here is found by the reconciler. */
  private async tell(
    task: RunningTask,
    say: (listener: TaskOutcomeListener) => Promise<void>,
  ): Promise<void> {
    if (this.listener === undefined) return;
    try {
      await say(this.listener);
    } catch (error) {
      task.logger.error('The outcome of a task could not be passed on.', { err: error });
    }
  }

  private announceIdle(): void {
    for (const resolve of this.idle) resolve();
    this.idle.clear();
  }
}

function factsOfAttempt({
  input,
  calls,
  durationMs,
}: Attempt): Pick<Attempt, 'input' | 'calls' | 'durationMs'> {
  return { input, calls, durationMs };
}

function factsOf(task: RunningTask, topic: RegisteredTopic): TaskOutcomeFacts {
  return {
    correlationId: task.correlationId,
    processInstanceId: task.processInstanceId,
    processDefinitionKey: task.processDefinitionKey,
    traceabilityId: task.traceabilityId,
    taskId: task.taskId,
    stepName: topic.stepName,
    step: topic.step,
  };
}
