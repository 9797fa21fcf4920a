import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import {
  and,
  boundary,
  element,
  end,
  error,
  evaluate,
  manual,
  pass,
  path,
  script,
  start,
  task,
  user,
  io,
} from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';
import { vars } from './support/scenario.js';

const engine = useEngine();
const around = (activity: string) => [start(), activity, task('Z'), end(), path('start', 'A', 'Z', 'end')];

describe('user task', () => {
  const RICH = user(
    'A',
    'name="Do it" camunda:assignee="kim" camunda:formKey="form" camunda:priority="70" camunda:dueDate="2030-01-01T10:00:00"',
    '<documentation>How</documentation>',
  );

  async function waitingIn(activity = RICH, values = {}) {
    const process = await engine.process(around(activity));
    const instance = await process.start(values);
    const [open] = await engine.list(`/task?processInstanceId=${instance}`);
    return { process, instance, open: open!, id: String(open?.id) };
  }

  it('is a 404 when it is unknown', async () => {
    expect(await engine.get('/task/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', 'No matching task with id nope'),
    );
  });

  it('cannot be completed when it is unknown', async () => {
    expect(await engine.post('/task/nope/complete')).toMatchObject(
      refused(
        500,
        'RestException',
        'Cannot complete task nope: Cannot find task with id nope: task is null',
        0,
      ),
    );
  });

  it('waits, and is listed with its members', async () => {
    const { process, instance, open, id } = await waitingIn();
    expect(await process.waitsIn(instance)).toEqual(['A']);
    expect(open).toMatchObject({
      id: expect.any(String),
      name: 'Do it',
      assignee: 'kim',
      created: expect.stringMatching(DATE),
      due: expect.stringMatching(/^2030-01-01T10:00:00\.000/),
      followUp: null,
      delegationState: null,
      description: 'How',
      executionId: instance,
      owner: null,
      parentTaskId: null,
      priority: 70,
      processDefinitionId: process.definitionId,
      processInstanceId: instance,
      taskDefinitionKey: 'A',
      caseExecutionId: null,
      caseInstanceId: null,
      caseDefinitionId: null,
      suspended: false,
      formKey: 'form',
      tenantId: null,
    });
    expect(await engine.read(`/task/${id}`)).toEqual(open);
  });

  it('has the priority 50 and no assignee by default', async () => {
    expect((await waitingIn(user('A'))).open).toMatchObject({ priority: 50, assignee: null, name: null });
  });

  it('evaluates its name and its assignee', async () => {
    const { open } = await waitingIn(user('A', 'name="For ${who}" camunda:assignee="${who}"'), {
      who: 'lee',
    });
    expect(open).toMatchObject({ name: 'For lee', assignee: 'lee' });
  });

  it('is completed with variables', async () => {
    const { process, instance, id } = await waitingIn();
    expect(await engine.post(`/task/${id}/complete`, { variables: vars({ done: true }) })).toMatchObject({
      status: 204,
      body: null,
    });
    expect(await process.waitsIn(instance)).toEqual(['Z']);
    expect(await process.variable(instance, 'done')).toMatchObject({ type: 'Boolean', value: true });
  });

  it('is completed without a body', async () => {
    const { process, instance, id } = await waitingIn();
    const answer = await engine.raw(`/task/${id}/complete`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '',
    });
    expect(answer).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('returns the variables on request', async () => {
    const { id } = await waitingIn(RICH, { a: 1 });
    const { status, body } = await engine.post(`/task/${id}/complete`, {
      variables: vars({ b: 2 }),
      withVariablesInReturn: true,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ a: { type: 'Integer', value: 1 }, b: { type: 'Integer', value: 2 } });
  });

  it('cannot be completed twice', async () => {
    const { id } = await waitingIn();
    await engine.post(`/task/${id}/complete`);
    expect(await engine.post(`/task/${id}/complete`)).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot complete task ${id}: Cannot find task with id ${id}: task is null`,
        0,
      ),
    );
  });

  it('refuses a variable that does not match its type', async () => {
    const { process, instance, id } = await waitingIn();
    const answer = await engine.post(`/task/${id}/complete`, {
      variables: { n: { value: 'x', type: 'Integer' } },
    });
    expect(answer).toMatchObject(
      refused(
        400,
        'InvalidRequestException',
        `Cannot complete task ${id}: Cannot convert value 'x' of type 'Integer' to java type java.lang.Integer`,
      ),
    );
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });

  it('shows its variables', async () => {
    const { id } = await waitingIn(RICH, { a: 1 });
    expect(await engine.read(`/task/${id}/variables`)).toEqual({
      a: { type: 'Integer', value: 1, valueInfo: {} },
    });
  });

  it.each<[string, number]>([
    ['taskDefinitionKey=A', 1],
    ['taskDefinitionKey=Z', 0],
    ['assignee=kim', 1],
    ['assignee=lee', 0],
    ['assigned=true', 1],
    ['unassigned=true', 0],
    ['name=Do%20it', 1],
    ['nameLike=Do%25', 1],
    ['priority=70', 1],
    ['minPriority=71', 0],
    ['active=true', 1],
    ['suspended=true', 0],
    ['withoutTenantId=true', 1],
    ['tenantIdIn=t', 0],
    ['taskDefinitionKeyIn=x,A', 1],
    ['processInstanceBusinessKey=bk', 0],
    ['processVariables=a_eq_x', 1],
    ['processVariables=a_eq_y', 0],
  ])('is listed by %s', async (filter, count) => {
    const { instance } = await waitingIn(RICH, { a: 'x' });
    const query = `processInstanceId=${instance}&${filter}`;
    expect(await engine.list(`/task?${query}`)).toHaveLength(count);
    expect(await engine.count(`/task/count?${query}`)).toBe(count);
  });

  it('is listed by its definition, sorted by name', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      user('A', 'name="a"'),
      user('B', 'name="b"'),
      end(),
      path('start', 'fork', 'A', 'end'),
      path('fork', 'B', 'end'),
    ]);
    await process.start();
    const names = async (order: string) =>
      (await engine.list(`/task?processDefinitionKey=${process.key}&sortBy=name&sortOrder=${order}`)).map(
        ({ name }) => name,
      );
    expect(await names('asc')).toEqual(['a', 'b']);
    expect(await names('desc')).toEqual(['b', 'a']);
  });

  it('takes its filters from a body', async () => {
    const { instance, id } = await waitingIn();
    const answer = await engine.post('/task', { processInstanceId: instance, assignee: 'kim' });
    expect(answer).toMatchObject({ status: 200, body: [{ id }] });
    expect((await engine.post('/task/count', { processInstanceId: instance })).body).toEqual({ count: 1 });
  });

  it('is removed with its instance', async () => {
    const { instance, id } = await waitingIn();
    await engine.delete(`/process-instance/${instance}`);
    expect(await engine.get(`/task/${id}`)).toMatchObject({ status: 404 });
  });

  it('shows in history, first open, then completed', async () => {
    const { instance, id } = await waitingIn();
    const row = async () => (await engine.list(`/history/task?processInstanceId=${instance}`))[0];
    expect(await row()).toMatchObject({
      id,
      taskDefinitionKey: 'A',
      activityInstanceId: expect.stringMatching(/^A:/),
      name: 'Do it',
      assignee: 'kim',
      startTime: expect.stringMatching(DATE),
      endTime: null,
      duration: null,
      deleteReason: null,
      rootProcessInstanceId: instance,
    });
    await engine.post(`/task/${id}/complete`);
    expect(await row()).toMatchObject({
      endTime: expect.stringMatching(DATE),
      duration: expect.any(Number),
      deleteReason: 'completed',
    });
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=A`),
    ).toMatchObject([{ activityType: 'userTask', taskId: id, assignee: 'kim' }]);
  });

  it('lists its users and groups', async () => {
    const { id } = await waitingIn(
      user(
        'A',
        'camunda:assignee="kim" camunda:candidateUsers="lee" camunda:candidateGroups="clerks, managers"',
      ),
    );
    const candidates = [
      { userId: 'lee', groupId: null, type: 'candidate' },
      { userId: null, groupId: 'clerks', type: 'candidate' },
      { userId: null, groupId: 'managers', type: 'candidate' },
    ];
    const links = async (query = '') => engine.list(`/task/${id}/identity-links${query}`);
    expect((await links('?type=candidate')).length).toBe(3);
    expect(await links('?type=candidate')).toEqual(expect.arrayContaining(candidates));
    expect(await links()).toEqual(
      expect.arrayContaining([...candidates, { userId: 'kim', groupId: null, type: 'assignee' }]),
    );
    expect(await engine.get('/task/nope/identity-links')).toMatchObject(
      refused(500, 'NullValueException', 'Cannot find task with id nope: task is null', 0),
    );
  });

  it('is sorted by its creation, then by its id', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      user('A'),
      user('B'),
      user('C'),
      end(),
      path('start', 'fork', 'A', 'end'),
      path('fork', 'B', 'end'),
      path('fork', 'C', 'end'),
    ]);
    const instance = await process.start();
    const sorting = [
      { sortBy: 'created', sortOrder: 'asc' },
      { sortBy: 'id', sortOrder: 'asc' },
    ];
    const list = async (more: object) =>
      (await engine.post('/task?maxResults=10', { processInstanceIdIn: [instance], sorting, ...more }))
        .body as unknown as { id: string; created: string }[];
    const all = await list({ createdAfter: '2020-01-01T00:00:00.000+0000' });
    expect(all.length).toBe(3);
    expect(all).toEqual([...all].sort((a, b) => (a.created + a.id < b.created + b.id ? -1 : 1)));
    expect(await list({ createdAfter: all[2]?.created })).toEqual([]);
  });

  describe('that reports a BPMN error', () => {
    const withBoundary = () =>
      engine.process(
        [
          start(),
          user('A'),
          boundary('caught', 'A', 'E', 'camunda:errorMessageVariable="why"'),
          task('Z'),
          end(),
          path('start', 'A', 'end'),
          path('caught', 'Z', 'end'),
        ],
        { definitions: error('E', 'NO') },
      );
    const open = async (instance: string) =>
      String((await engine.list(`/task?processInstanceId=${instance}`))[0]?.id);

    it('leaves by the event that catches it', async () => {
      const process = await withBoundary();
      const instance = await process.start();
      const id = await open(instance);
      const body = { errorCode: 'NO', errorMessage: 'because', variables: vars({ n: 1 }) };
      expect(await engine.post(`/task/${id}/bpmnError`, body)).toMatchObject({ status: 204 });
      expect(await process.waitsIn(instance)).toEqual(['Z']);
      expect(await process.values(instance)).toEqual({ n: 1, why: 'because' });
      expect(await engine.list(`/history/task?taskId=${id}`)).toMatchObject([{ deleteReason: 'deleted' }]);
    });

    it('ends the instance if nothing catches it', async () => {
      const process = await withBoundary();
      const instance = await process.start();
      await engine.post(`/task/${await open(instance)}/bpmnError`, { errorCode: 'OTHER' });
      expect(await process.state(instance)).toBe('COMPLETED');
    });

    it('is refused without a code, and if it is unknown', async () => {
      const process = await withBoundary();
      const id = await open(await process.start());
      expect(await engine.post(`/task/${id}/bpmnError`, {})).toMatchObject(
        refused(400, 'RestException', 'errorCode is null', 0),
      );
      expect(await engine.post('/task/nope/bpmnError', { errorCode: 'NO' })).toMatchObject(
        refused(404, 'RestException', 'Cannot find task with id nope: task is null', 0),
      );
    });
  });

  it('maps its inputs and outputs', async () => {
    const process = await engine.process(
      around(
        user('A', '', `<extensionElements>${io({ in: 'x' }, { out: '${in}${given}' })}</extensionElements>`),
      ),
    );
    const instance = await process.start();
    const [open] = await engine.list(`/task?processInstanceId=${instance}`);
    expect(open?.executionId).not.toBe(instance);
    await engine.post(`/task/${String(open?.id)}/complete`, { variables: vars({ given: 'y' }) });
    expect(await process.variable(instance, 'out')).toMatchObject({ value: 'xy' });
  });
});

