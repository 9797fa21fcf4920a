import { describe, expect, it } from '@jest/globals';
import {
  bpmn,
  boundaryOn,
  callActivity,
  catchEvent,
  element,
  end,
  eventGateway,
  eventSubProcess,
  flow,
  io,
  loop,
  message,
  onDuration,
  onError,
  onMessage,
  path,
  process,
  receive,
  start,
  subProcess,
  task,
  userTask,
} from '../testing/process.builder.js';
import { compileBpmn, type CompileOptions } from './bpmn.compiler.js';
import { BpmnParseError } from './bpmn-parse.error.js';
import type { FlowNode } from './process-model.js';

const MESSAGES = message('m');

/** start → `x` → end, with whatever else. */
const around = (x: string, ...more: string[]): string =>
  bpmn(MESSAGES, process('p', [start(), x, end(), path('start', 'x', 'end'), ...more]));

async function nodesOf(xml: string, options: CompileOptions = {}): Promise<ReadonlyMap<string, FlowNode>> {
  const { processes } = await compileBpmn({ name: 'p.bpmn', content: xml }, options);
  return processes[0]!.nodes;
}

async function problemsOf(xml: string, options: CompileOptions = {}): Promise<readonly string[]> {
  try {
    await compileBpmn({ name: 'p.bpmn', content: xml }, options);
  } catch (error) {
    if (error instanceof BpmnParseError)
      return error.errors.map(({ mainElementId, message: text }) => `${mainElementId ?? ''}: ${text}`);
    throw error;
  }
  return [];
}

const script = (source: string): string => `<script>${source}</script>`;

describe('activities and events that are built', () => {
  it.each<[string, string, object]>([
    [
      'a user task',
      userTask('x', 'camunda:assignee="${a}" camunda:dueDate="2030-01-01"'),
      { kind: 'userTask', activityType: 'userTask' },
    ],
    ['a manual task', element('manualTask', 'x'), { kind: 'passThrough', activityType: 'manualTask' }],
    ['a receive task', receive('x', 'm'), { kind: 'receiveTask', message: { kind: 'message' } }],
    ['a receive task without a message', receive('x', null), { kind: 'receiveTask', message: null }],
    [
      'a message catch event',
      catchEvent('x', onMessage('m')),
      { kind: 'catchEvent', activityType: 'intermediateMessageCatch' },
    ],
    [
      'a timer catch event',
      catchEvent('x', onDuration('PT1M')),
      { kind: 'catchEvent', activityType: 'intermediateTimer', trigger: { timer: 'duration' } },
    ],
    [
      'a throw event of nothing',
      element('intermediateThrowEvent', 'x'),
      { kind: 'passThrough', activityType: 'intermediateNoneThrowEvent' },
    ],
    [
      'a message throw event',
      element(
        'intermediateThrowEvent',
        'x',
        '',
        '<messageEventDefinition camunda:type="external" camunda:topic="t"/>',
      ),
      { kind: 'externalTask', activityType: 'intermediateMessageThrowEvent' },
    ],
    [
      'an expression',
      '<serviceTask id="x" camunda:expression="${a}" camunda:resultVariable="r"/>',
      { kind: 'expressionTask', resultVariable: 'r' },
    ],
    [
      'a call',
      callActivity(
        'x',
        'q',
        '<camunda:in businessKey="${k}"/><camunda:in variables="all" local="true"/><camunda:out source="a" target="b"/>',
        'camunda:calledElementBinding="deployment"',
      ),
      {
        kind: 'callActivity',
        binding: { kind: 'deployment' },
        inputs: [{ kind: 'all', local: true }],
        outputs: [{ kind: 'variable', source: 'a', target: 'b', local: false }],
      },
    ],
  ])('%s', async (_what, x, expected) => {
    expect((await nodesOf(around(x))).get('x')).toMatchObject({ id: 'x', ...expected });
  });

  it('a message end event of an external task', async () => {
    const ending = element(
      'endEvent',
      'x',
      '',
      '<messageEventDefinition camunda:type="external" camunda:topic="t"/>',
    );
    const nodes = await nodesOf(bpmn(process('p', [start(), ending, path('start', 'x')])));
    expect(nodes.get('x')).toMatchObject({
      kind: 'externalTask',
      activityType: 'messageEndEvent',
      outgoing: [],
    });
  });

  it('boundary events of every kind, in document order', async () => {
    const nodes = await nodesOf(
      around(
        task('x'),
        boundaryOn('t', 'x', onDuration('PT1M'), { interrupting: false }),
        boundaryOn('n', 'x', onMessage('m')),
        boundaryOn('e', 'x', onError(null)),
        path('t', 'end'),
        path('n', 'end'),
        path('e', 'end'),
      ),
    );
    expect(nodes.get('x')?.boundaryEvents).toMatchObject([
      { id: 't', activityType: 'boundaryTimer', isInterrupting: false },
      { id: 'n', activityType: 'boundaryMessage', isInterrupting: true },
      { id: 'e', activityType: 'boundaryError', isInterrupting: true },
    ]);
  });

  it('event sub-processes, which start at their event', async () => {
    const inside = [end('e'), path('xStart', 'e')];
    const xml = bpmn(
      MESSAGES,
      process('p', [start(), end(), path('start', 'end'), eventSubProcess('x', onMessage('m'), inside)]),
    );
    const nodes = await nodesOf(xml);
    expect(nodes.get('x')).toMatchObject({ kind: 'eventSubProcess', scope: { startEvent: null } });
    expect(nodes.get('xStart')).toMatchObject({
      kind: 'eventSubProcessStart',
      scopeId: 'x',
      isInterrupting: true,
    });
  });

  it("a multi-instance body, which has the activity's flows and boundary events", async () => {
    const inner = `<serviceTask id="x" camunda:type="external" camunda:topic="t">${loop({ collection: 'items', elementVariable: 'i', sequential: true })}</serviceTask>`;
    const nodes = await nodesOf(around(inner, boundaryOn('b', 'x', onError(null)), path('b', 'end')));
    expect(nodes.get('x')).toMatchObject({
      kind: 'externalTask',
      incoming: [],
      outgoing: [],
      boundaryEvents: [],
    });
    expect(nodes.get('x#multiInstanceBody')).toMatchObject({
      kind: 'multiInstanceBody',
      activityType: 'multiInstanceBody',
      innerId: 'x',
      isSequential: true,
      collection: { variable: 'items' },
      elementVariable: 'i',
      incoming: [{ sourceId: 'start', targetId: 'x#multiInstanceBody' }],
      outgoing: [{ targetId: 'end' }],
      boundaryEvents: [{ id: 'b', attachedToId: 'x#multiInstanceBody' }],
    });
  });

  it('message start events beside a none start event', async () => {
    const xml = bpmn(
      MESSAGES,
      process('p', [
        start(),
        `<startEvent id="s">${onMessage('m')}</startEvent>`,
        end(),
        path('start', 'end'),
        path('s', 'end'),
      ]),
    );
    const { processes } = await compileBpmn({ name: 'p.bpmn', content: xml });
    expect(processes[0]?.root).toMatchObject({ startEvent: { id: 'start' }, messageStarts: [{ id: 's' }] });
  });

  it('scripts if they are allowed', async () => {
    const scripts = { scripts: true };
    const nodes = await nodesOf(
      around(
        element('scriptTask', 'x', 'scriptFormat="JavaScript" camunda:resultVariable="r"', script('1 + 1')),
      ),
      scripts,
    );
    expect(nodes.get('x')).toMatchObject({
      kind: 'scriptTask',
      resultVariable: 'r',
      script: { source: '1 + 1' },
    });
  });
});

