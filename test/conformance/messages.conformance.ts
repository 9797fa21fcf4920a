import { describe, expect, it } from '@jest/globals';
import { refused, uncorrelated } from './support/answers.js';
import {
  bpmn,
  boundaryMessage,
  catchMessage,
  catchTimer,
  end,
  eventGateway,
  message,
  messageStart,
  path,
  process as processElement,
  receive,
  start,
  task,
} from './support/bpmn.js';
import { uniqueKey, type Json } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';
import { vars } from './support/scenario.js';

const engine = useEngine();
const send = <T = Json>(body: Json) => engine.post<T>('/message', body);

/** A process that waits for a message with a unique name, then in `A`. */
async function waiting(event = catchMessage('M', 'm')) {
  const name = uniqueKey('m');
  const process = await engine.process([start(), event, task('A'), end(), path('start', 'M', 'A', 'end')], {
    definitions: message('m', name),
  });
  return { name, process };
}

/** A process that starts with a message with a unique name. */
async function startedBy(...more: readonly string[]) {
  const name = uniqueKey('m');
  const process = await engine.process(
    [messageStart('begin', 'm'), task('A'), end(), path('begin', 'A', 'end'), ...more],
    { definitions: message('m', name) },
  );
  return { name, process };
}

describe('message', () => {
  it('needs a name', async () => {
    expect(await send({})).toMatchObject(refused(400, 'InvalidRequestException', 'No message name supplied'));
  });

  it('is refused if no execution waits for it', async () => {
    const name = uniqueKey('m');
    expect(await send({ messageName: name })).toMatchObject(uncorrelated(name));
  });

  it('is refused when several wait for it', async () => {
    const { name, process } = await waiting();
    await process.start();
    await process.start();
    const text = `MismatchingMessageCorrelationException: ENGINE-13031 Cannot correlate a message with name '${name}' to a single execution. 2 executions match the correlation keys: CorrelationSet \\[`;
    expect(await send({ messageName: name })).toMatchObject(
      refused(400, 'RestException', new RegExp(text), 0),
    );
  });

  it.each<[string, (instance: string) => Json]>([
    ['the instance', (instance) => ({ processInstanceId: instance })],
    ['its business key', () => ({ businessKey: 'mine' })],
    ['a variable', () => ({ correlationKeys: vars({ k: 1 }) })],
    ['two variables', () => ({ correlationKeys: vars({ k: 1, both: 'x' }) })],
    ['both', () => ({ businessKey: 'mine', correlationKeys: vars({ k: 1 }) })],
    ['no tenant', () => ({ processInstanceId: null, businessKey: 'mine', withoutTenantId: true })],
  ])('finds its instance by %s', async (_name, filter) => {
    const { name, process } = await waiting();
    const mine = await process.start({ k: 1, both: 'x' }, { businessKey: 'mine' });
    const other = await process.start({ k: 2, both: 'x' }, { businessKey: 'other' });
    expect(await send({ messageName: name, ...filter(mine) })).toMatchObject({ status: 204, body: null });
    expect(await process.waitsIn(mine)).toEqual(['A']);
    expect(await process.waitsIn(other)).toEqual(['M']);
  });

  it.each<[string, Json]>([
    ['another business key', { businessKey: 'nope' }],
    ['another value', { correlationKeys: vars({ k: 9 }) }],
    ['another variable', { correlationKeys: vars({ nope: 1 }) }],
    ['a variable that is not local', { localCorrelationKeys: vars({ k: 1 }) }],
    ['another instance', { processInstanceId: 'nope' }],
    ['a tenant', { tenantId: 'nope' }],
  ])('does not find it by %s', async (_name, filter) => {
    const { name, process } = await waiting();
    const instance = await process.start({ k: 1 }, { businessKey: 'mine' });
    expect(await send({ messageName: name, ...filter })).toMatchObject(uncorrelated(name));
    expect(await process.waitsIn(instance)).toEqual(['M']);
  });

  it('has a name that may be an expression', async () => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [start(), catchMessage('M', 'm'), task('A'), end(), path('start', 'M', 'A', 'end')],
      { definitions: message('m', `${name}-\${k}`) },
    );
    const instance = await process.start({ k: 'v' });
    expect(await send({ messageName: `${name}-v` })).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });

  it('brings variables', async () => {
    const { name, process } = await waiting();
    const instance = await process.start({ old: 1 });
    await send({
      messageName: name,
      processInstanceId: instance,
      processVariables: vars({ old: 2, fresh: 'x' }),
    });
    expect(await process.values(instance)).toEqual({ old: 2, fresh: 'x' });
  });

  it('brings local variables that are gone behind its event', async () => {
    const { name, process } = await waiting();
    const instance = await process.start();
    await send({ messageName: name, processInstanceId: instance, processVariablesLocal: vars({ here: 1 }) });
    expect(await process.variable(instance, 'here')).toBeUndefined();
  });

  it('refuses a variable that does not match its type', async () => {
    const { name, process } = await waiting();
    const instance = await process.start();
    const answer = await send({
      messageName: name,
      processInstanceId: instance,
      processVariables: { n: { value: 'x', type: 'Integer' } },
    });
    expect(answer).toMatchObject({ status: 400, body: { type: 'InvalidRequestException' } });
    expect(await process.waitsIn(instance)).toEqual(['M']);
  });

  it('is gone once it was received', async () => {
    const { name, process } = await waiting();
    const instance = await process.start();
    await send({ messageName: name, processInstanceId: instance });
    expect(await send({ messageName: name, processInstanceId: instance })).toMatchObject(uncorrelated(name));
  });

  it('reaches all who wait when asked', async () => {
    const { name, process } = await waiting();
    const instances = [await process.start(), await process.start()];
    const { status, body } = await send<Json[]>({ messageName: name, all: true, resultEnabled: true });
    expect(status).toBe(200);
    expect(body.map(({ execution }) => (execution as Json).processInstanceId).sort()).toEqual(
      instances.sort(),
    );
  });

  it('may reach no execution if it is for all', async () => {
    const messageName = uniqueKey('m');
    expect(await send({ messageName, all: true })).toMatchObject({ status: 204, body: null });
    expect(await send({ messageName, all: true, resultEnabled: true })).toMatchObject({
      status: 200,
      body: [],
    });
  });

  it('returns the reached executions on request', async () => {
    const { name, process } = await waiting();
    const instance = await process.start();
    const { status, body } = await send({ messageName: name, resultEnabled: true });
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        resultType: 'Execution',
        execution: {
          id: expect.any(String),
          processInstanceId: instance,
          ended: expect.any(Boolean),
          tenantId: null,
        },
        processInstance: null,
      },
    ]);
  });

  it('returns the variables on request', async () => {
    const { name, process } = await waiting();
    await process.start({ k: 1 });
    const { body } = await send({
      messageName: name,
      resultEnabled: true,
      variablesInResultEnabled: true,
      processVariables: vars({ b: 'x' }),
    });
    expect(body).toMatchObject([
      { variables: { k: { type: 'Integer', value: 1 }, b: { type: 'String', value: 'x' } } },
    ]);
  });

  it('does not tell variables without a result', async () => {
    expect(await send({ messageName: uniqueKey('m'), variablesInResultEnabled: true })).toMatchObject(
      refused(
        400,
        'InvalidRequestException',
        "Parameter 'variablesInResultEnabled' cannot be used without 'resultEnabled' set to true.",
      ),
    );
  });

  it('cannot be both for a tenant and for none', async () => {
    expect(await send({ messageName: uniqueKey('m'), tenantId: 't', withoutTenantId: true })).toMatchObject(
      refused(
        400,
        'InvalidRequestException',
        "Parameter 'tenantId' cannot be used together with parameter 'withoutTenantId'.",
      ),
    );
  });

  it('fails when the way on fails, and can be sent again', async () => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [
        start(),
        catchMessage('M', 'm'),
        task(
          'A',
          '<camunda:inputOutput><camunda:inputParameter name="x">${needed}</camunda:inputParameter></camunda:inputOutput>',
        ),
        end(),
        path('start', 'M', 'A', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    expect((await send({ messageName: name })).status).toBe(500);
    expect(await process.waitsIn(instance)).toEqual(['M']);
    expect(await send({ messageName: name, processVariables: vars({ needed: 1 }) })).toMatchObject({
      status: 204,
    });
  });
});