describe('tasks that do not wait', () => {
  it.each([
    ['task', pass('A')],
    ['manualTask', manual('A')],
  ])('%s passes through', async (type, activity) => {
    const process = await engine.process(around(activity));
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['Z']);
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=A`),
    ).toMatchObject([{ activityType: type, canceled: false }]);
  });

  it.each([
    ['serviceTask', 'serviceTask'],
    ['sendTask', 'sendTask'],
    ['businessRuleTask', 'businessRuleTask'],
  ])('%s evaluates an expression', async (tag, activityType) => {
    const process = await engine.process(
      around(element(tag, 'A', 'camunda:expression="${n * 2}" camunda:resultVariable="twice"')),
    );
    const instance = await process.start({ n: 4 });
    expect(await process.variable(instance, 'twice')).toEqual({ type: 'Long', value: 8, valueInfo: {} });
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=A`),
    ).toMatchObject([{ activityType }]);
  });

  it('evaluate without keeping the result', async () => {
    const process = await engine.process(around(evaluate('A', '${n * 2}')));
    const instance = await process.start({ n: 4 });
    expect(await process.values(instance)).toEqual({ n: 4 });
  });

  it('can read the id of their activity', async () => {
    const process = await engine.process(around(evaluate('A', '${execution.currentActivityId}', 'where')));
    const instance = await process.start();
    expect(await process.variable(instance, 'where')).toMatchObject({ value: 'A' });
  });

  it('set variables by an expression', async () => {
    const process = await engine.process(around(evaluate('A', "${execution.setVariable('made', n + 1)}")));
    const instance = await process.start({ n: 4 });
    expect(await process.variable(instance, 'made')).toMatchObject({ type: 'Long', value: 5 });
  });
});

