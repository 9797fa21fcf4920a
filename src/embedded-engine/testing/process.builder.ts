/** Short BPMN for specs: elements are texts, and flows name the elements that they connect. */

/** Wraps processes and `<error>` elements into a file. */
export function bpmn(...content: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:test">
${content.join('\n')}
</definitions>`;
}

export function process(id: string, content: readonly string[], attributes = ''): string {
  return `<process id="${id}" isExecutable="true" camunda:historyTimeToLive="P30D" ${attributes}>${content.join('\n')}</process>`;
}

/** An external task whose topic is its id. */
export function task(id: string, extensions = '', attributes = ''): string {
  const inner = extensions === '' ? '' : `<extensionElements>${extensions}</extensionElements>`;
  const topic = attributes.includes('camunda:topic') ? '' : `camunda:topic="${id}"`;
  return `<serviceTask id="${id}" camunda:type="external" ${topic} ${attributes}>${inner}</serviceTask>`;
}

export function element(tag: string, id: string, attributes = '', inner = ''): string {
  return `<${tag} id="${id}" ${attributes}>${inner}</${tag}>`;
}

export const start = (id = 'start'): string => element('startEvent', id);
export const end = (id = 'end'): string => element('endEvent', id);
export const pass = (id: string): string => element('task', id);
export const xor = (id: string, attributes = ''): string => element('exclusiveGateway', id, attributes);
export const and = (id: string): string => element('parallelGateway', id);
export const or = (id: string, attributes = ''): string => element('inclusiveGateway', id, attributes);
export const terminate = (id: string): string => element('endEvent', id, '', '<terminateEventDefinition/>');
export const errorEnd = (id: string, errorId: string): string =>
  element('endEvent', id, '', `<errorEventDefinition errorRef="${errorId}"/>`);
export const subProcess = (id: string, content: readonly string[], extensions = ''): string =>
  element(
    'subProcess',
    id,
    '',
    (extensions === '' ? '' : `<extensionElements>${extensions}</extensionElements>`) + content.join('\n'),
  );

/** `<error>`; its id is its code unless another is given. */
export function error(id: string, code = id, message = ''): string {
  return `<error id="${id}" errorCode="${code}" ${message === '' ? '' : `camunda:errorMessage="${message}"`}/>`;
}

/** An error boundary event; without an error it catches all. */
export function boundary(id: string, attachedTo: string, errorId: string | null, attributes = ''): string {
  const reference = errorId === null ? '' : `errorRef="${errorId}"`;
  return element(
    'boundaryEvent',
    id,
    `attachedToRef="${attachedTo}"`,
    `<errorEventDefinition ${reference} ${attributes}/>`,
  );
}

/** A flow; its id is `a__b` by default. */
export function flow(from: string, to: string, condition?: string, id = `${from}__${to}`): string {
  const inner =
    condition === undefined
      ? ''
      : `<conditionExpression xsi:type="tFormalExpression">${escapeXml(condition)}</conditionExpression>`;
  return `<sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}">${inner}</sequenceFlow>`;
}

/** Flows without conditions from each element to the next. */
export function path(...ids: readonly string[]): string {
  return ids
    .slice(1)
    .map((to, at) => flow(ids[at] ?? '', to))
    .join('');
}

/** `camunda:inputOutput` of name–text pairs; a text may be markup such as `<camunda:list>`. */
export function io(inputs: Readonly<Record<string, string>>, outputs: Readonly<Record<string, string>> = {}) {
  const parameters = (tag: string, values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([name, text]) => `<camunda:${tag} name="${name}">${text}</camunda:${tag}>`)
      .join('');
  return `<camunda:inputOutput>${parameters('inputParameter', inputs)}${parameters('outputParameter', outputs)}</camunda:inputOutput>`;
}

/** A process `x` of tasks in a row between `xStart` and `xEnd`. */
export function sequence(id: string, ...tasks: readonly string[]): string {
  const [first, last] = [`${id}Start`, `${id}End`];
  return process(id, [
    start(first),
    ...tasks.map((name) => task(name)),
    end(last),
    path(first, ...tasks, last),
  ]);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** `<message>`; its id is its name. */
export const message = (name: string): string => `<message id="${name}" name="${name}"/>`;

/** What an event waits for. */
export const onMessage = (name: string): string => `<messageEventDefinition messageRef="${name}"/>`;
export const onDuration = (duration: string): string =>
  `<timerEventDefinition><timeDuration>${duration}</timeDuration></timerEventDefinition>`;
export const onError = (errorId: string | null, attributes = ''): string =>
  `<errorEventDefinition ${errorId === null ? '' : `errorRef="${errorId}"`} ${attributes}/>`;

export const catchEvent = (id: string, definition: string): string =>
  element('intermediateCatchEvent', id, '', definition);

/** A boundary event of any kind. */
export const boundaryOn = (
  id: string,
  attachedTo: string,
  definition: string,
  { interrupting } = { interrupting: true },
): string =>
  element(
    'boundaryEvent',
    id,
    `attachedToRef="${attachedTo}" cancelActivity="${String(interrupting)}"`,
    definition,
  );

/** An event sub-process whose start event is `<id>Start`. */
export const eventSubProcess = (
  id: string,
  definition: string,
  content: readonly string[],
  { interrupting } = { interrupting: true },
): string =>
  element(
    'subProcess',
    id,
    'triggeredByEvent="true"',
    element('startEvent', `${id}Start`, `isInterrupting="${String(interrupting)}"`, definition) +
      content.join('\n'),
  );

export const callActivity = (id: string, calledElement: string, extensions = '', attributes = ''): string =>
  element(
    'callActivity',
    id,
    `calledElement="${calledElement}" ${attributes}`,
    extensions === '' ? '' : `<extensionElements>${extensions}</extensionElements>`,
  );

export const userTask = (id: string, attributes = ''): string => element('userTask', id, attributes);

export const receive = (id: string, messageName: string | null): string =>
  element('receiveTask', id, messageName === null ? '' : `messageRef="${messageName}"`);

export const eventGateway = (id: string): string => element('eventBasedGateway', id);

/** `multiInstanceLoopCharacteristics`, for the content of an activity. */
export function loop(parts: {
  readonly cardinality?: string;
  readonly collection?: string;
  readonly elementVariable?: string;
  readonly completionCondition?: string;
  readonly sequential?: boolean;
}): string {
  const { cardinality, collection, elementVariable, completionCondition, sequential = false } = parts;
  const attributes = [
    `isSequential="${String(sequential)}"`,
    collection === undefined ? '' : `camunda:collection="${collection}"`,
    elementVariable === undefined ? '' : `camunda:elementVariable="${elementVariable}"`,
  ].join(' ');
  const inside = [
    cardinality === undefined ? '' : `<loopCardinality>${cardinality}</loopCardinality>`,
    completionCondition === undefined
      ? ''
      : `<completionCondition>${escapeXml(completionCondition)}</completionCondition>`,
  ].join('');
  return `<multiInstanceLoopCharacteristics ${attributes}>${inside}</multiInstanceLoopCharacteristics>`;
}
