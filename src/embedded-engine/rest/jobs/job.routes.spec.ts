import { beforeEach, describe, expect, it } from '@jest/globals';
import { NotFoundError, ProcessEngineError } from '../../state/engine.errors.js';
import { compileExpression } from '../../el/index.js';
import { JOB, NOON, NOON_TEXT } from '../testing/records.js';
import { RestClient } from '../testing/rest.client.js';

const DTO = {
  id: 'J',
  jobDefinitionId: 'Approve:order:3:u',
  processInstanceId: 'PI',
  processDefinitionId: 'order:3:u',
  processDefinitionKey: 'order',
  executionId: 'E',
  exceptionMessage: 'broken',
  failedActivityId: null,
  retries: 3,
  dueDate: NOON_TEXT,
  suspended: false,
  priority: 0,
  tenantId: null,
  createTime: NOON_TEXT,
  batchId: null,
};

describe('job', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
    rest.engine.answer('jobs.find', [JOB]);
    rest.engine.answer('jobs.findOne', JOB);
  });

  it('responds 404 to unknown ids', async () => {
    rest.engine.answer('jobs.findOne', null);
    const message = 'Job with id J does not exist';
    expect(await rest.errorOf('GET /job/J')).toMatchObject({ status: 404, message, code: null });
    expect(await rest.errorOf('GET /job/J/stacktrace')).toMatchObject({
      status: 404,
      message: 'No job found with id J: job is null',
      code: null,
    });
  });

  it.each<[string, string, unknown, number]>([
    ['execute', 'POST /job/J/execute', undefined, 404],
    ['setRetries', 'PUT /job/J/retries', { retries: 1 }, 500],
    ['setDueDate', 'PUT /job/J/duedate', { duedate: NOON_TEXT }, 500],
  ])('answers with one status whatever refuses %s', async (method, request, body, status) => {
    for (const error of [new NotFoundError('gone'), new ProcessEngineError('gone')]) {
      rest.engine.answer(`jobs.${method}`, error);
      expect(await rest.errorOf(request, body)).toEqual({
        status,
        type: 'InvalidRequestException',
        message: 'gone',
        code: null,
      });
    }
  });

  it('responds 404 if the process of the timer fails, as Camunda does', async () => {
    rest.engine.implement('jobs.execute', () =>
      compileExpression('${nope}').evaluate({ has: () => false, get: () => null }),
    );
    expect(await rest.errorOf('POST /job/J/execute')).toEqual({
      status: 404,
      type: 'InvalidRequestException',
      message: "Unknown property used in expression: ${nope}. Cause: Cannot resolve identifier 'nope'",
      code: null,
    });
  });

  it.each([
    ['timers=true&messages=true', 'Parameter timers cannot be used together with parameter messages.'],
    [
      'dueDates=gt',
      "Cannot set query parameter 'dueDates' to value 'gt': condition query parameter has to have format OPERATOR_VALUE.",
    ],
    ['dueDates=gt_x', 'Invalid due date format: Cannot convert value "x" to java type java.util.Date'],
    [`dueDates=eq_${NOON_TEXT}`, 'Invalid due date comparator specified: eq'],
  ])('refuses the query %s', async (query, message) => {
    expect(await rest.errorOf(`GET /job?${query}`)).toEqual({
      status: 400,
      type: 'InvalidRequestException',
      message,
      code: null,
    });
  });

  it.each<[string, unknown, string]>([
    ['POST /job', { dueDates: [5] }, 'Invalid due date format'],
    ['POST /job', { dueDates: [{ value: NOON_TEXT }] }, 'Invalid due date comparator specified: null'],
    ['PUT /job/J/retries', {}, 'The number of retries cannot be null.'],
    ['PUT /job/J/retries', { retries: 'x' }, 'java.lang.Integer'],
    ['PUT /job/J/duedate', { duedate: 'x' }, 'java.util.Date'],
  ])('refuses %s %j', async (request, body, message) => {
    expect(await rest.errorOf(request, body)).toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    });
  });

  it('lists, counts and gets', async () => {
    rest.engine.answer('jobs.count', 1);
    const query = `processInstanceId=PI&dueDates=gt_${NOON_TEXT},lt_2026-01-31T10:00:00.009%2B0000&dueAfter=5`;
    expect(await rest.answerOf(`GET /job?${query}&sortBy=jobDueDate&sortOrder=asc`)).toEqual([DTO]);
    expect(rest.query).toEqual({
      processInstanceId: 'PI',
      dueDates: { after: NOON, before: NOON + 9 },
      sorting: [{ sortBy: 'jobDueDate', sortOrder: 'asc' }],
    });
    await rest.answerOf('POST /job', {
      timers: true,
      dueDates: [{ operator: 'lt', value: NOON_TEXT }],
    });
    expect(rest.query).toMatchObject({ timers: true, dueDates: { before: NOON } });
    expect(await rest.answerOf('GET /job/count?noRetriesLeft=true')).toEqual({ count: 1 });
    expect(await rest.answerOf('GET /job/J')).toEqual(DTO);
  });

  it('shows the stack trace as text', async () => {
    expect((await rest.send('GET /job/J/stacktrace')).body).toEqual({
      kind: 'bytes',
      contentType: 'text/plain',
      content: Buffer.from('broken at'),
    });
    rest.engine.answer('jobs.findOne', { ...JOB, exceptionStacktrace: null });
    expect((await rest.send('GET /job/J/stacktrace')).status).toBe(204);
  });

  it('executes a job, and sets retries and the due date', async () => {
    const sent = async (request: string, body?: unknown): Promise<unknown> => {
      rest.engine.calls.length = 0;
      expect((await rest.send(request, body)).status).toBe(204);
      return rest.engine.calls;
    };
    expect(await sent('POST /job/J/execute')).toEqual([{ method: 'jobs.execute', args: ['J'] }]);
    const retries = { method: 'jobs.setRetries', args: ['J', 2] };
    expect(await sent('PUT /job/J/retries', { retries: 2 })).toEqual([retries]);
    const due = { method: 'jobs.setDueDate', args: ['J', NOON] };
    expect(await sent('PUT /job/J/retries', { retries: 2, dueDate: NOON_TEXT })).toEqual([retries, due]);
    expect(await sent('PUT /job/J/duedate', { duedate: NOON_TEXT })).toEqual([due]);
    expect(await sent('PUT /job/J/duedate', {})).toEqual([{ method: 'jobs.setDueDate', args: ['J', null] }]);
  });
});