describe('external tasks of other kinds', () => {
  const external = 'camunda:type="external" camunda:topic="A"';

  it.each([
    ['sendTask', element('sendTask', 'A', external)],
    ['businessRuleTask', element('businessRuleTask', 'A', external)],
    [
      'intermediateMessageThrowEvent',
      element('intermediateThrowEvent', 'A', '', `<messageEventDefinition ${external}/>`),
    ],
  ])('%s waits for a worker', async (activityType, activity) => {
    const process = await engine.process(around(activity));
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['A']);
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=A`),
    ).toMatchObject([{ activityType }]);
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('a message end event waits for a worker', async () => {
    const process = await engine.process([
      start(),
      element('endEvent', 'A', '', `<messageEventDefinition ${external}/>`),
      path('start', 'A'),
    ]);
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['A']);
    await process.complete('A');
    expect(await process.state(instance)).toBe('COMPLETED');
  });
});

describe('script', () => {
  it('of a task sets the variable of its result', async () => {
    const process = await engine.process(around(script('A', 'n + 1', 'result')));
    const instance = await process.start({ n: 4 });
    expect(await process.variable(instance, 'result')).toMatchObject({ value: 5 });
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=A`),
    ).toMatchObject([{ activityType: 'scriptTask' }]);
  });

  it('of a task reads and sets variables through the execution', async () => {
    const process = await engine.process(
      around(script('A', "execution.setVariable('made', 'x' + execution.getVariable('s'));")),
    );
    const instance = await process.start({ s: 'y' });
    expect(await process.variable(instance, 'made')).toMatchObject({ type: 'String', value: 'xy' });
  });

  it('of a task can return a text or a Boolean', async () => {
    const process = await engine.process([
      start(),
      script('A', "'a' + s", 'text'),
      script('B', 's == "b"', 'truth'),
      task('Z'),
      end(),
      path('start', 'A', 'B', 'Z', 'end'),
    ]);
    const instance = await process.start({ s: 'b' });
    expect(await process.variable(instance, 'text')).toEqual({ type: 'String', value: 'ab', valueInfo: {} });
    expect(await process.variable(instance, 'truth')).toEqual({
      type: 'Boolean',
      value: true,
      valueInfo: {},
    });
  });

  it.each<[string, unknown]>([
    ['n / 2', 2.5],
    ['5000000000', 5_000_000_000],
    ['`t${n}`', 't5'],
    ['let y = n; y', 5],
    ['execution.setVariable("q", 3); 4', 4],
    ['j.prop("k").numberValue()', 1],
    ['j.hasProp("k")', true],
    ['j', '{"k":1}'],
    ['S(\'{"k":5}\').prop("k").numberValue()', 5],
    ['JSON.stringify({ a: 1 })', '{"a":1}'],
    ['list.get(0)', 'a'],
    ['list[0]', 'a'],
    ['list.size()', 1],
    ['d.getTime()', 1893456000000],
    ['execution.getVariables().size()', 4],
    ['execution.getProcessInstanceId() === execution.getId()', true],
    ['null', undefined],
  ])('of a task: %s gives %p', async (code, value) => {
    const process = await engine.process(around(script('A', code, 'result')));
    const instance = await process.start({
      n: 5,
      j: { type: 'Json', value: '{"k":1}' },
      list: {
        type: 'Object',
        value: '["a"]',
        valueInfo: { objectTypeName: 'java.util.ArrayList', serializationDataFormat: 'application/json' },
      },
      d: { type: 'Date', value: '2030-01-01T00:00:00.000+0000' },
    });
    expect((await process.values(instance)).result).toEqual(value);
  });

  it('names the element that failed', async () => {
    const process = await engine.process(around(script('A', 'nope')));
    expect(await process.launch()).toMatchObject(
      refused(
        500,
        'RestException',
        new RegExp(
          `Unable to evaluate script while executing activity 'A' in the process definition with id '${process.definitionId}':ReferenceError: nope is not defined`,
        ),
        0,
      ),
    );
  });

  it('that throws fails the start', async () => {
    const process = await engine.process(around(script('A', 'throw new Error("no luck")')));
    expect(await process.launch()).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/no luck/) },
    });
  });

  it('that cannot be read fails the start at the latest', async () => {
    const content = around(script('A', 'this is not (JavaScript'));
    const refusal = await engine.refusal(content);
    if (refusal.status >= 400) return;
    const process = await engine.process(content);
    expect((await process.launch()).status).toBe(500);
  });

  it('maps an input', async () => {
    const process = await engine.process(
      around(task('A', io({ sum: '<camunda:script scriptFormat="javascript">n + 1</camunda:script>' }))),
    );
    await process.start({ n: 4 });
    expect((await process.fetchOne('A')).variables.sum).toMatchObject({ value: 5 });
  });

  it('maps an output', async () => {
    const process = await engine.process(
      around(
        task('A', io({}, { text: '<camunda:script scriptFormat="javascript">given + "!"</camunda:script>' })),
      ),
    );
    const instance = await process.start();
    await process.complete('A', {}, { given: 'x' });
    expect(await process.variable(instance, 'text')).toMatchObject({ type: 'String', value: 'x!' });
  });

  it('is the condition of a flow', async () => {
    const condition = (text: string) =>
      `<conditionExpression xsi:type="tFormalExpression" language="javascript">${text}</conditionExpression>`;
    const process = await engine.process([
      start(),
      '<exclusiveGateway id="G" default="no"/>',
      task('A'),
      task('B'),
      end(),
      path('start', 'G'),
      `<sequenceFlow id="yes" sourceRef="G" targetRef="A">${condition('n &gt; 3')}</sequenceFlow>`,
      '<sequenceFlow id="no" sourceRef="G" targetRef="B"/>',
      path('A', 'end'),
      path('B', 'end'),
    ]);
    expect(await process.waitsIn(await process.start({ n: 4 }))).toEqual(['A']);
    expect(await process.waitsIn(await process.start({ n: 3 }))).toEqual(['B']);
  });
});
