import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  BadUserRequestError,
  EngineError,
  NotFoundError,
  NullValueError,
  ProcessEngineError,
} from '../../state/engine.errors.js';
import { compileExpression } from '../../el/index.js';
import type { EngineResponse } from '../http/http.types.js';
import { jsonOf, RestClient } from '../testing/rest.client.js';
import { INSTANCE, LOCKED_TASK, NOON, NOON_TEXT, TASK } from '../testing/records.js';

const UNKNOWN_TASK = new NotFoundError('External task with id T does not exist');

describe('external-task', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  const TASK_DTO = {
    activityId: 'Charge',
    activityInstanceId: 'Charge:u',
    errorMessage: null,
    executionId: 'E',
    id: 'T',
    lockExpirationTime: '2026-01-31T10:00:30.000+0000',
    createTime: NOON_TEXT,
    processDefinitionId: 'order:3:u',
    processDefinitionKey: 'order',
    processDefinitionVersionTag: null,
    processInstanceId: 'PI',
    retries: null,
    suspended: false,
    workerId: 'w',
    topicName: 'charge',
    tenantId: null,
    priority: 0,
    businessKey: 'ord-1',
  };

  it('fetches and locks', async () => {
    rest.engine.answer('externalTasks.fetchAndLock', {
      tasks: Promise.resolve([LOCKED_TASK]),
      cancel: () => {},
    });
    const answer = await rest.answerOf('POST /external-task/fetchAndLock', {
      workerId: 'w',
      maxTasks: 5,
      usePriority: true,
      asyncResponseTimeout: 5_000,
      sorting: [{ sortBy: 'createTime', sortOrder: 'asc' }],
      topics: [
        {
          topicName: 'charge',
          lockDuration: 30_000,
          variables: ['orderId'],
          processVariables: { n: 1, due: NOON_TEXT },
          processDefinitionKeyIn: ['order'],
          localVariables: true,
          includeExtensionProperties: true,
          deserializeValues: false,
        },
      ],
    });
    expect(rest.query).toEqual({
      workerId: 'w',
      maxTasks: 5,
      usePriority: true,
      asyncResponseTimeout: 5_000,
      createTime: 'asc',
      sharesProcess: false,
      topics: [
        {
          topicName: 'charge',
          lockDuration: 30_000,
          variables: ['orderId'],
          processVariables: new Map<string, unknown>([
            ['n', 1],
            ['due', NOON],
          ]),
          processDefinitionKeyIn: ['order'],
          localVariables: true,
          includeExtensionProperties: true,
        },
      ],
    });
    expect(answer).toEqual([
      {
        ...TASK_DTO,
        errorDetails: null,
        variables: { orderId: { type: 'String', value: 'A1', valueInfo: {} } },
        extensionProperties: { team: 'billing' },
      },
    ]);
  });

  it('uses the defaults of Camunda for absent members of a fetch', async () => {
    rest.engine.answer('externalTasks.fetchAndLock', { tasks: Promise.resolve([]), cancel: () => {} });
    expect(await rest.answerOf('POST /external-task/fetchAndLock', { topics: [{}] })).toEqual([]);
    expect(rest.query).toEqual({
      workerId: null,
      maxTasks: 0,
      usePriority: false,
      asyncResponseTimeout: null,
      createTime: null,
      sharesProcess: false,
      topics: [{ topicName: '', lockDuration: 0 }],
    });
    await rest.answerOf('POST /external-task/fetchAndLock');
    expect(rest.query).toMatchObject({ topics: [] });
  });

  it('learns from the transport, not from the caller, whether the caller shares the process', async () => {
    rest.engine.answer('externalTasks.fetchAndLock', { tasks: Promise.resolve([]), cancel: () => {} });
    await rest.dispatch('POST /external-task/fetchAndLock', { kind: 'none' }, { sharesProcess: true });
    expect(rest.query).toMatchObject({ sharesProcess: true });
    await rest.answerOf('POST /external-task/fetchAndLock', { sharesProcess: true });
    expect(rest.query).toMatchObject({ sharesProcess: false });
  });

  it.each<[unknown, string]>([
    [{ asyncResponseTimeout: 1_800_001 }, 'cannot be set to a value greater than 1800000'],
    [{ maxTasks: 'many' }, "Cannot set query parameter 'maxTasks' to value 'many'"],
    [{ workerId: {} }, "Cannot set query parameter 'workerId' to value '{}'"],
    [{ usePriority: 'perhaps' }, "Cannot set query parameter 'usePriority'"],
    [{ sorting: {} }, 'sorting must be a list'],
    [{ sorting: [{ sortBy: 'id', sortOrder: 'asc' }] }, "Cannot set query parameter 'sortBy' to value 'id'"],
    [{ sorting: [{ sortBy: 'createTime' }] }, "Cannot set query parameter 'sortOrder' to value 'null'"],
    [{ sorting: [null] }, "Cannot set query parameter 'sortBy' to value 'null'"],
    [{ topics: {} }, 'topics must be a list'],
    [{ topics: ['a'] }, 'A topic must be an object'],
  ])('refuses a fetch with %j', async (body, message) => {
    const response = await rest.send('POST /external-task/fetchAndLock', body);
    expect(response.status).toBe(400);
    expect(jsonOf(response)).toMatchObject({ type: 'InvalidRequestException', code: null });
    expect(JSON.stringify(jsonOf(response))).toContain(message);
  });

  it('passes on a refused fetch', async () => {
    rest.engine.answer('externalTasks.fetchAndLock', new NullValueError('workerId is null'));
    expect(await rest.send('POST /external-task/fetchAndLock', {})).toMatchObject({
      status: 500,
      body: { value: { type: 'NullValueException', message: 'workerId is null', code: 0 } },
    });
  });

  const value = { v: { value: true, type: 'Boolean' } };
  const typed = new Map([['v', { type: 'Boolean', value: true, valueInfo: {} }]]);
  it.each<[string, unknown, readonly unknown[]]>([
    [
      'complete',
      { workerId: 'w', variables: value, localVariables: value },
      ['T', { workerId: 'w', variables: typed, localVariables: typed }],
    ],
    ['complete', {}, ['T', { workerId: null, variables: new Map(), localVariables: new Map() }]],
    [
      'failure',
      {
        workerId: 'w',
        errorMessage: 'm',
        errorDetails: 'd',
        retries: 2,
        retryTimeout: 10,
        variables: value,
      },
      [
        'T',
        {
          workerId: 'w',
          errorMessage: 'm',
          errorDetails: 'd',
          retries: 2,
          retryTimeout: 10,
          variables: typed,
          localVariables: new Map(),
        },
      ],
    ],
    [
      'failure',
      { workerId: 'w' },
      [
        'T',
        {
          workerId: 'w',
          errorMessage: null,
          errorDetails: null,
          retries: 0,
          retryTimeout: 0,
          variables: new Map(),
          localVariables: new Map(),
        },
      ],
    ],
    [
      'bpmnError',
      { workerId: 'w', errorCode: 'E', errorMessage: 'm', variables: value },
      ['T', { workerId: 'w', errorCode: 'E', errorMessage: 'm', variables: typed }],
    ],
    ['lock', { workerId: 'w', lockDuration: 5 }, ['T', 'w', 5]],
    ['extendLock', { workerId: 'w', newDuration: '5' }, ['T', 'w', 5]],
    ['extendLock', {}, ['T', null, null]],
    ['unlock', undefined, ['T']],
  ])('passes on %s %j', async (command, body, args) => {
    const response = await rest.send(`POST /external-task/T/${command}`, body);
    expect(response).toEqual({ status: 204, headers: {}, body: { kind: 'none' } });
    expect(rest.engine.calls).toHaveLength(1);
    expect(rest.lastCall?.args).toEqual(args);
  });

  it('wraps errors of a command', async () => {
    const complete = async (error: Error): Promise<EngineResponse> => {
      rest.engine.answer('externalTasks.complete', error);
      return rest.send('POST /external-task/T/complete', {});
    };
    const locked = "External Task T cannot be completed by worker 'b'. It is locked by worker 'a'.";
    expect(await complete(UNKNOWN_TASK)).toMatchObject({
      status: 404,
      body: {
        value: { type: 'RestException', message: 'External task with id T does not exist', code: 0 },
      },
    });
    expect(await complete(new BadUserRequestError(locked))).toMatchObject({
      status: 400,
      body: { value: { type: 'RestException', message: locked, code: 0 } },
    });
    expect(
      await complete(new EngineError('OptimisticLocking', 'OptimisticLockingException', 'again', 1)),
    ).toMatchObject({
      status: 500,
      body: { value: { type: 'OptimisticLockingException', message: 'again', code: 1 } },
    });
    expect(await complete(new ProcessEngineError('no flow'))).toMatchObject({ status: 500 });
  });

  it('responds to an expression error', async () => {
    rest.engine.implement('externalTasks.complete', () =>
      compileExpression('${x}').evaluate({ has: () => false, get: () => null }),
    );
    expect(await rest.send('POST /external-task/T/complete', {})).toMatchObject({
      status: 500,
      body: {
        value: {
          type: 'ProcessEngineException',
          message: "Unknown property used in expression: ${x}. Cause: Cannot resolve identifier 'x'",
          code: 0,
        },
      },
    });
  });

  it('refuses invalid variables without a call of the engine', async () => {
    const response = await rest.send('POST /external-task/T/complete', {
      variables: { a: { type: 'Nope' } },
    });
    expect(response).toMatchObject({
      status: 400,
      body: { value: { message: "Unsupported value type 'Nope'" } },
    });
    expect(rest.engine.calls).toEqual([]);
  });

  it('lists and counts by GET and by POST', async () => {
    rest.engine.answer('externalTasks.find', [TASK]);
    rest.engine.answer('externalTasks.count', 1);
    expect(
      await rest.answerOf('GET /external-task?locked=true&priorityLowerThanOrEquals=5&externalTaskIdIn=a,b'),
    ).toEqual([TASK_DTO]);
    expect(rest.query).toMatchObject({
      locked: true,
      priorityLowerThanOrEquals: 5,
      externalTaskIdIn: ['a', 'b'],
    });
    await rest.answerOf('POST /external-task?maxResults=3&firstResult=2', {
      topicName: 'charge',
      externalTaskIdIn: ['a', 'b'],
      notLocked: false,
      withRetriesLeft: true,
      lockExpirationBefore: NOON_TEXT,
      processVariables: [{ name: 'n', operator: 'gteq', value: 5 }],
      sorting: [
        { sortBy: 'taskPriority', sortOrder: 'desc' },
        { sortBy: 'createTime', sortOrder: 'asc' },
      ],
    });
    expect(rest.query).toEqual({
      topicName: 'charge',
      externalTaskIdIn: ['a', 'b'],
      withRetriesLeft: true,
      lockExpirationBefore: NOON,
      processVariables: [{ name: 'n', operator: 'gteq', value: 5 }],
      firstResult: 2,
      maxResults: 3,
      sorting: [
        { sortBy: 'taskPriority', sortOrder: 'desc' },
        { sortBy: 'createTime', sortOrder: 'asc' },
      ],
    });
    expect(await rest.answerOf('POST /external-task/count', { workerId: 'w' })).toEqual({ count: 1 });
    expect(rest.query).toEqual({ workerId: 'w' });
  });

  it('reads values of a query string as texts and dates, never as numbers', async () => {
    rest.engine.answer('externalTasks.find', []);
    await rest.send(
      'GET /external-task?processVariables=a_eq_b,n_gt_5,f_neq_true,d_lteq_1970-01-01T00:00:00.000%2B0000',
    );
    expect(rest.query).toMatchObject({
      processVariables: [
        { name: 'a', operator: 'eq', value: 'b' },
        { name: 'n', operator: 'gt', value: '5' },
        { name: 'f', operator: 'neq', value: 'true' },
        { name: 'd', operator: 'lteq', value: 0 },
      ],
    });
  });

  it.each([
    ['sortBy=id', 'Only a single sorting parameter specified. sortBy and sortOrder required'],
    ['sortOrder=asc', 'Only a single sorting parameter specified. sortBy and sortOrder required'],
    ['sortBy=nope&sortOrder=asc', "Cannot set query parameter 'sortBy' to value 'nope'"],
    ['sortBy=id&sortOrder=up', "Cannot set query parameter 'sortOrder' to value 'up'"],
    [
      'maxResults=x',
      "Cannot set query parameter 'maxResults' to value 'x': Cannot convert value x to java type java.lang.Integer",
    ],
    [
      'maxResults=2147483648',
      "Cannot set query parameter 'maxResults' to value '2147483648': Cannot convert value 2147483648 to java type java.lang.Integer",
    ],
    [
      'locked=maybe',
      "Cannot set query parameter 'locked' to value 'maybe': Cannot convert value maybe to java type java.lang.Boolean",
    ],
    [
      'lockExpirationAfter=2026-01-31',
      "Cannot set query parameter 'lockExpirationAfter' to value '2026-01-31': Cannot convert value \"2026-01-31\" to java type java.util.Date",
    ],
    [
      'processVariables=a_eq',
      "Cannot set query parameter 'processVariables' to value 'a_eq': variable query parameter has to have format KEY_OPERATOR_VALUE.",
    ],
    ['processVariables=a_is_b', 'Invalid variable comparator specified: is'],
  ])('refuses the query %s', async (query, message) => {
    const response = await rest.send(`GET /external-task?${query}`);
    expect(response.status).toBe(400);
    expect(jsonOf(response)).toEqual({ type: 'InvalidRequestException', message, code: null });
  });

  it.each<[unknown, string]>([
    [{ sorting: 'id' }, 'sorting must be a list of {sortBy, sortOrder}'],
    [{ processVariables: [5] }, "Cannot set query parameter 'processVariables': an item is no object"],
    [{ processVariables: [{ name: 'a' }] }, 'Invalid variable comparator specified: null'],
    [
      { lockExpirationAfter: 5 },
      "Cannot set query parameter 'lockExpirationAfter' to value '5': Cannot convert value \"5\" to java type java.util.Date",
    ],
  ])('refuses the query body %j', async (body, message) => {
    expect(jsonOf(await rest.send('POST /external-task', body))).toMatchObject({ message });
  });

  it.each([
    ['maxResults=-1', { maxResults: 0 }],
    ['firstResult=-1&maxResults=3', { firstResult: 0, maxResults: 2 }],
    ['firstResult=-5', { firstResult: 0 }],
    ['firstResult=2&maxResults=3', { firstResult: 2, maxResults: 3 }],
  ])('cuts the page %s as a database does', async (query, page) => {
    rest.engine.answer('externalTasks.find', []);
    await rest.send(`GET /external-task?${query}`);
    expect(rest.query).toEqual({ sorting: [], ...page });
  });

  it('does not filter by an empty list', async () => {
    rest.engine.answer('externalTasks.count', 0);
    await rest.send('POST /external-task/count', { externalTaskIdIn: [], tenantIdIn: [null] });
    expect(rest.query).toEqual({});
  });

  it('ignores a parameter __proto__ like any unknown parameter', async () => {
    rest.engine.answer('externalTasks.count', 0);
    await rest.send('GET /external-task/count?__proto__=x&constructor=y&topicName=t');
    expect(rest.query).toEqual({ topicName: 't' });
  });

  it('accepts a date whose plus arrived as a space', async () => {
    rest.engine.answer('externalTasks.find', []);
    await rest.send(`GET /external-task?lockExpirationAfter=${NOON_TEXT}`);
    expect(rest.query).toMatchObject({ lockExpirationAfter: NOON });
    await rest.send(`GET /external-task?lockExpirationAfter=${encodeURIComponent(NOON_TEXT)}`);
    expect(rest.query).toMatchObject({ lockExpirationAfter: NOON });
  });

  it('gets a task and its error details', async () => {
    rest.engine.answer('externalTasks.findOne', { ...TASK, errorDetails: 'stack' });
    expect(await rest.answerOf('GET /external-task/T')).toEqual(TASK_DTO);
    expect((await rest.send('GET /external-task/T/errorDetails')).body).toEqual({
      kind: 'bytes',
      contentType: 'text/plain',
      content: Buffer.from('stack'),
    });
    rest.engine.answer('externalTasks.findOne', TASK);
    expect((await rest.send('GET /external-task/T/errorDetails')).status).toBe(204);
    rest.engine.answer('externalTasks.findOne', null);
    expect(await rest.send('GET /external-task/T')).toMatchObject({
      status: 404,
      body: {
        value: { type: 'RestException', message: 'External task with id T does not exist', code: null },
      },
    });
    expect(await rest.errorOf('GET /external-task/T/errorDetails')).toEqual({
      status: 500,
      type: 'NullValueException',
      message: 'No external task found with id T: externalTask is null',
      code: 0,
    });
  });

  it('sets retries and priority of one task', async () => {
    expect((await rest.send('PUT /external-task/T/retries', { retries: 3 })).status).toBe(204);
    expect(rest.lastCall).toEqual({ method: 'externalTasks.setRetries', args: ['T', 3] });
    expect((await rest.send('PUT /external-task/T/priority', { priority: -1 })).status).toBe(204);
    expect(rest.lastCall).toEqual({ method: 'externalTasks.setPriority', args: ['T', -1] });
    expect((await rest.send('PUT /external-task/T/retries', {})).status).toBe(400);
    expect((await rest.send('PUT /external-task/T/priority', { priority: null })).status).toBe(400);
    rest.engine.answer('externalTasks.setRetries', UNKNOWN_TASK);
    expect(await rest.send('PUT /external-task/T/retries', { retries: 1 })).toMatchObject({
      status: 404,
      body: { value: { type: 'RestException', code: 0 } },
    });
    rest.engine.answer('externalTasks.setRetries', new BadUserRequestError('negative'));
    expect((await rest.send('PUT /external-task/T/retries', { retries: -1 })).status).toBe(400);
    rest.engine.answer('externalTasks.setRetries', new ProcessEngineError('other'));
    expect((await rest.send('PUT /external-task/T/retries', { retries: 1 })).status).toBe(500);
  });

  it('sets retries of many tasks, by ids, instances and queries', async () => {
    rest.engine.answer('runtime.processInstances.find', [{ ...INSTANCE, id: 'Q' }]);
    await rest.send('PUT /external-task/retries', {
      retries: 2,
      externalTaskIds: ['a'],
      processInstanceIds: ['P'],
      processInstanceQuery: { processDefinitionKey: 'order' },
      externalTaskQuery: { topicName: 't' },
    });
    expect(rest.engine.calls[0]).toEqual({
      method: 'runtime.processInstances.find',
      args: [{ processDefinitionKey: 'order' }],
    });
    expect(rest.lastCall?.args).toEqual([
      { externalTaskIds: ['a'], processInstanceIds: ['P', 'Q'], query: { topicName: 't' } },
      2,
    ]);
    await rest.send('PUT /external-task/retries', { retries: 1, externalTaskIds: ['a'] });
    expect(rest.lastCall?.args).toEqual([{ externalTaskIds: ['a'] }, 1]);
    expect((await rest.send('PUT /external-task/retries', { externalTaskIds: ['a'] })).status).toBe(400);
  });

  it('returns topic names', async () => {
    rest.engine.answer('externalTasks.findTopicNames', ['a', 'b']);
    expect(await rest.answerOf('GET /external-task/topic-names?withLockedTasks=true')).toEqual(['a', 'b']);
    expect(rest.query).toEqual({ withLockedTasks: true });
  });
});