describe('message start event', () => {
  it('starts an instance', async () => {
    const { name, process } = await startedBy();
    const { status, body } = await send({
      messageName: name,
      businessKey: 'bk',
      processVariables: vars({ a: 1 }),
      resultEnabled: true,
    });
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        resultType: 'ProcessDefinition',
        execution: null,
        processInstance: {
          links: [],
          id: expect.any(String),
          definitionId: process.definitionId,
          definitionKey: process.key,
          businessKey: 'bk',
          caseInstanceId: null,
          ended: false,
          suspended: false,
          tenantId: null,
        },
      },
    ]);
    expect(await process.fetchOne('A')).toMatchObject({ businessKey: 'bk', variables: { a: { value: 1 } } });
  });

  it('answers nothing unless asked', async () => {
    const { name, process } = await startedBy();
    expect(await send({ messageName: name })).toMatchObject({ status: 204, body: null });
    expect(await process.fetch('A')).toHaveLength(1);
  });

  it('shows in history as what started the instance', async () => {
    const { name, process } = await startedBy();
    await send({ messageName: name });
    const [row] = await engine.list(`/history/process-instance?processDefinitionKey=${process.key}`);
    expect(row).toMatchObject({ startActivityId: 'begin' });
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${String(row?.id)}&activityId=begin`),
    ).toMatchObject([{ activityType: 'messageStartEvent' }]);
  });

  it('gives way to an execution that waits for the same message', async () => {
    const { name, process } = await startedBy();
    const waiter = await engine.process(
      [start(), catchMessage('M', 'm'), task('A'), end(), path('start', 'M', 'A', 'end')],
      { definitions: message('m', name) },
    );
    const instance = await waiter.start();
    await send({ messageName: name });
    expect(await waiter.waitsIn(instance)).toEqual(['A']);
    expect(await process.fetch('A')).toEqual([]);
  });

  it('starts even if the message names an unknown instance', async () => {
    const { name, process } = await startedBy();
    expect(await send({ messageName: name, processInstanceId: 'x' })).toMatchObject({ status: 204 });
    expect(await process.fetch('A')).toHaveLength(1);
  });

  it('starts the latest version', async () => {
    const { name, process } = await startedBy();
    const next = await engine.process(
      [messageStart('begin', 'm'), task('B'), end(), path('begin', 'B', 'end')],
      {
        key: process.key,
        definitions: message('m', name),
      },
    );
    await send({ messageName: name });
    expect(await next.fetch('B')).toHaveLength(1);
  });

  it('is that of the version before when the latest is deleted', async () => {
    const { name, process } = await startedBy();
    const next = await engine.process(
      [messageStart('begin', 'm'), task('B'), end(), path('begin', 'B', 'end')],
      {
        key: process.key,
        definitions: message('m', name),
      },
    );
    await engine.delete(`/deployment/${next.deploymentId}?cascade=true`);
    await send({ messageName: name });
    expect(await process.fetch('A')).toHaveLength(1);
  });

  it('starts nothing while its definition is suspended', async () => {
    const { name, process } = await startedBy();
    await engine.put(`/process-definition/${process.definitionId}/suspended`, { suspended: true });
    expect(await send({ messageName: name })).toMatchObject(uncorrelated(name));
  });

  it('is no longer there when a later version has none', async () => {
    const { name, process } = await startedBy();
    await engine.process([start(), task('B'), end(), path('start', 'B', 'end')], { key: process.key });
    expect(await send({ messageName: name })).toMatchObject(uncorrelated(name));
  });

  it('stands beside a none start event', async () => {
    const { name, process } = await startedBy(start(), task('B'), path('start', 'B', 'end'));
    const byRequest = await process.start();
    expect(await process.waitsIn(byRequest)).toEqual(['B']);
    await send({ messageName: name });
    expect(await process.fetch('A')).toHaveLength(1);
  });

  it('is refused for a second process with the same message', async () => {
    const { name } = await startedBy();
    const answer = await engine.deploy({
      'second.bpmn': bpmn(
        message('m', name),
        processElement(uniqueKey(), [messageStart('begin', 'm'), end(), path('begin', 'end')]),
      ),
    });
    expect(answer).toMatchObject({
      status: 500,
      body: {
        message: `ENGINE-01011 Cannot deploy process definition 'second.bpmn': there already is a message event subscription for the message with name '${name}'.`,
      },
    });
  });
});

describe('receive task', () => {
  it('waits for its message', async () => {
    const { name, process } = await waiting(receive('M', 'm'));
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['M']);
    await send({ messageName: name, processInstanceId: instance });
    expect(await process.waitsIn(instance)).toEqual(['A']);
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=M`),
    ).toMatchObject([{ activityType: 'receiveTask' }]);
  });

  it('without a message is passed by a signal to its execution', async () => {
    const process = await engine.process([
      start(),
      receive('R', ''),
      task('A'),
      end(),
      path('start', 'R', 'A', 'end'),
    ]);
    const instance = await process.start();
    const { childActivityInstances } = await engine.read<{
      childActivityInstances: { executionIds: string[] }[];
    }>(`/process-instance/${instance}/activity-instances`);
    const execution = String(childActivityInstances[0]?.executionIds[0]);
    expect(await engine.read(`/execution/${execution}`)).toEqual({
      id: execution,
      processInstanceId: instance,
      ended: false,
      tenantId: null,
    });
    const signal = () => engine.post(`/execution/${execution}/signal`, { variables: vars({ s: 1 }) });
    expect(await signal()).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['A']);
    expect(await process.variable(instance, 's')).toMatchObject({ value: 1 });
    expect((await signal()).status).toBe(500);
  });

  it('is an error of an unknown execution', async () => {
    expect(await engine.post('/execution/nope/signal')).toMatchObject(
      refused(
        500,
        'RestException',
        /^Cannot signal execution nope: execution nope doesn't exist: execution is null$/,
        0,
      ),
    );
  });
});

