import { describe, expect, it } from '@jest/globals';
import { compileBpmn, type CompileOptions } from './bpmn.compiler.js';
import { BpmnParseError } from './bpmn-parse.error.js';
import type { CompiledResource, FlowNode, ProcessModel } from './process-model.js';
import { MAX_BPMN_BYTES } from './xml.guard.js';

const NAMESPACES = [
  'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"',
  'xmlns:foo="http://example.org/foo"',
].join(' ');

function file(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<definitions ${NAMESPACES} id="defs" targetNamespace="urn:test">\n${content}\n</definitions>`;
}

/** A process around `content`, on a line of its own. */
function processOf(
  content: string,
  attributes = 'isExecutable="true" camunda:historyTimeToLive="P30D"',
): string {
  return file(`<process id="p" ${attributes}>\n${content}\n</process>`);
}

const flow = (id: string, from: string, to: string, condition?: string): string =>
  condition === undefined
    ? `<sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}"/>`
    : `<sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}"><conditionExpression xsi:type="tFormalExpression">${condition}</conditionExpression></sequenceFlow>`;

const START = '<startEvent id="start"/>';
const END = '<endEvent id="end"/>';
const TASK = '<serviceTask id="task" camunda:type="external" camunda:topic="t"/>';

/** start → (element with id `x`) → end. */
function around(element: string, rest = ''): string {
  return processOf(`${START}${element}${END}${flow('in', 'start', 'x')}${flow('out', 'x', 'end')}${rest}`);
}

async function compile(content: string | Uint8Array, options?: CompileOptions): Promise<CompiledResource> {
  return compileBpmn({ name: 'test.bpmn', content }, options);
}

async function only(content: string): Promise<ProcessModel> {
  const { processes } = await compile(content);
  expect(processes).toHaveLength(1);
  return processes[0]!;
}

function node<K extends FlowNode['kind']>(
  model: ProcessModel,
  id: string,
  kind: K,
): Extract<FlowNode, { kind: K }> {
  const found = model.nodes.get(id);
  expect(found?.kind).toBe(kind);
  return found as Extract<FlowNode, { kind: K }>;
}

async function refusal(content: string | Uint8Array, options?: CompileOptions): Promise<BpmnParseError> {
  try {
    await compile(content, options);
  } catch (error) {
    if (error instanceof BpmnParseError) return error;
    throw error;
  }
  throw new Error('the resource was accepted');
}

async function refusalMessages(content: string | Uint8Array): Promise<readonly string[]> {
  return (await refusal(content)).errors.map((problem) => problem.message);
}

const NO_VARIABLES = { has: () => false, get: () => null };

