import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness, deletion } from '../testing/engine.harness.js';
import {
  boundaryOn,
  bpmn,
  callActivity,
  end,
  error,
  errorEnd,
  onDuration,
  onError,
  path,
  process,
  sequence,
  start,
  task,
  userTask,
} from '../testing/process.builder.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open({ stepLimit: 1_000 });
});

const caller = (extensions = '', attributes = ''): string =>
  process('p', [
    start(),
    callActivity('Call', 'q', extensions, attributes),
    boundaryOn('Caught', 'Call', onError('E1')),
    task('B'),
    task('C'),
    end(),
    path('start', 'Call', 'B', 'end'),
    path('Caught', 'C', 'end'),
  ]);

describe('call activity', () => {
  it('calls another process with input variables and takes over its output variables', async () => {
    await h.deploy(
      bpmn(
        error('E1'),
        caller(
          '<camunda:in source="a" target="x"/><camunda:in sourceExpression="${a + 1}" target="y"/><camunda:in businessKey="${a}-key"/><camunda:out source="done" target="result"/>',
        ),
      ),
      {},
    );
    await h.deploy(bpmn(sequence('q', 'A')));
    const { id } = await h.start('p', { a: 1, hidden: true });
    const [called] = h.engine.runtime.processInstances.find({ superProcessInstance: id });
    expect(called).toMatchObject({ definitionKey: 'q', businessKey: '1-key' });
    expect(h.historicVariables(called?.id ?? '')).toEqual({ x: 1, y: 2 });
    expect(h.engine.history.findInstance(called?.id ?? '')).toMatchObject({
      superProcessInstanceId: id,
      rootProcessInstanceId: id,
    });
    await h.work('A', { done: 'yes' });
    expect([h.waiting(), h.outcome(called?.id ?? '')[0]]).toEqual([['B'], 'COMPLETED']);
    expect(h.historicVariables(id)).toEqual({ a: 1, hidden: true, result: 'yes' });
    expect(h.engine.history.activities.find({ processInstanceId: id, activityId: 'Call' })).toMatchObject([
      { calledProcessInstanceId: called?.id, activityType: 'callActivity', canceled: false },
    ]);
  });

  it('maps all variables in and out, and completes at once if nothing waits', async () => {
    await h.deploy(bpmn(error('E1'), caller('<camunda:in variables="all"/><camunda:out variables="all"/>')));
    await h.deploy(
      bpmn(
        process('q', [
          start(),
          '<serviceTask id="X" camunda:expression="${a * 2}" camunda:resultVariable="twice"/>',
          end(),
          path('start', 'X', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p', { a: 4 });
    expect([h.waiting(), h.historicVariables(id)]).toEqual([['B'], { a: 4, twice: 8 }]);
  });

  it('calls the version of its binding', async () => {
    const version = (n: number): string =>
      bpmn(
        process(
          'q',
          [start(), task(`A${n}`), end(), path('start', `A${n}`, 'end')],
          `camunda:versionTag="v${n}"`,
        ),
      );
    await h.deploy(version(1));
    await h.deploy(version(2));
    await h.deploy(
      bpmn(
        error('E1'),
        caller('', 'camunda:calledElementBinding="version" camunda:calledElementVersion="1"'),
      ),
    );
    await h.start('p');
    await h.deploy(
      bpmn(
        error('E1'),
        caller('', 'camunda:calledElementBinding="versionTag" camunda:calledElementVersionTag="v1"'),
      ),
    );
    await h.start('p');
    await h.deploy(bpmn(error('E1'), caller()));
    await h.start('p');
    expect(h.waiting()).toEqual(['A1', 'A1', 'A2']);
  });

  it('fails the start if no process with that key is deployed, and changes nothing', async () => {
    await h.deploy(bpmn(error('E1'), caller()));
    await expect(h.start('p')).rejects.toThrow(/no processes deployed with key 'q'/);
    expect(h.engine.runtime.processInstances.count({})).toBe(0);
  });

  it('catches an error that the called process does not catch', async () => {
    await h.deploy(bpmn(error('E1'), caller()));
    await h.deploy(
      bpmn(error('E1'), process('q', [start(), task('A'), errorEnd('X', 'E1'), path('start', 'A', 'X')])),
    );
    const { id } = await h.start('p');
    const [called] = h.engine.runtime.processInstances.find({ superProcessInstance: id });
    await h.work('A');
    expect([h.waiting(), h.trail(id)]).toEqual([['C'], ['start', 'Call canceled', 'Caught', 'C runs']]);
    expect(h.engine.runtime.findProcessInstance(called?.id ?? '')).toBeNull();
  });

  it('continues if nothing catches the error, which ends its path in the called process', async () => {
    await h.deploy(bpmn(error('E1'), caller()));
    await h.deploy(bpmn(error('E2'), process('q', [start(), errorEnd('X', 'E2'), path('start', 'X')])));
    await h.start('p');
    expect(h.waiting()).toEqual(['B']);
  });

  it('is deleted with the instance that it called, and vice versa', async () => {
    await h.deploy(bpmn(error('E1'), caller()));
    await h.deploy(bpmn(sequence('q', 'A')));
    const one = await h.start('p');
    await h.engine.runtime.deleteProcessInstance(one.id, deletion());
    expect([h.waiting(), h.engine.runtime.processInstances.count({})]).toEqual([[], 0]);
    const two = await h.start('p');
    const [called] = h.engine.runtime.processInstances.find({ superProcessInstance: two.id });
    await h.engine.runtime.deleteProcessInstance(called?.id ?? '', deletion());
    expect(h.engine.runtime.processInstances.count({})).toBe(0);
  });

  it('ends the called instance when a boundary event interrupts it', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          callActivity('Call', 'q'),
          boundaryOn('T', 'Call', onDuration('PT1M')),
          end(),
          path('start', 'Call', 'end'),
          path('T', 'end'),
        ]),
      ),
    );
    await h.deploy(bpmn(sequence('q', 'A')));
    const { id } = await h.start('p');
    await h.engine.jobs.execute(h.engine.jobs.find({})[0]?.id ?? '');
    expect([h.outcome(id), h.waiting(), h.engine.runtime.processInstances.count({})]).toEqual([
      ['COMPLETED', 'end'],
      [],
      0,
    ]);
  });

  it('fails for a process that calls itself endlessly', async () => {
    await h.deploy(
      bpmn(process('q', [start(), callActivity('Call', 'q'), end(), path('start', 'Call', 'end')])),
    );
    await expect(h.start('q')).rejects.toThrow(/steps without a wait state/);
    expect(h.engine.runtime.processInstances.count({})).toBe(0);
  });
});