describe('message boundary event', () => {
  it.each([true, false])('on a task, interrupting: %s', async (interrupting) => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [
        start(),
        task('A'),
        boundaryMessage('b', 'A', 'm', interrupting),
        task('X'),
        end(),
        path('start', 'A', 'end'),
        path('b', 'X', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    await send({ messageName: name, processVariables: vars({ v: 1 }) });
    expect(await process.waitsIn(instance)).toEqual(interrupting ? ['X'] : ['A', 'X']);
    expect(await process.variable(instance, 'v')).toMatchObject({ value: 1 });
    expect((await send({ messageName: name })).status).toBe(interrupting ? 400 : 204);
  });
});

describe('event-based gateway', () => {
  async function choosing() {
    const [one, two] = [uniqueKey('m'), uniqueKey('m')];
    const process = await engine.process(
      [
        start(),
        eventGateway('G'),
        catchMessage('M1', 'm1'),
        catchMessage('M2', 'm2'),
        catchTimer('T', 'PT1H'),
        task('A'),
        task('B'),
        task('C'),
        end(),
        path('start', 'G', 'M1', 'A', 'end'),
        path('G', 'M2', 'B', 'end'),
        path('G', 'T', 'C', 'end'),
      ],
      { definitions: message('m1', one) + message('m2', two) },
    );
    return { process, one, two, instance: await process.start() };
  }

  it('waits itself, with a job for its timer', async () => {
    const { process, instance } = await choosing();
    expect(await process.waitsIn(instance)).toEqual(['G']);
    expect(await engine.list(`/job?processInstanceId=${instance}`)).toHaveLength(1);
  });

  it('goes the way of the message that comes, and of no other', async () => {
    const { process, instance, one, two } = await choosing();
    expect(await send({ messageName: two, processInstanceId: instance })).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['B']);
    expect(await send({ messageName: one, processInstanceId: instance })).toMatchObject(uncorrelated(one));
    expect(await engine.list(`/job?processInstanceId=${instance}`)).toEqual([]);
  });

  it('goes the way of its timer, and then takes no message', async () => {
    const { process, instance, one } = await choosing();
    const [job] = await engine.list(`/job?processInstanceId=${instance}`);
    await engine.post(`/job/${String(job?.id)}/execute`);
    expect(await process.waitsIn(instance)).toEqual(['C']);
    expect(await send({ messageName: one, processInstanceId: instance })).toMatchObject(uncorrelated(one));
  });

  it('shows in history as cancelled, before the event that came', async () => {
    const { process, instance, one } = await choosing();
    await send({ messageName: one, processInstanceId: instance });
    expect(await process.trail(instance)).toEqual(['!G', 'M1', 'start']);
  });
});

