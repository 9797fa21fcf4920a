import { truncateMessage } from '../core/camunda.limits.js';
import { openInstance } from '../core/instance.context.js';
import type { CommandExecutor } from '../core/command.executor.js';
import { BadUserRequestError, EngineError, NotFoundError } from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import { raiseJobIncident } from '../core/incident.factory.js';
import { Interpreter } from '../core/interpreter.js';
import { assertInstanceActive } from '../core/suspension.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { JOB_QUERY, type JobQuery } from '../query/job.query.js';
import type { JobRecord } from '../state/records.types.js';

/** Timers: fires them, and counts their failed attempts. Every command throws NotFound for an unknown id. */
export class JobService {
  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly stepLimit: number,
  ) {}

  find(query: JobQuery): readonly JobRecord[] {
    return JOB_QUERY.find(this.state.jobs.values(), query, { now: this.executor.clock() });
  }

  count(query: JobQuery): number {
    return JOB_QUERY.count(this.state.jobs.values(), query, { now: this.executor.clock() });
  }

  findOne(id: string): JobRecord | null {
    return this.state.jobs.get(id) ?? null;
  }

  /** Executes the job now, due or not. @throws what the process throws; the job then has one retry less */
  async execute(id: string): Promise<void> {
    let elementId: string | null = null;
    const wasDue = (this.state.jobs.get(id)?.dueDate ?? Infinity) <= this.executor.clock();
    try {
      await this.executor.run((work) => {
        try {
          this.fire(work, id);
        } finally {
          elementId = work.currentElementId;
        }
      });
    } catch (error) {
      if (isProcessFailure(error)) await this.recordFailure(id, error, elementId, wasDue);
      throw error;
    }
  }

  async setRetries(id: string, retries: number): Promise<void> {
    if (retries < 0)
      throw new BadUserRequestError(
        `ENGINE-13054 The number of job retries must be a non-negative Integer, but '${retries}' has been provided.`,
      );
    await this.executor.run((work) => {
      saveJob(work, { ...work.job(id), retries });
    });
  }

  async setDueDate(id: string, dueDate: number | null): Promise<void> {
    await this.executor.run((work) => {
      saveJob(work, { ...work.job(id), dueDate: dueDate ?? work.now });
    });
  }

  private fire(work: UnitOfWork, id: string): void {
    const job = work.job(id);
    const context = openInstance(work, job.processInstanceId);
    assertInstanceActive(context.instance, `Execution with id '${job.executionId}'`);
    const owner = context.instance.findActivity(job.activityInstanceId);
    if (owner === null) throw new NotFoundError(`The activity instance of job ${id} no longer exists`);
    new Interpreter(work, this.stepLimit).trigger(context, owner, job.activityId);
  }

  /** Decrements the retries of a failed job; at 0 it creates an incident. */
  private async recordFailure(
    id: string,
    error: EngineError,
    failedActivityId: string | null,
    wasDue: boolean,
  ): Promise<void> {
    await this.executor.run((work) => {
      if (this.state.jobs.get(id) === undefined) return;
      const job = work.job(id);
      saveJob(work, {
        ...job,
        retries: Math.max(job.retries - 1, 0),
        // After a failure the retry of a due job must not wait for a clock that was set back. A job that a client
        // executed before its due date keeps the date.
        dueDate: wasDue ? Math.min(job.dueDate, work.now) : job.dueDate,
        exceptionMessage: truncateMessage(error.message),
        failedActivityId: failedActivityId ?? job.activityId,
        exceptionStacktrace: `${error.camundaClass}: ${error.message}`,
      });
    });
  }
}

/** Saves a job: creates an incident at 0 retries and resolves it above 0. */
function saveJob(work: UnitOfWork, job: JobRecord): void {
  work.changes.jobs.set(job.id, job);
  if (job.retries === 0) raiseJobIncident(work, job);
  else work.endIncident(job.id, 'RESOLVED');
}

/** Whether the process itself failed. A closing engine or a missing job is no such failure. */
function isProcessFailure(error: unknown): error is EngineError {
  return error instanceof EngineError && (error.kind === 'ProcessEngine' || error.kind === 'NullValue');
}
