import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness, flows, task } from '../testing/engine.harness.js';

const START = '<startEvent id="s"/>';
const END = '<endEvent id="e"/>';

function boundary(id: string, host: string, definition: string): string {
  return `<boundaryEvent id="${id}" attachedToRef="${host}"><errorEventDefinition ${definition}/></boundaryEvent>`;
}

function io(...parameters: string[]): string {
  return `<camunda:inputOutput>${parameters.join('')}</camunda:inputOutput>`;
}

const input = (name: string, value: string): string =>
  `<camunda:inputParameter name="${name}">${value}</camunda:inputParameter>`;
const output = (name: string, value: string): string =>
  `<camunda:outputParameter name="${name}">${value}</camunda:outputParameter>`;

describe('the interpreter', () => {
  let h: EngineHarness;

  beforeEach(async () => {
    h = await EngineHarness.open();
  });

  afterEach(async () => {
    await h.engine.close();
  });

  describe('sequence', () => {
    it('runs a process without wait state to its end within the start', async () => {
      await h.deploy(`${START}<task id="t"/>${END}${flows('s->t', 't->e')}`);
      const { id, ended } = await h.start({ n: 1 });
      expect([ended, h.state(id), h.path(id)]).toEqual([true, 'COMPLETED', ['s', 't', 'e']]);
      expect(h.engine.runtime.findProcessInstance(id)).toBeNull();
    });

    it('takes every flow whose condition holds out of a task, else its default flow', async () => {
      await h.deploy(
        `${START}<task id="t" default="t-c"/>${task('a')}${task('b')}${task('c')}${flows('s->t', 't->a?${n > 1}', 't->b?${n > 2}', 't->c')}`,
      );
      await h.start({ n: 3 });
      expect(h.topics()).toEqual(['a', 'b']);
      await h.start({ n: 0 });
      expect(h.topics()).toEqual(['a', 'b', 'c']);
    });
  });

  describe('exclusive gateway', () => {
    const body = `${START}<exclusiveGateway id="x" default="x-c"/>${task('a')}${task('b')}${task('c')}${flows('s->x', 'x->a?${n == 1}', 'x->b?${n <= 2}', 'x->c')}`;

    it.each([
      [1, 'a'],
      [2, 'b'],
      [9, 'c'],
    ])('with n = %i takes the first flow whose condition holds: %s', async (n, topic) => {
      await h.deploy(body);
      await h.start({ n });
      expect(h.topics()).toEqual([topic]);
    });

    it('fails the start where no flow can be taken, and leaves nothing', async () => {
      await h.deploy(
        `${START}<exclusiveGateway id="x"/>${task('a')}${task('b')}${flows('s->x', 'x->a?${n == 1}', 'x->b?${n == 2}')}`,
      );
      await expect(h.start({ n: 3 })).rejects.toThrow(/No outgoing sequence flow/i);
      expect(h.engine.history.countInstances({})).toBe(0);
    });

    it.each([
      ['${missing}', /missing/],
      ['${n}', /boolean/i],
    ])('fails the start for the condition %s', async (condition, message) => {
      await h.deploy(
        `${START}<exclusiveGateway id="x" default="x-e"/>${task('a')}${END}${flows('s->x', `x->a?${condition}`, 'x->e')}`,
      );
      await expect(h.start({ n: 3 })).rejects.toThrow(message);
    });
  });

  describe('parallel gateway', () => {
    it('forks, and joins when every branch has arrived', async () => {
      await h.deploy(
        `${START}<parallelGateway id="f"/>${task('a')}${task('b')}<parallelGateway id="j"/>${task('c')}${END}${flows('s->f', 'f->a', 'f->b', 'a->j', 'b->j', 'j->c', 'c->e')}`,
      );
      const { id } = await h.start();
      await h.complete('a');
      expect(h.topics()).toEqual(['b']);
      await h.complete('b');
      expect(h.topics()).toEqual(['c']);
      await h.complete('c');
      expect(h.state(id)).toBe('COMPLETED');
    });

    it('joins anew in every round of a loop', async () => {
      await h.deploy(
        `${START}<exclusiveGateway id="m"/><parallelGateway id="f"/>${task('a')}${task('b')}<parallelGateway id="j"/><exclusiveGateway id="x" default="x-e"/>${END}${flows('s->m', 'm->f', 'f->a', 'f->b', 'a->j', 'b->j', 'j->x', 'x->m?${again}', 'x->e')}`,
      );
      const { id } = await h.start({ again: true });
      await h.complete('a');
      await h.complete('b');
      expect(h.topics()).toEqual(['a', 'b']);
      await h.complete('b', { again: false });
      await h.complete('a');
      expect(h.state(id)).toBe('COMPLETED');
    });
  });

  describe('inclusive gateway', () => {
    const body = `${START}<inclusiveGateway id="f" default="f-c"/>${task('a')}${task('b')}${task('c')}<inclusiveGateway id="j"/>${task('after')}${END}${flows('s->f', 'f->a?${n > 0}', 'f->b?${n > 1}', 'f->c', 'a->j', 'b->j', 'c->j', 'j->after', 'after->e')}`;

    it.each([
      [0, ['c']],
      [1, ['a']],
      [2, ['a', 'b']],
    ])('with n = %i takes %p and joins exactly those', async (n, taken) => {
      await h.deploy(body);
      const { id } = await h.start({ n });
      expect(h.topics()).toEqual(taken);
      for (const topic of taken) {
        expect(h.topics()).not.toContain('after');
        await h.complete(topic);
      }
      expect(h.topics()).toEqual(['after']);
      await h.complete('after');
      expect(h.state(id)).toBe('COMPLETED');
    });

    it('is released by a token that takes another way', async () => {
      await h.deploy(
        `${START}<inclusiveGateway id="f"/>${task('a')}${task('b')}<exclusiveGateway id="x" default="x-j"/><inclusiveGateway id="j"/>${task('after')}${END}<endEvent id="away"/>${flows('s->f', 'f->a?${true}', 'f->b?${true}', 'a->j', 'b->x', 'x->away?${leave}', 'x->j', 'j->after', 'after->e')}`,
      );
      await h.start({ leave: true });
      await h.complete('a');
      expect(h.topics()).toEqual(['b']);
      await h.complete('b');
      expect(h.topics()).toEqual(['after']);
    });

    it('waits inside a sub-process for the tokens of that sub-process alone', async () => {
      await h.deploy(
        `${START}<parallelGateway id="f"/>${task('outside')}<subProcess id="sub"><startEvent id="ss"/><inclusiveGateway id="sf"/>${task('a')}${task('b')}<inclusiveGateway id="sj"/><endEvent id="se"/>${flows('ss->sf', 'sf->a?${true}', 'sf->b?${true}', 'a->sj', 'b->sj', 'sj->se')}</subProcess>${END}${flows('s->f', 'f->outside', 'f->sub', 'sub->e', 'outside->e')}`,
      );
      const { id } = await h.start();
      await h.complete('a');
      await h.complete('b');
      expect(h.topics()).toEqual(['outside']);
      await h.complete('outside');
      expect(h.state(id)).toBe('COMPLETED');
    });

    it('fails where no condition holds and there is no default', async () => {
      await h.deploy(
        `${START}<inclusiveGateway id="f"/>${task('a')}${task('b')}${flows('s->f', 'f->a?${n > 0}', 'f->b?${n > 1}')}`,
      );
      await expect(h.start({ n: 0 })).rejects.toThrow(/No outgoing sequence flow/i);
    });
  });

  describe('ends', () => {
    it('ends the whole process at a terminate end, and cancels what still waits', async () => {
      await h.deploy(
        `${START}<parallelGateway id="f"/>${task('a')}${task('b')}<endEvent id="stop"><terminateEventDefinition/></endEvent>${flows('s->f', 'f->a', 'f->b', 'a->stop')}`,
      );
      const { id } = await h.start();
      await h.complete('a');
      expect([h.topics(), h.state(id)]).toEqual([[], 'COMPLETED']);
      const cancelled = h.engine.history.findActivities({ processInstanceId: id, canceled: true });
      expect(cancelled.map(({ activityId }) => activityId)).toEqual(['b']);
    });

    it('ends only its sub-process at a terminate end inside', async () => {
      await h.deploy(
        `${START}<subProcess id="sub"><startEvent id="ss"/><parallelGateway id="f"/>${task('a')}${task('b')}<endEvent id="stop"><terminateEventDefinition/></endEvent>${flows('ss->f', 'f->a', 'f->b', 'a->stop')}</subProcess>${task('after')}${flows('s->sub', 'sub->after')}`,
      );
      await h.start();
      await h.complete('a');
      expect(h.topics()).toEqual(['after']);
    });

    it('throws the error of an error end with its code and message', async () => {
      await h.deploy(
        `${START}<subProcess id="sub"><startEvent id="ss"/><endEvent id="boom"><errorEventDefinition errorRef="A"/></endEvent>${flows('ss->boom')}</subProcess>${boundary('caught', 'sub', 'errorRef="A" camunda:errorCodeVariable="code" camunda:errorMessageVariable="text"')}${task('after')}${flows('s->sub', 'caught->after')}`,
      );
      const { id } = await h.start();
      expect(h.topics()).toEqual(['after']);
      expect(h.values(id)).toEqual({ code: 'A', text: 'message of A' });
    });

    it('ends like a none end where nothing catches the error of an error end', async () => {
      await h.deploy(
        `${START}<endEvent id="boom"><errorEventDefinition errorRef="B"/></endEvent>${flows('s->boom')}`,
      );
      const { id } = await h.start();
      expect(h.state(id)).toBe('COMPLETED');
    });
  });

  describe('error boundary events', () => {
    const handlers = `${START}${task('work')}${boundary('onA', 'work', 'errorRef="A"')}${boundary('onAny', 'work', '')}${task('normal')}${task('handleA')}${task('handleAny')}${flows('s->work', 'work->normal', 'onA->handleA', 'onAny->handleAny')}`;

    it.each([
      ['A', 'handleA'],
      ['OTHER', 'handleAny'],
    ])('a BPMN error %s goes to %s', async (code, topic) => {
      await h.deploy(handlers);
      await h.start();
      await h.bpmnError('work', code);
      expect(h.topics()).toEqual([topic]);
    });

    it('is caught by the nearest scope that knows the code, and cancels what runs in it', async () => {
      await h.deploy(
        `${START}<subProcess id="sub"><startEvent id="ss"/><parallelGateway id="f"/>${task('a')}${boundary('inner', 'a', 'errorRef="A"')}${task('b')}${task('handleInner')}${flows('ss->f', 'f->a', 'f->b', 'inner->handleInner')}</subProcess>${boundary('outer', 'sub', 'errorRef="B"')}${task('handleOuter')}${flows('s->sub', 'outer->handleOuter')}`,
      );
      await h.start();
      await h.bpmnError('a', 'A');
      expect(h.topics()).toEqual(['b', 'handleInner']);
      await h.bpmnError('b', 'B');
      expect(h.topics()).toEqual(['handleOuter']);
    });

    it('without a handler ends the token like a none end, and the others go on', async () => {
      await h.deploy(
        `${START}<parallelGateway id="f"/>${task('a')}${task('b')}${END}${flows('s->f', 'f->a', 'f->b', 'b->e')}`,
      );
      const { id } = await h.start();
      await h.bpmnError('a', 'NOBODY');
      expect([h.topics(), h.state(id)]).toEqual([['b'], 'ACTIVE']);
      await h.complete('b');
      expect(h.state(id)).toBe('COMPLETED');
    });

    it('sets null where a code variable is asked for and the error has no message', async () => {
      await h.deploy(
        `${START}${task('work')}${boundary('any', 'work', 'camunda:errorCodeVariable="code" camunda:errorMessageVariable="text"')}${END}${flows('s->work', 'any->e')}`,
      );
      const { id } = await h.start();
      await h.bpmnError('work', 'X');
      expect(h.values(id)).toEqual({ code: 'X', text: null });
    });
  });

  describe('camunda:errorEventDefinition', () => {
    const body = `${START}${task(
      'work',
      '<camunda:errorEventDefinition id="d" errorRef="A" expression="${externalTask.errorMessage == \'bad\' || failed}"/>',
    )}${boundary('caught', 'work', 'errorRef="A" camunda:errorMessageVariable="text"')}${task('normal')}${task('handled')}${flows('s->work', 'work->normal', 'caught->handled')}`;

    it.each([
      [true, 'handled'],
      [false, 'normal'],
    ])('on a completion with failed = %p leads to %s', async (failed, topic) => {
      await h.deploy(body);
      await h.start();
      await h.complete('work', { failed });
      expect(h.topics()).toEqual([topic]);
    });

    it('fails a completion whose expression cannot be evaluated, and keeps the task', async () => {
      await h.deploy(body);
      await h.start();
      await expect(h.complete('work')).rejects.toThrow(/failed/);
      expect(h.topics()).toEqual(['work']);
    });

    it.each([
      ['bad', ['handled']],
      ['other', ['work']],
    ])('on a failure with the message %s leads to %p', async (errorMessage, topics) => {
      await h.deploy(body);
      await h.start();
      const { id } = await h.take('work');
      await h.engine.externalTasks.handleFailure(id, {
        workerId: 'w',
        errorMessage,
        errorDetails: null,
        retries: 1,
        retryTimeout: 0,
        variables: new Map(),
        localVariables: new Map(),
      });
      expect(h.topics()).toEqual(topics);
    });
  });

  describe('input and output mappings', () => {
    it('evaluates inputs in order into a scope of the task, and outputs into the process', async () => {
      await h.deploy(
        `${START}${task(
          'work',
          io(
            input('text', 'order ${id}'),
            input('twice', '${text}${text}'),
            input(
              'list',
              '<camunda:list><camunda:value>a</camunda:value><camunda:value>${n}</camunda:value></camunda:list>',
            ),
            input('map', '<camunda:map><camunda:entry key="k">${n}</camunda:entry></camunda:map>'),
            input('empty', ''),
            output('result', '${answer + n}'),
          ),
        )}${task('after')}${flows('s->work', 'work->after')}`,
      );
      const { id } = await h.start({ id: 'x', n: 2 });
      const fetched = await h.take('work');
      const seen = Object.fromEntries([...fetched.variables].map(([name, { value }]) => [name, value]));
      expect(seen).toMatchObject({
        text: 'order x',
        twice: 'order xorder x',
        list: '["a",2]',
        map: '{"k":2}',
        empty: null,
        n: 2,
      });
      await h.engine.externalTasks.complete(fetched.id, {
        workerId: 'w',
        variables: new Map(),
        localVariables: new Map([['answer', { type: 'Integer', value: 40, valueInfo: {} }]]),
      });
      const after = await h.take('after');
      expect([...after.variables.keys()].sort()).toEqual(['id', 'n', 'result']);
      expect(h.values(id)).toMatchObject({ result: 42 });
    });

    it('maps the inputs and outputs of a sub-process', async () => {
      await h.deploy(
        `${START}<subProcess id="sub"><extensionElements>${io(input('local', '${n}'), output('n', '${local + 1}'))}</extensionElements><startEvent id="ss"/>${task('in')}${flows('ss->in')}</subProcess>${task('after')}${flows('s->sub', 'sub->after')}`,
      );
      const { id } = await h.start({ n: 1 });
      expect((await h.take('in')).variables.get('local')?.value).toBe(1);
      h.now += 20_000;
      await h.complete('in');
      expect(h.values(id)).toMatchObject({ n: 2 });
      expect((await h.take('after')).variables.has('local')).toBe(false);
    });

    it('knows the execution in expressions', async () => {
      await h.deploy(
        `${START}${task('work', io(input('key', '${execution.processBusinessKey}'), input('at', '${execution.currentActivityId}'), input('also', "${execution.getVariable('n')}"), input('there', "${execution.hasVariable('nope')}"), input('pid', '${execution.getProcessInstanceId()}')))}${flows('s->work')}`,
      );
      const { id } = await h.start({ n: 5 }, 'order-1');
      const { variables } = await h.take('work');
      const seen = Object.fromEntries([...variables].map(([name, { value }]) => [name, value]));
      expect(seen).toMatchObject({ key: 'order-1', at: 'work', also: 5, there: false, pid: id });
    });
  });

  describe('topics and priorities', () => {
    it('evaluates them, and inherits the priority of the process', async () => {
      await h.deploy(
        `${START}<parallelGateway id="f"/><serviceTask id="a" camunda:type="external" camunda:topic="t-\${n}"/>${task('b', '', 'camunda:taskPriority="${n * 10}"')}${flows('s->f', 'f->a', 'f->b')}`,
        'camunda:taskPriority="7"',
      );
      await h.start({ n: 3 });
      expect(h.engine.externalTasks.find({}).map(({ topicName, priority }) => [topicName, priority])).toEqual(
        [
          ['t-3', 7],
          ['b', 30],
        ],
      );
    });

    it.each([
      ['camunda:topic="${n}"', /topic/],
      ['camunda:topic="t" camunda:taskPriority="${text}"', /priority/],
    ])('fails the start for %s', async (attributes, message) => {
      await h.deploy(`${START}<serviceTask id="a" camunda:type="external" ${attributes}/>${flows('s->a')}`);
      await expect(h.start({ n: 1, text: 'high' })).rejects.toThrow(message);
      expect(h.engine.runtime.countProcessInstances({})).toBe(0);
    });
  });

  describe('a command that fails', () => {
    it('changes nothing: task, lock, variables and history are as before', async () => {
      await h.deploy(
        `${START}${task('a')}<exclusiveGateway id="x"/>${task('b')}${task('c')}${flows('s->a', 'a->x', 'x->b?${n == 1}', 'x->c?${n == 2}')}`,
      );
      const { id } = await h.start({ n: 0 });
      const before = h.path(id);
      await expect(h.complete('a', { n: 3, other: 1 })).rejects.toThrow(/No outgoing sequence flow/i);
      expect([h.topics(), h.values(id), h.path(id)]).toEqual([['a'], { n: 0 }, before]);
      const [locked] = h.engine.externalTasks.find({});
      expect(locked?.workerId).toBe('w');
      h.now += 60_000;
      await h.complete('a', { n: 2 });
      expect(h.topics()).toEqual(['c']);
    });

    it('is one that runs in a circle without a wait state', async () => {
      await h.engine.close();
      h = await EngineHarness.open({ stepLimit: 1_000 });
      await h.deploy(`${START}<task id="a"/><task id="b"/>${flows('s->a', 'a->b', 'b->a')}`);
      await expect(h.start()).rejects.toThrow(/1000 steps/);
      expect(h.engine.runtime.countProcessInstances({})).toBe(0);
    });
  });

  it('keeps variables called like members of objects apart from them', async () => {
    await h.deploy(`${START}${task('a')}${flows('s->a')}`);
    const names = ['__proto__', 'constructor', 'toString'];
    const { id } = await h.start(Object.fromEntries(names.map((name) => [name, 1])));
    await h.engine.runtime.changeVariables(
      id,
      new Map([['__proto__', { type: 'String', value: 'x', valueInfo: {} }]]),
      [],
    );
    expect(h.engine.runtime.findVariables(id)?.get('__proto__')?.value).toBe('x');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('shows what an instance does as a tree, with its incidents', async () => {
    await h.deploy(
      `${START}<subProcess id="sub" name="Sub"><startEvent id="ss"/>${task('a')}${flows('ss->a')}</subProcess>${flows('s->sub')}`,
    );
    const { id } = await h.start();
    const { id: taskId } = await h.take('a');
    await h.engine.externalTasks.setRetries(taskId, 0);
    const tree = h.engine.runtime.findActivityInstanceTree(id);
    expect(tree).toMatchObject({
      id,
      parentActivityInstanceId: null,
      activityType: 'processDefinition',
      childActivityInstances: [
        {
          activityId: 'sub',
          activityName: 'Sub',
          activityType: 'subProcess',
          childActivityInstances: [{ activityId: 'a', incidents: [{ activityId: 'a' }] }],
        },
      ],
    });
    expect(h.engine.runtime.findActivityInstanceTree('nope')).toBeNull();
  });
});
