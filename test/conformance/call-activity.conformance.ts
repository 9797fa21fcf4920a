import { describe, expect, it } from '@jest/globals';
import { boundary, callActivity, end, error, errorEnd, evaluate, path, start, task } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';
import type { Scenario } from './support/scenario.js';
import { vars } from './support/scenario.js';

const engine = useEngine();

const called = () => engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);

const caller = (child: Scenario, extensions = '', attributes = '', ...more: readonly string[]) =>
  engine.process([
    start(),
    callActivity('C', child.key, extensions, attributes),
    task('B'),
    end(),
    path('start', 'C', 'B', 'end'),
    ...more,
  ]);

describe('call activity', () => {
  it('starts an instance of the latest version and continues when it has ended', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start();
    expect(await parent.waitsIn(instance)).toEqual(['C']);
    const { processInstanceId } = await child.fetchOne('A');
    expect(processInstanceId).not.toBe(instance);
    const [job] = await engine.list(`/external-task?processDefinitionKey=${child.key}`);
    await engine.post(`/external-task/${String(job?.id)}/complete`, { workerId: 'worker-1' });
    expect(await parent.waitsIn(instance)).toEqual(['B']);
    expect(await child.state(String(processInstanceId))).toBe('COMPLETED');
  });

  it('fails if the process is unknown', async () => {
    const parent = await engine.process([
      start(),
      callActivity('C', uniqueKey('nope')),
      end(),
      path('start', 'C', 'end'),
    ]);
    expect(await parent.launch()).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/no processes deployed with key 'nope/) },
    });
  });

  it('takes the key from an expression', async () => {
    const child = await called();
    const parent = await engine.process([
      start(),
      callActivity('C', '${which}'),
      end(),
      path('start', 'C', 'end'),
    ]);
    await parent.start({ which: child.key });
    expect(await child.fetchOne('A')).toMatchObject({ processDefinitionKey: child.key });
  });

  it('passes through a process that does not wait', async () => {
    const child = await engine.process([
      start(),
      evaluate('X', '${1}', 'x'),
      end(),
      path('start', 'X', 'end'),
    ]);
    const parent = await caller(child);
    expect(await parent.waitsIn(await parent.start())).toEqual(['B']);
  });

  it('passes no variables by default', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start({ a: 1 });
    expect((await child.fetchOne('A')).variables).toEqual({});
    const [job] = await engine.list(`/external-task?processDefinitionKey=${child.key}`);
    await engine.post(`/external-task/${String(job?.id)}/complete`, {
      workerId: 'worker-1',
      variables: vars({ r: 1 }),
    });
    expect(await parent.variable(instance, 'r')).toBeUndefined();
  });

  it('passes mapped variables in and out', async () => {
    const child = await called();
    const parent = await caller(
      child,
      '<camunda:in source="a" target="b"/><camunda:in sourceExpression="${a + 1}" target="c"/><camunda:out source="r" target="s"/><camunda:out sourceExpression="${r}!" target="t"/>',
    );
    const instance = await parent.start({ a: 1, other: 2 });
    const job = await child.fetchOne('A');
    expect(job.variables).toMatchObject({ b: { value: 1 }, c: { value: 2 } });
    expect(Object.keys(job.variables).sort()).toEqual(['b', 'c']);
    await child.report(job, 'complete', { variables: vars({ r: 'x' }) });
    expect(await parent.variable(instance, 's')).toMatchObject({ value: 'x' });
    expect(await parent.variable(instance, 't')).toMatchObject({ value: 'x!' });
    expect(await parent.variable(instance, 'r')).toBeUndefined();
  });

  it('passes and returns all variables on request', async () => {
    const child = await called();
    const parent = await caller(child, '<camunda:in variables="all"/><camunda:out variables="all"/>');
    const instance = await parent.start({ a: 1 });
    const job = await child.fetchOne('A');
    expect(Object.keys(job.variables)).toEqual(['a']);
    await child.report(job, 'complete', { variables: vars({ a: 2, r: 3 }) });
    expect(await parent.variable(instance, 'a')).toMatchObject({ value: 2 });
    expect(await parent.variable(instance, 'r')).toMatchObject({ value: 3 });
  });

  it('gives a null for a source that is missing', async () => {
    const child = await called();
    const parent = await caller(child, '<camunda:in source="missing" target="b"/>');
    await parent.start();
    expect((await child.fetchOne('A')).variables).toEqual({
      b: { type: 'Null', value: null, valueInfo: {} },
    });
  });

  it.each([
    ['#{execution.processBusinessKey}', 'bk'],
    ['constant', 'constant'],
    ['${key}', 'from a variable'],
  ])('gives the business key %s', async (expression, businessKey) => {
    const child = await called();
    const parent = await caller(child, `<camunda:in businessKey="${expression}"/>`);
    await parent.start({ key: 'from a variable' }, { businessKey: 'bk' });
    expect(await child.fetchOne('A')).toMatchObject({ businessKey });
  });

  it('passes no business key by default', async () => {
    const child = await called();
    const parent = await caller(child);
    await parent.start({}, { businessKey: 'bk' });
    expect(await child.fetchOne('A')).toMatchObject({ businessKey: null });
  });

  it('keeps the version that is bound', async () => {
    const key = uniqueKey();
    const child = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')], { key });
    await engine.process([start(), task('NEW'), end(), path('start', 'NEW', 'end')], { key });
    const bound = await caller(
      child,
      '',
      'camunda:calledElementBinding="version" camunda:calledElementVersion="1"',
    );
    await bound.start();
    expect(await child.fetch('A')).toHaveLength(1);
    const latest = await caller(child);
    await latest.start();
    expect(await child.fetch('NEW')).toHaveLength(1);
  });

  it('takes the version with a tag', async () => {
    const key = uniqueKey();
    const child = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')], {
      key,
      attributes: 'camunda:versionTag="gold"',
    });
    await engine.process([start(), task('NEW'), end(), path('start', 'NEW', 'end')], { key });
    const parent = await caller(
      child,
      '',
      'camunda:calledElementBinding="versionTag" camunda:calledElementVersionTag="gold"',
    );
    await parent.start();
    expect(await child.fetch('A')).toHaveLength(1);
  });

  it('names the calling and the called instance', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start();
    const { processInstanceId } = await child.fetchOne('A');
    expect(await engine.read(`/history/process-instance/${String(processInstanceId)}`)).toMatchObject({
      superProcessInstanceId: instance,
      rootProcessInstanceId: instance,
    });
    const ids = async (query: string) =>
      (await engine.list(`/process-instance?${query}`)).map(({ id }) => id);
    expect(await ids(`superProcessInstance=${instance}`)).toEqual([processInstanceId]);
    expect(await ids(`subProcessInstance=${String(processInstanceId)}`)).toEqual([instance]);
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=C`),
    ).toMatchObject([{ activityType: 'callActivity', calledProcessInstanceId: processInstanceId }]);
  });

  it('catches an error of the called instance', async () => {
    const child = await engine.process(
      [start(), task('A'), errorEnd('thrown', 'e1'), path('start', 'A', 'thrown')],
      {
        definitions: error('e1', 'ONE'),
      },
    );
    const parent = await caller(
      child,
      '',
      '',
      boundary('b', 'C', null, 'camunda:errorCodeVariable="code"'),
      task('X'),
      path('b', 'X', 'end'),
    );
    const instance = await parent.start();
    const job = await child.fetchOne('A');
    await child.report(job, 'complete');
    expect(await parent.waitsIn(instance)).toEqual(['X']);
    expect(await parent.variable(instance, 'code')).toMatchObject({ value: 'ONE' });
    expect(await parent.trail(instance)).toEqual(['!C', 'b', 'start']);
    expect(await engine.read(`/history/process-instance/${String(job.processInstanceId)}`)).toMatchObject({
      state: 'INTERNALLY_TERMINATED',
      deleteReason: 'Cancel scope activity Activity(b) executed.',
    });
    expect(await child.trail(String(job.processInstanceId))).toEqual(['!thrown', 'A', 'start']);
  });

  it('catches a BPMN error of a task of the called instance', async () => {
    const child = await called();
    const parent = await caller(child, '', '', boundary('b', 'C', null), task('X'), path('b', 'X', 'end'));
    const instance = await parent.start();
    const job = await child.fetchOne('A');
    await child.report(job, 'bpmnError', { errorCode: 'E', variables: vars({ inChild: 1 }) });
    expect(await parent.waitsIn(instance)).toEqual(['X']);
    expect(await parent.variable(instance, 'inChild')).toBeUndefined();
    expect(await child.state(String(job.processInstanceId))).toBe('INTERNALLY_TERMINATED');
  });

  it('applies its output mapping even if an error ends it', async () => {
    const child = await called();
    const parent = await caller(
      child,
      '<camunda:out source="r" target="out"/>',
      '',
      boundary('b', 'C', null),
      task('X'),
      path('b', 'X', 'end'),
    );
    const instance = await parent.start();
    const job = await child.fetchOne('A');
    await child.report(job, 'bpmnError', { errorCode: 'E', variables: vars({ r: 2 }) });
    expect(await parent.waitsIn(instance)).toEqual(['X']);
    expect(await parent.values(instance)).toEqual({ out: 2 });
  });

  it('maps its own inputs and outputs around those of the call', async () => {
    const child = await called();
    const parent = await caller(
      child,
      '<camunda:inputOutput><camunda:inputParameter name="inner">x</camunda:inputParameter><camunda:outputParameter name="mapped">${out}!</camunda:outputParameter></camunda:inputOutput><camunda:in source="inner" target="i"/><camunda:out source="r" target="out"/>',
    );
    const instance = await parent.start();
    const job = await child.fetchOne('A');
    expect(job.variables).toMatchObject({ i: { value: 'x' } });
    await child.report(job, 'complete', { variables: vars({ r: 1 }) });
    expect(await parent.variable(instance, 'mapped')).toMatchObject({ value: '1!' });
  });

  it('continues normally after an uncaught error', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start();
    const job = await child.fetchOne('A');
    await child.report(job, 'bpmnError', { errorCode: 'E' });
    expect(await parent.waitsIn(instance)).toEqual(['B']);
    expect(await child.state(String(job.processInstanceId))).toBe('COMPLETED');
  });

  it('goes with its caller when that is deleted', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start();
    const { processInstanceId } = await child.fetchOne('A');
    await engine.delete(`/process-instance/${instance}`);
    expect(await child.state(String(processInstanceId))).toBe('EXTERNALLY_TERMINATED');
    expect(await parent.state(instance)).toBe('EXTERNALLY_TERMINATED');
  });

  it('takes its caller along when it is deleted', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start();
    const { processInstanceId } = await child.fetchOne('A');
    expect(await engine.delete(`/process-instance/${String(processInstanceId)}`)).toMatchObject({
      status: 204,
    });
    expect(await parent.state(instance)).toBe('EXTERNALLY_TERMINATED');
  });

  it('outlives its caller when that is deleted without it', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start();
    const job = await child.fetchOne('A');
    await engine.delete(`/process-instance/${instance}?skipSubprocesses=true`);
    expect(await child.state(String(job.processInstanceId))).toBe('ACTIVE');
    expect(await child.report(job, 'complete')).toMatchObject({ status: 204 });
  });

  it('shows an incident of the called instance on its caller as well', async () => {
    const child = await called();
    const parent = await caller(child);
    const instance = await parent.start();
    const job = await child.fetchOne('A');
    await child.report(job, 'failure', { errorMessage: 'm', retries: 0 });
    const [cause] = await engine.list(`/incident?processInstanceId=${String(job.processInstanceId)}`);
    expect(await engine.list(`/incident?processInstanceId=${instance}`)).toMatchObject([
      {
        activityId: 'C',
        incidentType: 'failedExternalTask',
        causeIncidentId: cause?.id,
        rootCauseIncidentId: cause?.id,
      },
    ]);
  });
});