describe('the executions that wait for a message', () => {
  const receivers = (messageName: string, filter: Json = {}, query = '') =>
    engine.post<Json[]>(`/execution${query}`, { messageEventSubscriptionName: messageName, ...filter });
  const found = async (messageName: string, filter: Json = {}) =>
    (await receivers(messageName, filter)).body.map(({ processInstanceId }) => processInstanceId);
  const equal = (values: Json, operator = 'eq') => ({
    processVariables: Object.entries(values).map(([name, value]) => ({ name, operator, value })),
  });

  it.each([
    ['a receive task', receive('M', 'm')],
    ['a catch event', catchMessage('M', 'm')],
  ])('are found at %s, until it has the message', async (_where, event) => {
    const { name, process } = await waiting(event);
    const instance = await process.start();
    const { status, body } = await receivers(name);
    expect(status).toBe(200);
    expect(body).toEqual([
      { id: expect.any(String), processInstanceId: instance, ended: false, tenantId: null },
    ]);
    await send({ messageName: name, processInstanceId: instance });
    expect(await found(name)).toEqual([]);
  });

  it('are found at a boundary event and at an event gateway', async () => {
    const name = uniqueKey('m');
    const boundary = await engine.process(
      [
        start(),
        task('A'),
        boundaryMessage('b', 'A', 'm', false),
        end(),
        path('start', 'A', 'end'),
        path('b', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const gateway = await engine.process(
      [
        start(),
        eventGateway('G'),
        catchMessage('M', 'm'),
        catchTimer('T', 'PT1H'),
        end(),
        path('start', 'G', 'M', 'end'),
        path('G', 'T', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const instances = [await boundary.start(), await gateway.start()];
    expect((await found(name)).sort()).toEqual(instances.sort());
  });

  it('are found by GET, and counted', async () => {
    const { name, process } = await waiting(receive('M', 'm'));
    const instance = await process.start();
    await process.start();
    const query = `messageEventSubscriptionName=${name}`;
    expect(await engine.list(`/execution?${query}`)).toHaveLength(2);
    expect(await engine.list(`/execution?${query}&processInstanceId=${instance}`)).toMatchObject([
      { processInstanceId: instance },
    ]);
    expect(await engine.count(`/execution/count?${query}`)).toBe(2);
    expect((await engine.post('/execution/count', { messageEventSubscriptionName: name })).body).toEqual({
      count: 2,
    });
  });

  it.each<[string, Json, string, boolean]>([
    ['a text', { s: 'x' }, 'eq', true],
    ['another text', { s: 'y' }, 'eq', false],
    ['a number', { n: 1 }, 'eq', true],
    ['a number for a text', { s: 1 }, 'eq', false],
    ['a text for a number', { n: '1' }, 'eq', false],
    ['a truth value', { b: true }, 'eq', true],
    ['the other truth value', { b: false }, 'eq', false],
    ['two variables', { s: 'x', n: 1 }, 'eq', true],
    ['two variables, one of them different', { s: 'x', n: 2 }, 'eq', false],
    ['a variable that it does not have', { nope: 'x' }, 'eq', false],
    ['a different text', { s: 'y' }, 'neq', true],
  ])('are filtered by processVariables: %s', async (_what, values, operator, isFound) => {
    const { name, process } = await waiting(receive('M', 'm'));
    const instance = await process.start({ s: 'x', n: 1, b: true });
    expect(await found(name, equal(values, operator))).toEqual(isFound ? [instance] : []);
  });

  it('are filtered by processVariables in a GET', async () => {
    const { name, process } = await waiting();
    const instance = await process.start({ s: 'x' });
    await process.start({ s: 'y' });
    const rows = await engine.list(`/execution?messageEventSubscriptionName=${name}&processVariables=s_eq_x`);
    expect(rows).toMatchObject([{ processInstanceId: instance }]);
  });

  it('are filtered by the variables of the instance that a change has set', async () => {
    const { name, process } = await waiting();
    const instance = await process.start({ s: 'x' });
    await engine.put(`/process-instance/${instance}/variables/s`, { value: 'z', type: 'String' });
    expect(await found(name, equal({ s: 'x' }))).toEqual([]);
    expect(await found(name, equal({ s: 'z' }))).toEqual([instance]);
  });

  it.each(['gt', 'lteq', 'like', 'almost'])(
    'refuse the operator %s for processVariables',
    async (operator) => {
      const error = { status: 400, body: { type: 'InvalidRequestException' } };
      expect(await receivers('m', equal({ a: 1 }, operator))).toMatchObject(error);
      expect(await engine.get(`/execution?processVariables=a_${operator}_1`)).toMatchObject(error);
    },
  );

  it('come in pages, in the order of their instances', async () => {
    const { name, process } = await waiting(receive('M', 'm'));
    const instances = [await process.start(), await process.start(), await process.start()].sort();
    const sorting = [{ sortBy: 'instanceId', sortOrder: 'asc' }];
    const page = async (query: string) =>
      (await receivers(name, { sorting }, query)).body.map(({ processInstanceId }) => processInstanceId);
    expect(await page('?firstResult=0&maxResults=2')).toEqual(instances.slice(0, 2));
    expect(await page('?firstResult=2&maxResults=2')).toEqual(instances.slice(2));
  });
});
