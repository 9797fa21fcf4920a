import { JOB_QUERY } from '../../query/job.query.js';
import type { JobService } from '../../timers/job.service.js';
import { EngineError } from '../../state/engine.errors.js';
import { ExpressionError } from '../../el/index.js';
import type { JobRecord } from '../../state/records.types.js';
import type { Route, RouteCall } from '../http/engine.router.js';
import { noContent, ok, textOrNoContent, type EngineResponse } from '../http/http.types.js';
import { presentJob } from './job.presenter.js';
import { integer, nullable, optional } from '../http/json.reader.js';
import { date } from '../query/query.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import { invalidRequest, notFound, RestError } from '../http/rest.error.js';

/** `/job`. */
export function jobRoutes(jobs: JobService): readonly Route[] {
  return [
    ...queryRoutes(JOB_QUERY, {
      check: (query) => {
        if (query.timers === true && query.messages === true)
          throw invalidRequest('Parameter timers cannot be used together with parameter messages.');
      },
      find: (query) => jobs.find(query),
      count: (query) => jobs.count(query),
      present: presentJob,
    }),
    { method: 'GET', path: '/job/:id', handle: (call) => ok(presentJob(jobOf(jobs, call))) },
    {
      method: 'GET',
      path: '/job/:id/stacktrace',
      handle: (call) => {
        const job = jobs.findOne(call.param('id'));
        if (job === null) throw notFound(`No job found with id ${call.param('id')}: job is null`);
        return textOrNoContent(job.exceptionStacktrace);
      },
    },
    {
      method: 'POST',
      path: '/job/:id/execute',
      handle: (call) => command(404, () => jobs.execute(call.param('id'))),
    },
    { method: 'PUT', path: '/job/:id/retries', handle: (call) => setRetries(jobs, call) },
    {
      method: 'PUT',
      path: '/job/:id/duedate',
      handle: (call) => {
        const dueDate = nullable(call.body(), 'duedate', date);
        return command(500, () => jobs.setDueDate(call.param('id'), dueDate));
      },
    },
  ];
}

function jobOf(jobs: JobService, call: RouteCall): JobRecord {
  const job = jobs.findOne(call.param('id'));
  if (job === null) throw notFound(`Job with id ${call.param('id')} does not exist`);
  return job;
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