describe('compileBpmn', () => {
  describe('builds', () => {
    it('a process with its attributes', async () => {
      const model = await only(
        processOf(
          `<documentation>What it does.</documentation>${START}`,
          'name="Order" isExecutable="true" camunda:historyTimeToLive="30" camunda:versionTag="v1" camunda:taskPriority="7" camunda:isStartableInTasklist="false"',
        ),
      );
      expect(model).toMatchObject({
        key: 'p',
        name: 'Order',
        description: 'What it does.',
        category: 'urn:test',
        versionTag: 'v1',
        historyTimeToLive: 30,
        startableInTasklist: false,
        root: {
          id: 'p',
          startEvent: { id: 'start', kind: 'startEvent', scopeId: 'p', activityType: 'startEvent' },
        },
      });
      expect(model.taskPriority?.evaluate(NO_VARIABLES)).toBe('7');
    });

    it('null for attributes that a process does not have', async () => {
      expect(await only(processOf(START))).toMatchObject({
        name: null,
        description: null,
        versionTag: null,
        taskPriority: null,
        startableInTasklist: true,
        historyTimeToLive: 30,
      });
    });

    it.each(['serviceTask', 'sendTask', 'businessRuleTask'])('an external %s', async (tag) => {
      const model = await only(
        around(
          `<${tag} id="x" name="X" camunda:type="external" camunda:topic="\${topic}" camunda:taskPriority="\${prio}"><extensionElements><camunda:properties><camunda:property name="k" value="v"/><camunda:property name="empty"/></camunda:properties><foo:bar/></extensionElements></${tag}>`,
        ),
      );
      const task = node(model, 'x', 'externalTask');
      expect(task).toMatchObject({
        name: 'X',
        activityType: tag,
        extensionProperties: { k: 'v', empty: '' },
        io: null,
      });
      expect(task.topic.text).toBe('${topic}');
      expect(task.priority?.text).toBe('${prio}');
      expect(task.incoming.map((one) => one.id)).toEqual(['in']);
      expect(task.outgoing.map((one) => one.targetId)).toEqual(['end']);
    });

    it('sequence flows in document order with trimmed conditions, with or without an id', async () => {
      const model = await only(
        processOf(
          `${START}<exclusiveGateway id="g" default="f2"/>${END}<task id="t"/>` +
            flow('f0', 'start', 'g') +
            flow('f1', 'g', 'end', ' ${a} ') +
            flow('f2', 'g', 't') +
            '<sequenceFlow sourceRef="g" targetRef="t"><conditionExpression>${b}</conditionExpression></sequenceFlow>',
        ),
      );
      const gateway = node(model, 'g', 'exclusiveGateway');
      expect(gateway.defaultFlowId).toBe('f2');
      expect(gateway.outgoing.map((one) => [one.id, one.condition?.text ?? null])).toEqual([
        ['f1', '${a}'],
        ['f2', null],
        ['g>t>7', '${b}'],
      ]);
      expect(node(model, 't', 'passThrough').incoming).toHaveLength(2);
    });

    it('an exclusive gateway with a warning for a flow that has no condition and is not the default', async () => {
      const { processes, warnings } = await compile(
        processOf(
          `${START}<exclusiveGateway id="x"/>${END}${flow('a', 'start', 'x')}${flow('b', 'x', 'end')}${flow('c', 'x', 'end', '${y}')}`,
        ),
      );
      expect(node(processes[0]!, 'x', 'exclusiveGateway').defaultFlowId).toBeNull();
      expect(warnings).toMatchObject([{ mainElementId: 'x', elementIds: ['x'], line: 4 }]);
    });

    it('parallel and inclusive gateways, tasks with a default flow, terminate ends', async () => {
      const model = await only(
        processOf(
          `${START}<parallelGateway id="pg"/><inclusiveGateway id="ig" default="d"/><task id="t" default="e"/><endEvent id="end"><terminateEventDefinition/></endEvent>` +
            flow('a', 'start', 'pg') +
            flow('b', 'pg', 'ig') +
            flow('c', 'ig', 't', '${x}') +
            flow('d', 'ig', 't') +
            flow('e', 't', 'end') +
            flow('f', 't', 'end', '${z}'),
        ),
      );
      expect(node(model, 'pg', 'parallelGateway').activityType).toBe('parallelGateway');
      expect(node(model, 'ig', 'inclusiveGateway').defaultFlowId).toBe('d');
      expect(node(model, 't', 'passThrough').defaultFlowId).toBe('e');
      expect(node(model, 'end', 'terminateEnd').activityType).toBe('terminateEndEvent');
    });

    it('error ends, error boundary events with variables, error event definitions', async () => {
      const model = await only(
        file(`<error id="e1" errorCode="E-1" camunda:errorMessage="bad \${why}"/><error id="e2" name="no code"/>
          <process id="p" isExecutable="true" camunda:historyTimeToLive="1">${START}
          <serviceTask id="task" camunda:type="external" camunda:topic="t"><extensionElements>
            <camunda:errorEventDefinition id="eed" errorRef="e1" expression="\${externalTask.retries == 0}"/></extensionElements></serviceTask>
          <boundaryEvent id="b1" attachedToRef="task"><errorEventDefinition errorRef="e1" camunda:errorCodeVariable="code" camunda:errorMessageVariable="text"/></boundaryEvent>
          <boundaryEvent id="b2" attachedToRef="task"><errorEventDefinition/></boundaryEvent>
          <endEvent id="end"><errorEventDefinition errorRef="e1"/></endEvent>
          ${flow('a', 'start', 'task')}${flow('b', 'task', 'end')}${flow('c', 'b1', 'end')}</process>`),
      );
      const task = node(model, 'task', 'externalTask');
      expect(task.boundaryEvents.map(({ id, trigger }) => ({ id, ...trigger }))).toEqual([
        {
          id: 'b1',
          kind: 'error',
          errorCode: 'E-1',
          errorCodeVariable: 'code',
          errorMessageVariable: 'text',
        },
        { id: 'b2', kind: 'error', errorCode: null, errorCodeVariable: null, errorMessageVariable: null },
      ]);
      expect(task.boundaryEvents[0]).toBe(model.nodes.get('b1'));
      expect(node(model, 'b1', 'boundaryEvent')).toMatchObject({
        attachedToId: 'task',
        activityType: 'boundaryError',
      });
      expect(task.errorEventDefinitions).toMatchObject([{ error: { id: 'e1', code: 'E-1' } }]);
      const end = node(model, 'end', 'errorEnd');
      expect(end).toMatchObject({ activityType: 'errorEndEvent', error: { code: 'E-1' } });
      expect(end.error.message?.text).toBe('bad ${why}');
    });

    it('embedded sub-processes with a scope of their own', async () => {
      const inner = `<startEvent id="is"/><endEvent id="ie"/>${flow('if', 'is', 'ie')}`;
      const model = await only(around(`<subProcess id="x">${inner}</subProcess>`));
      const sub = node(model, 'x', 'subProcess');
      expect(sub.scope).toMatchObject({ id: 'x', startEvent: { id: 'is', scopeId: 'x' } });
      expect(sub.scopeId).toBe('p');
      expect(node(model, 'ie', 'noneEnd')).toMatchObject({ scopeId: 'x', activityType: 'noneEndEvent' });
    });

    it('input and output mappings of constants, expressions, lists, maps and nothing', async () => {
      const mapping = `<extensionElements><camunda:inputOutput>
        <camunda:inputParameter name="constant"> five </camunda:inputParameter>
        <camunda:inputParameter name="nothing"/>
        <camunda:inputParameter name="list"><camunda:list><camunda:value>\${a}</camunda:value><camunda:list/></camunda:list></camunda:inputParameter>
        <camunda:inputParameter name="map"><camunda:map><camunda:entry key="k">v</camunda:entry><camunda:entry key="m"><camunda:map/></camunda:entry></camunda:map></camunda:inputParameter>
        <camunda:outputParameter name="out">\${b}</camunda:outputParameter></camunda:inputOutput></extensionElements>`;
      const model = await only(
        around(`<serviceTask id="x" camunda:type="external" camunda:topic="t">${mapping}</serviceTask>`),
      );
      const io = node(model, 'x', 'externalTask').io;
      expect(io?.inputs).toMatchObject([
        { name: 'constant', value: { kind: 'expression', expression: { text: 'five', isLiteral: true } } },
        { name: 'nothing', value: { kind: 'null' } },
        {
          name: 'list',
          value: { kind: 'list', items: [{ kind: 'expression' }, { kind: 'list', items: [] }] },
        },
        {
          name: 'map',
          value: {
            kind: 'map',
            entries: [
              { key: 'k', value: { kind: 'expression', expression: { text: 'v' } } },
              { key: 'm', value: { kind: 'map', entries: [] } },
            ],
          },
        },
      ]);
      expect(io?.outputs).toMatchObject([
        { name: 'out', value: { kind: 'expression', expression: { text: '${b}' } } },
      ]);
    });

    it('every executable process of a file, and skips the others whatever they hold', async () => {
      const { processes } = await compile(
        file(`<collaboration id="c"><participant id="pa" processRef="one"/></collaboration>
          <process id="one" isExecutable="true" camunda:historyTimeToLive="1">${START}</process>
          <process id="off" isExecutable="false"><userTask id="u"/>${flow('x', 'u', 'nowhere')}</process>
          <process id="two" isExecutable="true" camunda:historyTimeToLive="1"><startEvent id="s2"/></process>`),
      );
      expect(processes.map((one) => one.key)).toEqual(['one', 'two']);
    });

    it('a file without an executable process as no process', async () => {
      expect(await compile(file('<message id="m"/>'))).toEqual({ processes: [], warnings: [] });
    });

    it('a file without elements that have no behaviour or a foreign namespace', async () => {
      const model = await only(
        processOf(`<foo:thing id="odd"><foo:inner/></foo:thing><laneSet id="ls"><lane id="l"><flowNodeRef>start</flowNodeRef></lane></laneSet>
          <startEvent id="start" foo:color="red"/><dataObject id="do"/><dataObjectReference id="dor" dataObjectRef="do"/><dataStoreReference id="dsr"/>
          <textAnnotation id="ta"><text>note</text></textAnnotation><association id="as" sourceRef="start" targetRef="ta"/>`),
      );
      expect([...model.nodes.keys()]).toEqual(['start']);
    });

    it('a deeply frozen process', async () => {
      const model = await only(around(TASK.replace('"task"', '"x"')));
      const task = node(model, 'x', 'externalTask');
      expect(
        [model, model.root, task, task.outgoing, task.outgoing[0], task.extensionProperties].every(
          Object.isFrozen,
        ),
      ).toBe(true);
    });

    it('Operaton files, whatever the prefix', async () => {
      const content = around(TASK.replace('"task"', '"x"'))
        .replace('http://camunda.org/schema/1.0/bpmn', 'http://operaton.org/schema/1.0/bpmn')
        .replace('xmlns:camunda', 'xmlns:op')
        .replaceAll('camunda:', 'op:');
      expect(content).not.toContain('camunda:');
      expect(node(await only(content), 'x', 'externalTask').topic.text).toBe('t');
    });

    it('bytes in UTF-8, UTF-16 and a declared encoding', async () => {
      const content = processOf(START, 'name="Größe" isExecutable="true" camunda:historyTimeToLive="1"');
      const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(content, 'utf16le')]);
      const latin = Buffer.from(content.replace('UTF-8', 'ISO-8859-1'), 'latin1');
      for (const bytes of [Buffer.from(content), Buffer.from(`\uFEFF${content}`), utf16, latin]) {
        expect((await compile(bytes)).processes[0]?.name).toBe('Größe');
      }
    });

    it('a process without a time to live if that is allowed', async () => {
      const { processes } = await compile(processOf(START, 'isExecutable="true"'), {
        enforceHistoryTimeToLive: false,
      });
      expect(processes[0]?.historyTimeToLive).toBeNull();
    });
  });

  describe('warns of', () => {
    it.each([
      [around('<task id="x" camunda:asyncBefore="true"/>'), 'camunda:asyncBefore', 'x'],
      [around('<task id="x" camunda:asyncAfter="true"/>'), 'camunda:asyncAfter', 'x'],
      [around('<task id="x" camunda:async="true"/>'), 'camunda:async ', 'x'],
      [processOf('<startEvent id="x" camunda:initiator="who"/>'), 'camunda:initiator', 'x'],
      [processOf(START, 'camunda:historyTimeToLive="1"'), 'does not say isExecutable', 'p'],
      [around('<task id="x" camunda:topic="t"/>'), 'unknown attribute <camunda:topic>', 'x'],
      [
        around(
          '<task id="x"/>',
          '<boundaryEvent id="b" cancelActivity="false" attachedToRef="x"><errorEventDefinition/></boundaryEvent>',
        ),
        'cancelActivity="false"',
        'b',
      ],
    ])('elements that it accepts and ignores (%#)', async (content, message, id) => {
      const { warnings } = await compile(content);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]?.message).toContain(message);
      expect(warnings[0]?.mainElementId).toBe(id);
    });
  });

  describe('rejects by name', () => {
    it.each(['complexGateway', 'transaction', 'adHocSubProcess'])('%s', async (tag) => {
      const { errors } = await refusal(around(`<${tag} id="x"/>`));
      expect(errors).toMatchObject([
        {
          message: `${tag} 'x' is not supported by the embedded engine`,
          mainElementId: 'x',
          elementIds: ['x'],
          line: 4,
        },
      ]);
    });

    it.each(['timer', 'signal', 'conditional'])('a %s start event', async (kind) => {
      const content = processOf(`<startEvent id="x"><${kind}EventDefinition/></startEvent>`);
      expect(await refusalMessages(content)).toContain(
        `${kind}EventDefinition of startEvent 'x' is not supported by the embedded engine`,
      );
    });

    it.each(['signal', 'escalation', 'compensate', 'cancel', 'link'])('a %s end event', async (kind) => {
      const content = processOf(`${START}<endEvent id="x"><${kind}EventDefinition/></endEvent>`);
      expect(await refusalMessages(content)).toEqual([
        `${kind}EventDefinition of endEvent 'x' is not supported by the embedded engine`,
      ]);
    });

    it.each(['signal', 'escalation', 'compensate', 'conditional', 'cancel'])(
      'a %s boundary event',
      async (kind) => {
        const boundary = `<boundaryEvent id="b" attachedToRef="x"><${kind}EventDefinition/></boundaryEvent>`;
        expect(await refusalMessages(around('<task id="x"/>', boundary))).toEqual([
          `${kind}EventDefinition of boundaryEvent 'b' is not supported by the embedded engine`,
        ]);
      },
    );

    it.each<[string, string, string]>([
      [
        'two definitions on an event',
        processOf(`${START}<endEvent id="x"><terminateEventDefinition/><errorEventDefinition/></endEvent>`),
        "More than one event definition on endEvent 'x'",
      ],
      [
        'camunda:class',
        around('<serviceTask id="x" camunda:class="a.B"/>'),
        "camunda:class of serviceTask 'x'",
      ],
      [
        'camunda:delegateExpression',
        around('<sendTask id="x" camunda:delegateExpression="${b}"/>'),
        "camunda:delegateExpression of sendTask 'x'",
      ],
      [
        'camunda:decisionRef',
        around('<businessRuleTask id="x" camunda:decisionRef="d"/>'),
        "camunda:decisionRef of businessRuleTask 'x'",
      ],
      [
        'another camunda:type',
        around('<serviceTask id="x" camunda:type="mail"/>'),
        "camunda:type 'mail' of serviceTask 'x'",
      ],
      [
        'a connector',
        around(
          '<serviceTask id="x"><extensionElements><camunda:connector/></extensionElements></serviceTask>',
        ),
        "camunda:connector of serviceTask 'x'",
      ],
      [
        'a standard loop',
        around('<task id="x"><standardLoopCharacteristics/></task>'),
        "standardLoopCharacteristics of task 'x'",
      ],
      ['compensation', around('<task id="x" isForCompensation="true"/>'), "Compensation by task 'x'"],
      [
        'an execution listener',
        around(
          '<task id="x"><extensionElements><camunda:executionListener class="A" event="start"/></extensionElements></task>',
        ),
        "camunda:executionListener of task 'x'",
      ],
      [
        'a listener of a process',
        processOf(
          `<extensionElements><camunda:executionListener class="A" event="start"/></extensionElements>${START}`,
        ),
        "camunda:executionListener of process 'p'",
      ],
      [
        'a listener of a flow',
        around(
          '<task id="x"/>',
          '<sequenceFlow id="l" sourceRef="x" targetRef="end"><extensionElements><camunda:executionListener class="A"/></extensionElements></sequenceFlow>',
        ),
        "camunda:executionListener of sequenceFlow 'l'",
      ],
      [
        'a condition from a resource',
        around(
          '<task id="x"/>',
          '<sequenceFlow id="l" sourceRef="x" targetRef="end"><conditionExpression xsi:type="tFormalExpression" camunda:resource="r.js"/></sequenceFlow>',
        ),
        "A condition from a resource on sequence flow 'l'",
      ],
    ])('%s', async (_what, content, message) => {
      expect(await refusalMessages(content)).toContain(`${message} is not supported by the embedded engine`);
    });
  });

  describe('finds', () => {
    const gateway = (attributes: string, ...flows: readonly string[]): string =>
      processOf(
        `${START}<exclusiveGateway id="x" ${attributes}/>${END}${flow('a', 'start', 'x')}${flows.join('')}`,
      );
    const mapped = (element: string, parameter: string): string =>
      `<${element} id="x"><extensionElements><camunda:inputOutput>${parameter}</camunda:inputOutput></extensionElements></${element}>`;

    it.each<[string, string, string]>([
      ['no start event', processOf(END), 'process must define a startEvent element'],
      [
        'two start events',
        processOf(`${START}<startEvent id="s2"/>`),
        'multiple none start events or timer start events not supported on process definition',
      ],
      [
        'a sub-process without start event',
        around('<subProcess id="x"/>'),
        'subProcess must define a startEvent element',
      ],
      [
        'an external task without topic',
        around('<serviceTask id="x" camunda:type="external"/>'),
        "External tasks must specify a 'topic' attribute in the camunda namespace",
      ],
      [
        'a service task without behaviour',
        around('<serviceTask id="x"/>'),
        "One of the attributes 'class', 'delegateExpression', 'type', or 'expression' is mandatory on serviceTask",
      ],
      [
        'an exclusive gateway without outgoing flow',
        gateway(''),
        "Exclusive Gateway 'x' has no outgoing sequence flows.",
      ],
      [
        'a condition on the only flow',
        gateway('', flow('b', 'x', 'end', '${c}')),
        "('b'). This is not allowed to have a condition.",
      ],
      [
        'two flows without condition',
        gateway('', flow('b', 'x', 'end'), flow('c', 'x', 'end')),
        "sequence flow 'c' without condition which is not the default flow",
      ],
      [
        'a flow without condition beside a default',
        gateway('default="b"', flow('b', 'x', 'end'), flow('c', 'x', 'end')),
        "sequence flow 'c' without condition which is not the default flow",
      ],
      [
        'a default flow with a condition',
        gateway('default="b"', flow('b', 'x', 'end', '${c}'), flow('c', 'x', 'end', '${c}')),
        "outgoing sequence flow 'b' which is the default flow but has a condition too.",
      ],
      [
        'a default flow of another node',
        gateway('default="a"', flow('b', 'x', 'end', '${c}'), flow('c', 'x', 'end', '${c}')),
        "Default sequence flow 'a' does not leave 'x'",
      ],
      [
        'a default flow that does not exist',
        gateway('default="zz"', flow('b', 'x', 'end', '${c}'), flow('c', 'x', 'end', '${c}')),
        "Default sequence flow 'zz' does not leave 'x'",
      ],
      [
        'a flow from nowhere',
        around('<task id="x"/>', flow('l', 'zz', 'end')),
        "Invalid source 'zz' of sequence flow 'l'",
      ],
      [
        'a flow to nowhere',
        around('<task id="x"/>', flow('l', 'x', 'zz')),
        "Invalid destination 'zz' of sequence flow 'l'",
      ],
      [
        'a flow without ends',
        around('<task id="x"/>', '<sequenceFlow id="l"/>'),
        "Invalid source '' of sequence flow 'l'",
      ],
      [
        'a flow out of its scope',
        around('<subProcess id="x"><startEvent id="is"/></subProcess>', flow('l', 'is', 'end')),
        "Invalid source 'is' of sequence flow 'l'",
      ],
      [
        'a flow into a start event',
        around('<task id="x"/>', flow('l', 'x', 'start')),
        "Sequence flow 'l' leads into startEvent 'start'",
      ],
      [
        'an empty condition',
        around('<task id="x"/>', flow('l', 'x', 'end', ' ')),
        "The condition of sequence flow 'l' is empty",
      ],
      [
        'an expression that does not parse',
        around('<task id="x"/>', flow('l', 'x', 'end', '${a +}')),
        'Error while parsing expression: ${a +}. Cause: syntax error at position 5',
      ],
      [
        'a topic that does not parse',
        around('<serviceTask id="x" camunda:type="external" camunda:topic="${"/>'),
        'Error while parsing expression: ${.',
      ],
      [
        'a boundary event on nothing',
        processOf(`${START}<boundaryEvent id="b" attachedToRef="zz"><errorEventDefinition/></boundaryEvent>`),
        "(attachedToRef 'zz' of 'b')",
      ],
      [
        'a boundary event on a gateway',
        around(
          '<parallelGateway id="x"/>',
          '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition/></boundaryEvent>',
        ),
        "(attachedToRef 'x' of 'b')",
      ],
      [
        'a boundary event without attachment',
        processOf(`${START}<boundaryEvent id="b"><errorEventDefinition/></boundaryEvent>`),
        "(attachedToRef '' of 'b')",
      ],
      [
        'two catchers of the same error',
        around(
          '<task id="x"/>',
          '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition/></boundaryEvent><boundaryEvent id="c" attachedToRef="x"><errorEventDefinition/></boundaryEvent>',
        ),
        "'x' has two boundary events that catch every error",
      ],
      [
        'an error that does not exist',
        processOf(`${START}<endEvent id="x"><errorEventDefinition errorRef="zz"/></endEvent>`),
        "errorRef 'zz' of 'x' leads to no error",
      ],
      [
        'an error end without error',
        processOf(`${START}<endEvent id="x"><errorEventDefinition/></endEvent>`),
        "'x' throws an error and needs an errorRef",
      ],
      [
        'a thrown error without code',
        processOf(`${START}<endEvent id="x"><errorEventDefinition errorRef="e"/></endEvent>`).replace(
          '</definitions>',
          '<error id="e"/></definitions>',
        ),
        "Error 'e' is thrown by 'x' and needs an errorCode",
      ],
      [
        'an error event definition without expression',
        around(
          '<serviceTask id="x" camunda:type="external" camunda:topic="t"><extensionElements><camunda:errorEventDefinition/></extensionElements></serviceTask>',
        ),
        "A camunda:errorEventDefinition of 'x' has no expression",
      ],
      [
        'a priority that is not a number',
        around('<serviceTask id="x" camunda:type="external" camunda:topic="t" camunda:taskPriority="high"/>'),
        "camunda:taskPriority 'high' of serviceTask 'x' is no whole number",
      ],
      [
        'a mapping on a gateway',
        around(mapped('parallelGateway', '<camunda:inputParameter name="a">1</camunda:inputParameter>')),
        'camunda:inputOutput is not allowed on a parallelGateway',
      ],
      [
        'an output mapping on an end event',
        processOf(
          START + mapped('endEvent', '<camunda:outputParameter name="a">1</camunda:outputParameter>'),
        ),
        'camunda:outputParameter is not allowed on an endEvent',
      ],
      [
        'a parameter without name',
        around(mapped('task', '<camunda:inputParameter>1</camunda:inputParameter>')),
        'A camunda:inputParameter has no name',
      ],
      [
        'a map entry without key',
        around(
          mapped(
            'task',
            '<camunda:inputParameter name="a"><camunda:map><camunda:entry>1</camunda:entry></camunda:map></camunda:inputParameter>',
          ),
        ),
        'A camunda:entry has no key',
      ],
      [
        'lists that nest too deep',
        around(
          mapped(
            'task',
            `<camunda:inputParameter name="a">${'<camunda:list>'.repeat(5_000)}${'</camunda:list>'.repeat(5_000)}</camunda:inputParameter>`,
          ),
        ),
        'Lists and maps nest deeper than 20',
      ],
      [
        'a missing time to live',
        processOf(START, 'isExecutable="true"'),
        'ENGINE-12018 History Time To Live (TTL) cannot be null',
      ],
      [
        'a time to live that is not a number of days',
        processOf(START, 'isExecutable="true" camunda:historyTimeToLive="a month"'),
        "camunda:historyTimeToLive 'a month' of process 'p' is no number of days",
      ],
      [
        'a process without id',
        file(`<process isExecutable="true">${START}</process>`),
        'A process has no id',
      ],
      ['a node without id', processOf(`${START}<task/>`), 'A task has no id'],
      ['an id that is used twice', processOf(`${START}<task id="start"/>`), 'duplicate ID <start>'],
      ['an id that is no XML name', processOf('<startEvent id="a b"/>'), 'illegal ID <a b>'],
      [
        'a BPMN element that does not exist',
        processOf(`${START}<bogusTask id="x"/>`),
        'unknown type <bpmn:BogusTask>',
      ],
      [
        'an attribute that stands twice',
        processOf('<startEvent id="x" name="a" name="b"/>'),
        'attribute <name> already defined',
      ],
    ])('%s', async (_what, content, message) => {
      expect((await refusalMessages(content)).join('\n')).toContain(message);
    });

    it('all problems at once, each with its element and position', async () => {
      const error = await refusal(
        processOf(
          `${START}\n<complexGateway id="u"/>\n  <serviceTask\n     id='s' camunda:type="external"/>\n${flow('f', 'u', 'zz')}`,
          'isExecutable="true"',
        ),
      );
      expect(error.resourceName).toBe('test.bpmn');
      expect(error.errors.map((one) => [one.mainElementId, one.line, one.column])).toEqual([
        ['p', 3, 1],
        ['f', 8, 1],
        ['u', 5, 1],
        ['s', 6, 3],
      ]);
      expect(error.message).toMatch(
        /^ENGINE-09005 Could not parse BPMN process\. Errors: \n\* ENGINE-12018 .* \| resource test\.bpmn \| line 3 \| column 1\n/,
      );
    });

    it('no more than a hundred problems, and says how many more there are', async () => {
      const tasks = Array.from({ length: 150 }, (_, index) => `<complexGateway id="u${index}"/>`).join('');
      const { errors } = await refusal(processOf(START + tasks));
      expect(errors).toHaveLength(101);
      expect(errors.at(-1)?.message).toBe('and 50 more problems');
    });

    it('sub-processes that nest too deep, without exhausting the stack', async () => {
      const nested = (depth: number): string =>
        around(
          `<subProcess id="x">${'<subProcess>'.repeat(depth)}${'</subProcess>'.repeat(depth)}</subProcess>`,
        );
      const identified = Array.from({ length: 5_000 }, (_, index) => `<subProcess id="s${index}">`).join('');
      const messages = await refusalMessages(
        around(`<subProcess id="x">${identified}${'</subProcess>'.repeat(5_000)}</subProcess>`),
      );
      expect(messages).toContain('Sub-processes nest deeper than 50');
      expect(await refusalMessages(nested(50_000))).toContain('A subProcess has no id');
    });
  });

  describe('does not read', () => {
    it.each<[string, string, RegExp]>([
      ['an empty text', '', /missing start tag/],
      ['a text that is no XML', 'hello', /missing start tag/],
      ['XML that ends early', processOf(START).slice(0, -20), /unexpected end of file|unclosed tag/],
      ['XML whose tags do not match', processOf('<task></tusk>'), /closing tag mismatch/],
      ['XML that is no BPMN', '<html/>', /unexpected element <html>|failed to parse/],
      [
        'a document type',
        '<!DOCTYPE a [<!ENTITY b "c">]>' + processOf(START),
        /DOCTYPE or entity declaration/,
      ],
      ['an entity declaration in the middle', processOf('<!ENTITY a "b">'), /DOCTYPE or entity declaration/],
      [
        'more than the limit',
        processOf(`${START}<!--${'x'.repeat(MAX_BPMN_BYTES)}-->`),
        /at most 5242880 are accepted/,
      ],
    ])('%s', async (_what, content, message) => {
      const error = await refusal(content);
      expect(error.message).toMatch(message);
      expect(error.errors.length).toBeGreaterThan(0);
    });

    it('bytes that are not in the encoding they name', async () => {
      expect(await refusalMessages(Uint8Array.from([0x3c, 0xff, 0xff]))).toEqual([
        'The resource is not text in utf-8',
      ]);
      expect(await refusalMessages(Buffer.from([0xfe, 0xff, 0xd8, 0x00]))).toEqual([
        'The resource is not text in utf-16be',
      ]);
      expect(await refusalMessages(Buffer.from('<?xml version="1.0" encoding="no-such"?><a/>'))).toEqual([
        'The resource is not text in no-such',
      ]);
    });

    it('comments and CDATA as declarations', async () => {
      const content = processOf(
        `<!-- <!DOCTYPE a> -->${START}<task id="t" name="x"><documentation><![CDATA[<!ENTITY a>]]></documentation></task>`,
      );
      expect((await only(content)).nodes.size).toBe(2);
      expect((await refusal(`${content}<!-- open`)).errors.length).toBeGreaterThan(0);
    });

    it('a large file of another kind, and stops at its first error', async () => {
      const { errors } = await refusal(processOf(`${START}${'<entry/>'.repeat(200_000)}`));
      expect(errors.map((one) => one.message)).toEqual(['unknown type <bpmn:Entry>']);
    });

    it('reports the position of an XML error', async () => {
      const { errors } = await refusal(processOf('<startEvent id="s">'));
      expect(errors[0]?.line).toBeGreaterThan(3);
    });
  });
});