describe('user task', () => {
  it('waits for its completion, whose variables are set in the process', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          userTask(
            'U',
            'name="Check ${n}" camunda:assignee="${who}" camunda:candidateGroups="a, b" camunda:priority="70"',
          ),
          end(),
          path('start', 'U', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p', { n: 1, who: 'ann' });
    const [found] = h.engine.tasks.find({ processInstanceId: id });
    expect(found).toMatchObject({
      name: 'Check 1',
      assignee: 'ann',
      candidateGroups: ['a', 'b'],
      priority: 70,
      activityId: 'U',
    });
    await h.engine.tasks.complete(
      found?.id ?? '',
      new Map([['ok', { type: 'Boolean', value: true, valueInfo: {} }]]),
    );
    expect([h.outcome(id), h.historicVariables(id).ok]).toEqual([['COMPLETED', 'end'], true]);
    expect(h.engine.history.userTasks.find({})).toMatchObject([
      { deleteReason: 'completed', assignee: 'ann' },
    ]);
    await expect(h.engine.tasks.complete(found?.id ?? '', new Map())).rejects.toThrow(/task is null/);
  });

  it('can be claimed by one user only', async () => {
    await h.deploy(bpmn(process('p', [start(), userTask('U'), end(), path('start', 'U', 'end')])));
    const { id } = await h.start('p');
    const taskId = h.engine.tasks.find({})[0]?.id ?? '';
    await h.engine.tasks.claim(taskId, 'ann');
    await expect(h.engine.tasks.claim(taskId, 'bob')).rejects.toMatchObject({
      camundaClass: 'TaskAlreadyClaimedException',
    });
    await h.engine.tasks.setAssignee(taskId, null);
    await h.engine.tasks.claim(taskId, 'bob');
    expect(h.engine.history.activities.find({ processInstanceId: id, activityId: 'U' })).toMatchObject([
      { taskId, assignee: 'bob' },
    ]);
  });
});
