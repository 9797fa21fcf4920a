import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import {
  buildErrorEventDefinitions,
  buildThrownError,
  eventDefinitionOf,
  referencedError,
} from './error.builder.js';
import { checkFlowNode, refuseCodeAttributes } from './extension.checks.js';
import { checkDefaultFlow, checkExclusiveGateway } from './gateway.checks.js';
import { buildIoMapping } from './io-mapping.builder.js';
import { childOf, childrenOf, extensionsOf, flagOf, tagOf, textOf } from './moddle.reader.js';
import { buildPriority } from './priority.builder.js';
import type {
  ErrorBoundaryNode,
  FlowNode,
  FlowNodeBase,
  ScopeModel,
  StartEventNode,
} from './process-model.js';
import type { FlowIndex } from './sequence-flow.builder.js';

/** What surrounds a node while it is built. */
export interface NodeSurroundings {
  readonly scopeId: string;
  readonly flows: FlowIndex;
  /** Boundary events of the scope by the id of the activity they are attached to. */
  readonly boundaries: ReadonlyMap<string, readonly ErrorBoundaryNode[]>;
  /** Builds what stands inside a sub-process; null where that has problems. */
  readonly buildScope: (element: ModdleElement, id: string) => ScopeModel | null;
  readonly context: BuildContext;
}

/** Builds one flow node; null where it has problems, all of which are then reported. */
export function buildFlowNode(element: ModdleElement, id: string, around: NodeSurroundings): FlowNode | null {
  const { context } = around;
  checkFlowNode(element, id, context);
  const base = buildBase(element, id, around);
  switch (element.$type) {
    case 'bpmn:StartEvent':
      return buildStartEvent(element, base, context);
    case 'bpmn:EndEvent':
      return buildEndEvent(element, base, context);
    case 'bpmn:ServiceTask':
    case 'bpmn:SendTask':
    case 'bpmn:BusinessRuleTask':
      return buildExternalTask(element, base, context);
    case 'bpmn:Task':
      return Object.freeze({ ...base, kind: 'passThrough' });
    case 'bpmn:ExclusiveGateway': {
      const defaultFlowId = checkExclusiveGateway(id, base.outgoing, base.defaultFlowId, context);
      return Object.freeze({ ...base, defaultFlowId, kind: 'exclusiveGateway' });
    }
    case 'bpmn:ParallelGateway':
      return Object.freeze({ ...base, kind: 'parallelGateway' });
    case 'bpmn:InclusiveGateway':
      return Object.freeze({ ...base, kind: 'inclusiveGateway' });
    case 'bpmn:SubProcess':
      return buildSubProcess(element, base, around);
    default:
      context.refuse(`${tagOf(element)} '${id}'`, id);
      return null;
  }
}

function buildBase(element: ModdleElement, id: string, around: NodeSurroundings): FlowNodeBase {
  const { context, flows } = around;
  const outgoing = flows.outgoing(id);
  const dangling = context.danglingReference(element, 'bpmn:default');
  const defaultFlowId = dangling ?? childOf(element, 'default')?.id ?? null;
  checkDefaultFlow(id, outgoing, defaultFlowId, context);
  return {
    id,
    name: textOf(element, 'name'),
    scopeId: around.scopeId,
    activityType: tagOf(element),
    incoming: flows.incoming(id),
    outgoing,
    defaultFlowId,
    io: buildIoMapping(element, id, context),
    boundaryEvents: Object.freeze([...(around.boundaries.get(id) ?? [])]),
    extensionProperties: buildExtensionProperties(element),
  };
}

function buildExtensionProperties(element: ModdleElement): Readonly<Record<string, string>> {
  const properties = extensionsOf(element)
    .filter((extension) => extension.$type === 'camunda:Properties')
    .flatMap((container) => childrenOf(container, 'values'));
  return Object.freeze(
    Object.fromEntries(
      properties.map((property) => [textOf(property, 'name') ?? '', textOf(property, 'value') ?? '']),
    ),
  );
}

function buildStartEvent(
  element: ModdleElement,
  base: FlowNodeBase,
  context: BuildContext,
): StartEventNode | null {
  const definition = eventDefinitionOf(element, base.id, context);
  if (definition !== null) {
    context.refuse(`${tagOf(definition)} of startEvent '${base.id}'`, base.id);
    return null;
  }
  if (textOf(element, 'camunda:initiator') !== null) {
    context.warning(
      `camunda:initiator of startEvent '${base.id}' is ignored: nobody is authenticated`,
      base.id,
    );
  }
  return Object.freeze({ ...base, kind: 'startEvent' });
}

