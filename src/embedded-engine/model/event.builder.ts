import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { buildThrownError, eventDefinitionOf } from './error.builder.js';
import { checkFlowNode } from './extension.checks.js';
import { childOf, tagOf, textOf } from './moddle.reader.js';
import { bodyIdOf } from './body-id.js';
import { buildBase, type NodeBuilder, type NodeSurroundings } from './node.base.js';
import type {
  BoundaryEventNode,
  EventSubProcessStartNode,
  FlowNode,
  FlowNodeBase,
  Trigger,
} from './process-model.js';
import { buildServiceLike } from './task.builder.js';
import { buildTrigger } from './trigger.builder.js';

const BOUNDARY_TYPES = {
  error: 'boundaryError',
  timer: 'boundaryTimer',
  message: 'boundaryMessage',
} as const;
const START_TYPES = {
  error: 'errorStartEvent',
  timer: 'startTimerEvent',
  message: 'messageStartEvent',
} as const;

/**
 * Builds the start event of a process or an embedded sub-process. For event sub-processes see {@link buildEventStart}.
 */
export const buildStartEvent: NodeBuilder = (element, base, { context }) => {
  const { id } = base;
  const definition = eventDefinitionOf(element, id, context);
  if (textOf(element, 'camunda:initiator') !== null)
    context.warning(`camunda:initiator of startEvent '${id}' is ignored: there is no authentication`, id);
  if (definition === null) return Object.freeze({ kind: 'startEvent', ...base });
  if (definition.$type !== 'bpmn:MessageEventDefinition') {
    context.refuse(`${tagOf(definition)} of startEvent '${id}'`, id);
    return null;
  }
  const trigger = buildTrigger(definition, `startEvent '${id}'`, id, context);
  if (trigger?.kind !== 'message') return null;
  if (!trigger.messageName.isLiteral) {
    context.refuse(`An expression in the message name of startEvent '${id}'`, id);
    return null;
  }
  return Object.freeze({ kind: 'messageStart', trigger, ...base, activityType: START_TYPES.message });
};

/** Builds the start event of an event sub-process. */
export function buildEventStart(
  element: ModdleElement,
  id: string,
  around: NodeSurroundings,
): EventSubProcessStartNode | null {
  const { context } = around;
  checkFlowNode(element, id, context);
  const base = buildBase(element, id, around);
  const where = `startEvent '${id}'`;
  const definition = eventDefinitionOf(element, id, context);
  if (definition === null) {
    context.error(
      "start event of event subprocess must be of type 'error', 'message', 'timer', 'signal', 'compensation' or 'escalation'",
      id,
    );
    return null;
  }
  const trigger = buildTrigger(definition, where, id, context);
  if (trigger === null) return null;
  const declared = element.get('isInterrupting') !== false;
  if (!declared && trigger.kind === 'error')
    context.error('error start event of event subprocess must be interrupting', id);
  return Object.freeze({
    kind: 'eventSubProcessStart',
    trigger,
    isInterrupting: declared,
    ...base,
    activityType: START_TYPES[trigger.kind],
  });
}

export const buildEndEvent: NodeBuilder = (element, base, { context }) => {
  const { id } = base;
  const definition = eventDefinitionOf(element, id, context);
  switch (definition?.$type) {
    case undefined:
      return Object.freeze({ kind: 'noneEnd', ...base, activityType: 'noneEndEvent' });
    case 'bpmn:TerminateEventDefinition':
      return Object.freeze({ kind: 'terminateEnd', ...base, activityType: 'terminateEndEvent' });
    case 'bpmn:ErrorEventDefinition': {
      const error = buildThrownError(definition, id, context);
      return error === null
        ? null
        : Object.freeze({ kind: 'errorEnd', error, ...base, activityType: 'errorEndEvent' });
    }
    default:
      return buildThrownMessage(element, definition, { ...base, activityType: 'messageEndEvent' }, context);
  }
};

/** Builds a throwing event: a none event passes through; a message is thrown by an external task or an expression. */
export const buildThrowEvent: NodeBuilder = (element, base, { context }) => {
  const definition = eventDefinitionOf(element, base.id, context);
  if (definition === null)
    return Object.freeze({ kind: 'passThrough', ...base, activityType: 'intermediateNoneThrowEvent' });
  return buildThrownMessage(
    element,
    definition,
    { ...base, activityType: 'intermediateMessageThrowEvent' },
    context,
  );
};

export const buildCatchEvent: NodeBuilder = (element, base, { context }) => {
  const { id } = base;
  const where = `intermediateCatchEvent '${id}'`;
  const trigger = buildTrigger(eventDefinitionOf(element, id, context), where, id, context);
  if (trigger === null) return null;
  if (trigger.kind === 'error') {
    context.error(`${where} cannot catch an error`, id);
    return null;
  }
  const activityType = trigger.kind === 'timer' ? 'intermediateTimer' : 'intermediateMessageCatch';
  return Object.freeze({ kind: 'catchEvent', trigger, ...base, activityType });
};

export function buildBoundaryEvent(
  element: ModdleElement,
  id: string,
  around: NodeSurroundings,
): BoundaryEventNode | null {
  const { context } = around;
  checkFlowNode(element, id, context);
  const where = `boundaryEvent '${id}'`;
  const trigger = buildTrigger(eventDefinitionOf(element, id, context), where, id, context);
  const attachedToId = attachedActivity(element, id, around);
  if (trigger === null || attachedToId === null) return null;
  const base = buildBase(element, id, around);
  return Object.freeze({
    kind: 'boundaryEvent',
    attachedToId,
    trigger,
    isInterrupting: cancelsActivity(element, trigger, id, context),
    ...base,
    activityType: BOUNDARY_TYPES[trigger.kind],
  });
}

function buildThrownMessage(
  element: ModdleElement,
  definition: ModdleElement | null,
  base: FlowNodeBase,
  context: BuildContext,
): FlowNode | null {
  if (definition?.$type === 'bpmn:MessageEventDefinition')
    return buildServiceLike(definition, element, base, context);
  const what = definition === null ? 'No event definition' : tagOf(definition);
  context.refuse(`${what} of ${tagOf(element)} '${base.id}'`, base.id);
  return null;
}

/** Whether the event interrupts its activity; an error always does. */
function cancelsActivity(
  element: ModdleElement,
  trigger: Trigger,
  id: string,
  context: BuildContext,
): boolean {
  const declared = element.get('cancelActivity') !== false;
  if (declared || trigger.kind !== 'error') return declared;
  context.warning(
    `cancelActivity="false" of '${id}' is ignored: an error boundary event always interrupts`,
    id,
  );
  return true;
}

/** Id of the node to which a boundary event is attached; for a multi-instance activity its body. */
function attachedActivity(
  element: ModdleElement,
  id: string,
  { members, context }: NodeSurroundings,
): string | null {
  const host = childOf(element, 'attachedToRef');
  const hostId = host?.id ?? null;
  if (host !== null && hostId !== null && /task$|subProcess|callActivity/i.test(members.get(hostId) ?? ''))
    return childOf(host, 'loopCharacteristics') === null ? hostId : bodyIdOf(hostId);
  const named = hostId ?? context.danglingReference(element, 'bpmn:attachedToRef') ?? '';
  context.error(
    `Invalid reference in boundary event. Make sure that the referenced activity is defined in the same scope as the boundary event (attachedToRef '${named}' of '${id}')`,
    id,
  );
  return null;
}
