import { JOB_QUERY } from '../../query/job.query.js';
import type { JobService } from '../../timers/job.service.js';
import { EngineError } from '../../state/engine.errors.js';
import { ExpressionError } from '../../el/index.js';
import type { JobRecord } from '../../state/records.types.js';
import { get, post, put, type Route, type RouteCall } from '../http/engine.router.js';
import { noContent, ok, textOrNoContent, type EngineResponse } from '../http/http.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { jobDefinitionId } from './job-definition.id.js';
import { integer, nullable, optional } from '../http/json.reader.js';
import { date } from '../query/query.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import { invalidRequest, notFound, raise, RestError } from '../http/rest.error.js';

/** `/job`. */
export function jobRoutes(jobs: JobService): readonly Route[] {
  return [
    ...queryRoutes(JOB_QUERY, jobs, presentJob, {
      check: (query) => {
        if (query.timers === true && query.messages === true)
          throw invalidRequest('Parameter timers cannot be used together with parameter messages.');
      },
    }),
    get('/job/:id', (call) => {
      const id = call.param('id');
      return ok(presentJob(jobs.findOne(id) ?? raise(notFound(`Job with id ${id} does not exist`))));
    }),
    get('/job/:id/stacktrace', (call) => {
      const id = call.param('id');
      const job = jobs.findOne(id) ?? raise(notFound(`No job found with id ${id}: job is null`));
      return textOrNoContent(job.exceptionStacktrace);
    }),
    post('/job/:id/execute', (call) => command(404, () => jobs.execute(call.param('id')))),
    put('/job/:id/retries', (call) => setRetries(jobs, call)),
    put('/job/:id/duedate', (call) => {
      const dueDate = nullable(call.body(), 'duedate', date);
      return command(500, () => jobs.setDueDate(call.param('id'), dueDate));
    }),
  ];
}

function setRetries(jobs: JobService, call: RouteCall): Promise<EngineResponse> {
  const [id, body] = [call.param('id'), call.body()];
  const retries = optional(body, 'retries', integer);
  const dueDate = optional(body, 'dueDate', date);
  if (retries === undefined) throw invalidRequest('The number of retries cannot be null.');
  return command(500, async () => {
    await jobs.setRetries(id, retries);
    if (dueDate !== undefined) await jobs.setDueDate(id, dueDate);
  });
}

/** @param status for every error of the engine: Camunda has one for each command, without the engine's code */
async function command(status: number, run: () => Promise<void>): Promise<EngineResponse> {
  try {
    await run();
    return noContent();
  } catch (error) {
    if (error instanceof EngineError || error instanceof ExpressionError)
      throw new RestError(status, 'InvalidRequestException', error.message, null, { cause: error });
    throw error;
  }
}

/** JobDto. The engine has no batches. */
function presentJob(job: JobRecord): Record<string, unknown> {
  return {
    id: job.id,
    jobDefinitionId: jobDefinitionId(job.processDefinitionId, job.activityId),
    processInstanceId: job.processInstanceId,
    processDefinitionId: job.processDefinitionId,
    processDefinitionKey: job.processDefinitionKey,
    executionId: job.executionId,
    exceptionMessage: job.exceptionMessage,
    failedActivityId: job.failedActivityId,
    retries: job.retries,
    dueDate: formatNullableDate(job.dueDate),
    suspended: job.suspended,
    priority: job.priority,
    tenantId: job.tenantId,
    createTime: formatDate(job.createTime),
    batchId: null,
  };
}