function buildEndEvent(element: ModdleElement, base: FlowNodeBase, context: BuildContext): FlowNode | null {
  const definition = eventDefinitionOf(element, base.id, context);
  if (definition === null) return Object.freeze({ ...base, activityType: 'noneEndEvent', kind: 'noneEnd' });
  switch (definition.$type) {
    case 'bpmn:TerminateEventDefinition':
      return Object.freeze({ ...base, activityType: 'terminateEndEvent', kind: 'terminateEnd' });
    case 'bpmn:ErrorEventDefinition': {
      const error = buildThrownError(definition, base.id, context);
      return error === null
        ? null
        : Object.freeze({ ...base, activityType: 'errorEndEvent', kind: 'errorEnd', error });
    }
    default:
      context.refuse(`${tagOf(definition)} of endEvent '${base.id}'`, base.id);
      return null;
  }
}

function buildExternalTask(
  element: ModdleElement,
  base: FlowNodeBase,
  context: BuildContext,
): FlowNode | null {
  const { id } = base;
  const isRefused = refuseCodeAttributes(element, id, context);
  const type = textOf(element, 'camunda:type');
  if (type !== 'external') {
    if (type !== null) context.refuse(`camunda:type '${type}' of ${tagOf(element)} '${id}'`, id);
    else if (!isRefused)
      context.error(`${tagOf(element)} '${id}' needs camunda:type="external" and a camunda:topic`, id);
    return null;
  }
  const topicText = textOf(element, 'camunda:topic');
  if (topicText === null)
    context.error("External tasks must specify a 'topic' attribute in the camunda namespace", id);
  const topic = context.optionalExpression(topicText, id);
  const priority = buildPriority(element, id, context);
  const errorEventDefinitions = buildErrorEventDefinitions(element, id, context);
  if (topic === null) return null;
  return Object.freeze({ ...base, kind: 'externalTask', topic, priority, errorEventDefinitions });
}

function buildSubProcess(
  element: ModdleElement,
  base: FlowNodeBase,
  around: NodeSurroundings,
): FlowNode | null {
  if (flagOf(element, 'triggeredByEvent')) {
    around.context.refuse(`Event sub-process '${base.id}'`, base.id);
    return null;
  }
  const scope = around.buildScope(element, base.id);
  return scope === null ? null : Object.freeze({ ...base, kind: 'subProcess', scope });
}

/**
 * Builds an error boundary event; other boundary events are refused.
 *
 * @param members ids of the flow nodes of the scope and their tags
 */
export function buildBoundaryEvent(
  element: ModdleElement,
  id: string,
  members: ReadonlyMap<string, string>,
  around: NodeSurroundings,
): ErrorBoundaryNode | null {
  const { context } = around;
  checkFlowNode(element, id, context);
  const definition = eventDefinitionOf(element, id, context);
  if (definition?.$type !== 'bpmn:ErrorEventDefinition') {
    const what = definition === null ? 'boundaryEvent without an event definition' : tagOf(definition);
    context.refuse(`${what} of boundaryEvent '${id}'`, id);
    return null;
  }
  if (element.get('cancelActivity') === false) {
    context.warning(
      `cancelActivity="false" of '${id}' is ignored: an error boundary event always interrupts`,
      id,
    );
  }
  const attachedToId = attachedActivity(element, id, members, context);
  const error = referencedError(definition, id, context);
  if (attachedToId === null) return null;
  return Object.freeze({
    ...buildBase(element, id, around),
    kind: 'errorBoundary',
    activityType: 'boundaryError',
    attachedToId,
    errorCode: error === null ? null : textOf(error, 'errorCode'),
    errorCodeVariable: textOf(definition, 'camunda:errorCodeVariable'),
    errorMessageVariable: textOf(definition, 'camunda:errorMessageVariable'),
  });
}

function attachedActivity(
  element: ModdleElement,
  id: string,
  members: ReadonlyMap<string, string>,
  context: BuildContext,
): string | null {
  const attachedToId = childOf(element, 'attachedToRef')?.id ?? null;
  if (attachedToId !== null && /task$|subProcess/i.test(members.get(attachedToId) ?? '')) return attachedToId;
  const named = attachedToId ?? context.danglingReference(element, 'bpmn:attachedToRef') ?? '';
  context.error(`attachedToRef '${named}' of boundaryEvent '${id}' is no activity of the same scope`, id);
  return null;
}