describe('activities and events that are rejected', () => {
  it.each<[string, string, string]>([
    [
      'a timer cycle',
      around(catchEvent('x', '<timerEventDefinition><timeCycle>R3/PT1M</timeCycle></timerEventDefinition>')),
      "x: timeCycle of 'x' is not supported",
    ],
    [
      'a timer with two dates',
      around(
        catchEvent(
          'x',
          '<timerEventDefinition><timeDate>2030-01-01</timeDate><timeDuration>PT1M</timeDuration></timerEventDefinition>',
        ),
      ),
      'x: Timer needs configuration',
    ],
    [
      'a catch event of nothing',
      around(element('intermediateCatchEvent', 'x')),
      "x: intermediateCatchEvent 'x' needs an event definition",
    ],
    [
      'a caught error',
      around(catchEvent('x', onError(null))),
      "x: intermediateCatchEvent 'x' cannot catch an error",
    ],
    [
      'a signal',
      around(catchEvent('x', '<signalEventDefinition/>')),
      "x: signalEventDefinition of intermediateCatchEvent 'x' is not supported",
    ],
    [
      'a message that is not there',
      around(catchEvent('x', onMessage('zz'))),
      "x: Invalid 'messageRef': no message with id 'zz' found.",
    ],
    ['a receive task of a message that is not there', around(receive('x', 'zz')), "x: Invalid 'messageRef'"],
    [
      'a thrown message without an implementation',
      around(element('intermediateThrowEvent', 'x', '', '<messageEventDefinition/>')),
      'x: One of the attributes',
    ],
    [
      'a thrown signal',
      around(element('intermediateThrowEvent', 'x', '', '<signalEventDefinition/>')),
      "x: signalEventDefinition of intermediateThrowEvent 'x' is not supported",
    ],
    [
      'a call with an unknown binding',
      around(callActivity('x', 'q', '', 'camunda:calledElementBinding="newest"')),
      "x: calledElementBinding 'newest'",
    ],
    [
      'a call of a version without one',
      around(callActivity('x', 'q', '', 'camunda:calledElementBinding="version"')),
      "x: callActivity 'x' needs camunda:calledElementVersion",
    ],
    [
      'a mapping without a target',
      around(callActivity('x', 'q', '<camunda:in source="a"/>')),
      "x: A variable mapping of callActivity 'x' needs a target",
    ],
    [
      'a mapping with two sources',
      around(callActivity('x', 'q', '<camunda:in source="a" sourceExpression="${b}" target="c"/>')),
      'x: A variable mapping',
    ],
    [
      'a called case',
      around(callActivity('x', 'q', '', 'camunda:caseRef="c"')),
      "x: camunda:caseRef of callActivity 'x' is not supported",
    ],
    [
      'a loop without a cardinality or a collection',
      around(element('task', 'x', '', loop({}))),
      'x#multiInstanceBody: Either loopCardinality',
    ],
    [
      'an element without a collection',
      around(element('task', 'x', '', loop({ cardinality: '2', elementVariable: 'i' }))),
      'x#multiInstanceBody: LoopDataInputRef',
    ],
    [
      'outputs of a loop',
      around(
        element(
          'task',
          'x',
          '',
          `<extensionElements>${io({}, { o: '1' })}</extensionElements>${loop({ cardinality: '2' })}`,
        ),
      ),
      'x: camunda:outputParameter not allowed for multi-instance constructs',
    ],
    [
      'a task behind an event-based gateway',
      around(eventGateway('x')).replace('x__end', 'x__end2'),
      'x: Event based gateway can only be connected',
    ],
    [
      'a condition behind an event-based gateway',
      bpmn(
        MESSAGES,
        process('p', [
          start(),
          eventGateway('x'),
          catchEvent('c', onMessage('m')),
          end(),
          path('start', 'x'),
          flow('x', 'c', '${a}'),
          path('c', 'end'),
        ]),
      ),
      "x: Sequence flow 'x__c' out of event based gateway",
    ],
    [
      'flows of an event sub-process',
      bpmn(
        MESSAGES,
        process('p', [
          start(),
          end(),
          eventSubProcess('x', onMessage('m'), [end('e'), path('xStart', 'e')]),
          path('start', 'x', 'end'),
        ]),
      ),
      "x: Event sub-process 'x' cannot have incoming or outgoing sequence flows",
    ],
    [
      'two starts of a sub-process',
      around(subProcess('x', [start('a'), start('b'), end('e'), path('a', 'e'), path('b', 'e')])),
      'b: multiple start events not supported for subprocess',
    ],
    [
      'an expression in the name of a message that starts',
      bpmn(
        '<message id="m" name="m_${a}"/>',
        process('p', [`<startEvent id="x">${onMessage('m')}</startEvent>`, end(), path('x', 'end')]),
      ),
      "x: An expression in the message name of startEvent 'x' is not supported",
    ],
    [
      'a script while they are off',
      around(element('scriptTask', 'x', 'scriptFormat="javascript"', script('1'))),
      "x: The script of scriptTask 'x' is refused: scripts are off",
    ],
  ])('%s', async (_what, xml, problem) => {
    expect((await problemsOf(xml)).join('\n')).toContain(problem);
  });

  it.each<[string, string, string]>([
    [
      'another language',
      element('scriptTask', 'x', 'scriptFormat="groovy"', script('1')),
      "The script format 'groovy' of scriptTask 'x' is not supported",
    ],
    [
      'a script of a resource',
      element('scriptTask', 'x', 'scriptFormat="javascript" camunda:resource="a.js"'),
      "The script resource 'a.js'",
    ],
    [
      'a script that cannot be parsed',
      element('scriptTask', 'x', 'scriptFormat="javascript"', script('1 +')),
      'cannot be compiled: Unexpected',
    ],
    [
      'a mapping that cannot be parsed',
      task(
        'x',
        '<camunda:inputOutput><camunda:inputParameter name="a"><camunda:script scriptFormat="javascript">)</camunda:script></camunda:inputParameter></camunda:inputOutput>',
      ),
      "The script of a mapping of 'x' cannot be compiled",
    ],
  ])('%s, if scripts are allowed', async (_what, x, problem) => {
    expect((await problemsOf(around(x), { scripts: true })).join('\n')).toContain(problem);
  });
});

describe('bad input', () => {
  it('finds duplicate ids', async () => {
    const xml = around(task('x'), subProcess('s', [start('a'), task('x'), end('e'), path('a', 'x', 'e')]));
    expect((await problemsOf(xml)).join('\n')).toMatch(/x/);
  });

  it('rejects ids that are members of every JavaScript object, because the parser treats them as duplicates', async () => {
    const xml = bpmn(
      process('p', [start('__proto__'), end('constructor'), path('__proto__', 'constructor')]),
    );
    expect((await problemsOf(xml)).join('\n')).toMatch(
      /duplicate ID <__proto__>[^]*duplicate ID <constructor>/,
    );
  });

  it('compiles many elements quickly', async () => {
    const ids = Array.from({ length: 5_000 }, (_, at) => `t${at}`);
    const nodes = await nodesOf(
      bpmn(process('p', [start(), ...ids.map((id) => task(id)), end(), path('start', ...ids, 'end')])),
    );
    expect(nodes.size).toBe(5_002);
  });
});
