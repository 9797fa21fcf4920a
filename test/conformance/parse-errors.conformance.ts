import { describe, expect, it } from '@jest/globals';
import {
  bpmn,
  cardinality,
  catchMessage,
  boundaryTimer,
  element,
  end,
  eventGateway,
  eventSubProcess,
  flow,
  message,
  messageStart,
  multiInstance,
  onError,
  path,
  receive,
  start,
  subProcess,
  task,
  taskWith,
  io,
  xor,
} from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();
const STRAIGHT = [start(), end(), path('start', 'end')];

interface Problems {
  readonly details: Readonly<
    Record<
      string,
      { readonly errors: readonly { readonly message: string; readonly mainElementId: string | null }[] }
    >
  >;
}

describe('a deployment is refused', () => {
  it.each<[string, readonly string[], string, string, string]>([
    [
      'an external task without a topic',
      [start(), element('serviceTask', 'A', 'camunda:type="external"'), end(), path('start', 'A', 'end')],
      '',
      'A',
      "External tasks must specify a 'topic' attribute in the ",
    ],
    [
      'a service task that does nothing',
      [start(), element('serviceTask', 'A'), end(), path('start', 'A', 'end')],
      '',
      'A',
      "One of the attributes 'class', 'delegateExpression', 'type', or 'expression' is mandatory on serviceTask",
    ],
    [
      'a flow without a condition beside a default',
      [
        start(),
        xor('G', 'default="x"'),
        end(),
        end('e2'),
        path('start', 'G'),
        flow('G', 'end', undefined, 'x'),
        flow('G', 'e2'),
      ],
      '',
      'G',
      "Exclusive Gateway 'G' has outgoing sequence flow 'G__e2' without condition which is not the default flow.",
    ],
    [
      'an exclusive gateway without a way out',
      [start(), xor('G'), path('start', 'G')],
      '',
      'G',
      "Exclusive Gateway 'G' has no outgoing sequence flows.",
    ],
    [
      'a condition on the only way out of an exclusive gateway',
      [start(), xor('G'), end(), path('start', 'G'), flow('G', 'end', '${true}')],
      '',
      'G',
      "Exclusive Gateway 'G' has only one outgoing sequence flow ('G__end'). This is not allowed to have a condition.",
    ],
    [
      'a condition on the default of an exclusive gateway',
      [
        start(),
        xor('G', 'default="x"'),
        end(),
        end('e2'),
        path('start', 'G'),
        flow('G', 'end', '${true}', 'x'),
        flow('G', 'e2', '${true}'),
      ],
      '',
      'G',
      "Exclusive Gateway 'G' has outgoing sequence flow 'x' which is the default flow but has a condition too.",
    ],
    ['a process without a start event', [end()], '', '', 'process must define a startEvent element'],
    [
      'two none start events',
      [start(), start('s2'), end(), path('start', 'end'), path('s2', 'end')],
      '',
      's2',
      'multiple none start events or timer start events not supported on process definition',
    ],
    [
      'a flow to nowhere',
      [start(), '<sequenceFlow id="f" sourceRef="start" targetRef="nope"/>'],
      '',
      'f',
      "Invalid destination 'nope' of sequence flow 'f'",
    ],
    [
      'a boundary event on nothing',
      [...STRAIGHT, boundaryTimer('b', 'nope', 'PT1S'), path('b', 'end')],
      '',
      'b',
      'Invalid reference in boundary event. Make sure that the referenced activity is defined in the same scope as the boundary event',
    ],
    [
      'an unknown message',
      [start(), catchMessage('M', 'nope'), end(), path('start', 'M', 'end')],
      '',
      'M',
      "Invalid 'messageRef': no message with id 'nope' found.",
    ],
    [
      'a timer without a date, cycle or duration',
      [
        start(),
        element('intermediateCatchEvent', 'T', '', '<timerEventDefinition/>'),
        end(),
        path('start', 'T', 'end'),
      ],
      '',
      'T',
      'Timer needs configuration (either timeDate, timeCycle or timeDuration is needed).',
    ],
    [
      'a task behind an event-based gateway',
      [start(), eventGateway('G'), task('A'), end(), path('start', 'G', 'A', 'end')],
      '',
      'G',
      'Event based gateway can only be connected to elements of type intermediateCatchEvent',
    ],
    [
      'a receive task behind an event-based gateway',
      [start(), eventGateway('G'), receive('R', 'm'), end(), path('start', 'G', 'R', 'end')],
      message('m'),
      'G',
      'Event based gateway can only be connected to elements of type intermediateCatchEvent',
    ],
    [
      'a call of nothing',
      [start(), element('callActivity', 'C'), end(), path('start', 'C', 'end')],
      '',
      'C',
      "Missing attribute 'calledElement' or 'caseRef'",
    ],
    [
      'a sub-process without a start event',
      [start(), subProcess('S', [end('e')]), end(), path('start', 'S', 'end')],
      '',
      'S',
      'subProcess must define a startEvent element',
    ],
    [
      'a message start event in a sub-process',
      [
        start(),
        subProcess('S', [messageStart('s', 'm'), end('e'), path('s', 'e')]),
        end(),
        path('start', 'S', 'end'),
      ],
      message('m'),
      's',
      'messageEventDefinition only allowed on start event if subprocess is an event subprocess',
    ],
    [
      'an event sub-process that starts on nothing',
      [
        ...STRAIGHT,
        element('subProcess', 'E', 'triggeredByEvent="true"', start('s') + end('e') + path('s', 'e')),
      ],
      '',
      's',
      "start event of event subprocess must be of type 'error', 'message', 'timer', 'signal', 'compensation' or 'escalation'",
    ],
    [
      'an error event sub-process that does not interrupt',
      [...STRAIGHT, eventSubProcess('E', 's', onError(null), [end('e'), path('s', 'e')], false)],
      '',
      's',
      'error start event of event subprocess must be interrupting',
    ],
    [
      'a multi-instance activity without a cardinality or a collection',
      [start(), taskWith('A', multiInstance('')), end(), path('start', 'A', 'end')],
      '',
      'A#multiInstanceBody',
      'Either loopCardinality or loopDataInputRef/activiti:collection must be set',
    ],
    [
      'an output parameter of a multi-instance activity',
      [
        start(),
        taskWith('A', multiInstance('', cardinality('2')), io({}, { o: '1' })),
        end(),
        path('start', 'A', 'end'),
      ],
      '',
      'A',
      ':outputParameter not allowed for multi-instance constructs',
    ],
    [
      'a script task without a script',
      [start(), element('scriptTask', 'X', 'scriptFormat="javascript"'), end(), path('start', 'X', 'end')],
      '',
      '',
      'Unable to process ScriptTask: No script source or resource was given',
    ],
  ])('for %s', async (_name, content, definitions, elementId, sentence) => {
    const { status, body } = await engine.refusal(content, definitions);
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: 'ParseException', code: 0 });
    expect(body.message).toMatch(/^ENGINE-09005 Could not parse BPMN process\. Errors: /);
    const { errors } = (body as unknown as Problems).details['refused.bpmn']!;
    expect(errors.map((error) => error.message).join('\n')).toContain(sentence);
    const problem = errors.find((error) => error.message.includes(sentence));
    if (elementId !== '') expect(problem).toMatchObject({ mainElementId: elementId });
  });

  it('with all problems at once', async () => {
    const { body } = await engine.refusal([
      start(),
      element('serviceTask', 'A', 'camunda:type="external"'),
      element('serviceTask', 'B', 'camunda:type="external"'),
      end(),
      path('start', 'A', 'B', 'end'),
    ]);
    const { errors } = (body as unknown as Problems).details['refused.bpmn']!;
    expect(errors.map(({ mainElementId }) => mainElementId).sort()).toEqual(['A', 'B']);
    expect(errors[0]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
  });

  it('without a history time to live', async () => {
    const { status, body } = await engine.deploy({
      'x.bpmn': bpmn('<process id="forever" isExecutable="true"><startEvent id="s"/></process>'),
    });
    expect({ status, type: body.type }).toEqual({ status: 400, type: 'ParseException' });
    expect(body.message).toMatch(/ENGINE-12018 History Time To Live \(TTL\) cannot be null/);
  });

  it('for XML that breaks off', async () => {
    const { status, body } = await engine.deploy({ 'x.bpmn': '<definitions><process' });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.message).toMatch(/Could not parse/);
  });

  it('for two elements of one id', async () => {
    const { status, body } = await engine.refusal([
      start(),
      task('A'),
      task('A'),
      end(),
      path('start', 'A', 'end'),
    ]);
    expect({ status, type: body.type }).toEqual({ status: 400, type: 'ParseException' });
  });

  it('for an expression that cannot be read', async () => {
    const { status, body } = await engine.refusal([
      start(),
      task('A', io({ x: '${a +}' })),
      end(),
      path('start', 'A', 'end'),
    ]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.message).toMatch(/\$\{a \+\}/);
  });

  it('for entities that expand', async () => {
    const entities = Array.from({ length: 12 }, (_, n) =>
      n === 0 ? '<!ENTITY e0 "0123456789">' : `<!ENTITY e${n} "${`&e${n - 1};`.repeat(10)}">`,
    ).join('');
    const text = bpmn(
      '<process id="bomb" isExecutable="true"><documentation>&e11;</documentation><startEvent id="s"/></process>',
    ).replace('<definitions', `<!DOCTYPE definitions [${entities}]><definitions`);
    const { status } = await engine.deploy({ 'bomb.bpmn': text });
    expect(status).toBeGreaterThanOrEqual(400);
  });
});
