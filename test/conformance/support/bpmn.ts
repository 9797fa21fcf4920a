/** BPMN of the cases: the builder of the engine's own specs and the elements that it lacks. */
import { element } from '../../../src/embedded-engine/testing/process.builder.js';

export * from '../../../src/embedded-engine/testing/process.builder.js';

/** A `<message>`. */
export const message = (id: string, name = id): string => `<message id="${id}" name="${name}"/>`;

const messageDefinition = (ref: string): string => `<messageEventDefinition messageRef="${ref}"/>`;

/** A timer's event definition; `kind` is timeDuration, timeDate or timeCycle. */
export const timer = (value: string, kind = 'timeDuration'): string =>
  `<timerEventDefinition><${kind} xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="tFormalExpression">${value}</${kind}></timerEventDefinition>`;

export const messageStart = (id: string, ref: string): string =>
  element('startEvent', id, '', messageDefinition(ref));
export const catchMessage = (id: string, ref: string): string =>
  element('intermediateCatchEvent', id, '', messageDefinition(ref));
export const catchTimer = (id: string, value: string, kind?: string): string =>
  element('intermediateCatchEvent', id, '', timer(value, kind));
export const receive = (id: string, ref: string): string =>
  element('receiveTask', id, ref === '' ? '' : `messageRef="${ref}"`);
export const user = (id: string, attributes = '', inner = ''): string =>
  element('userTask', id, attributes, inner);
export const manual = (id: string): string => element('manualTask', id);
export const eventGateway = (id: string): string => element('eventBasedGateway', id);

/** A boundary event of any kind. */
const onBoundary = (id: string, attachedTo: string, definition: string, interrupting = true): string =>
  element('boundaryEvent', id, `attachedToRef="${attachedTo}" cancelActivity="${interrupting}"`, definition);
export const boundaryMessage = (id: string, attachedTo: string, ref: string, interrupting = true): string =>
  onBoundary(id, attachedTo, messageDefinition(ref), interrupting);
export const boundaryTimer = (id: string, attachedTo: string, value: string, interrupting = true): string =>
  onBoundary(id, attachedTo, timer(value), interrupting);

/** An event sub-process with the start event `startId` and the given event definition. */
export const eventSubProcess = (
  id: string,
  startId: string,
  definition: string,
  content: readonly string[],
  interrupting = true,
): string =>
  element(
    'subProcess',
    id,
    'triggeredByEvent="true"',
    element('startEvent', startId, `isInterrupting="${interrupting}"`, definition) + content.join('\n'),
  );
/** What starts an event sub-process, or ends a boundary. */
export const onMessage = messageDefinition;
export const onError = (ref: string | null, attributes = ''): string =>
  `<errorEventDefinition ${ref === null ? '' : `errorRef="${ref}"`} ${attributes}/>`;

/** A call activity; `extensions` such as `<camunda:in …/>`. */
export const callActivity = (id: string, calledElement: string, extensions = '', attributes = ''): string =>
  element(
    'callActivity',
    id,
    `calledElement="${calledElement}" ${attributes}`,
    extensions === '' ? '' : `<extensionElements>${extensions}</extensionElements>`,
  );

/** `multiInstanceLoopCharacteristics`; `inner` such as `<loopCardinality>3</loopCardinality>`. */
export const multiInstance = (attributes: string, inner = ''): string =>
  `<multiInstanceLoopCharacteristics ${attributes}>${inner}</multiInstanceLoopCharacteristics>`;
export const cardinality = (value: string): string => `<loopCardinality>${value}</loopCardinality>`;
export const completion = (condition: string): string =>
  `<completionCondition>${condition}</completionCondition>`;

/** An external task with an inner element, such as loop characteristics, and a topic of its id. */
export const taskWith = (id: string, inner: string, extensions = ''): string =>
  `<serviceTask id="${id}" camunda:type="external" camunda:topic="${id}">${extensions === '' ? '' : `<extensionElements>${extensions}</extensionElements>`}${inner}</serviceTask>`;

/** A task that evaluates an expression. */
export const evaluate = (id: string, expression: string, resultVariable = ''): string =>
  element(
    'serviceTask',
    id,
    `camunda:expression="${expression}"${resultVariable === '' ? '' : ` camunda:resultVariable="${resultVariable}"`}`,
  );

/** A script task in JavaScript. */
export const script = (id: string, code: string, resultVariable = ''): string =>
  `<scriptTask id="${id}" scriptFormat="javascript"${resultVariable === '' ? '' : ` camunda:resultVariable="${resultVariable}"`}><script><![CDATA[${code}]]></script></scriptTask>`;
