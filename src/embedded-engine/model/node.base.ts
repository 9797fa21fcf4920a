import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { bodyIdOf } from './body-id.js';
import { checkDefaultFlow } from './gateway.checks.js';
import { buildIoMapping } from './io-mapping.builder.js';
import { childOf, childrenOf, extensionsOf, tagOf, textOf } from './moddle.reader.js';
import type {
  BoundaryEventNode,
  EventSubProcessStartNode,
  FlowNode,
  FlowNodeBase,
  ScopeModel,
} from './process-model.js';
import type { FlowIndex } from './sequence-flow.builder.js';

/** The surroundings of a node during its construction. */
export interface NodeSurroundings {
  readonly scopeId: string;
  readonly flows: FlowIndex;
  /** Boundary events of the scope by the id of the node they are attached to. */
  readonly boundaries: ReadonlyMap<string, readonly BoundaryEventNode[]>;
  /** Tags of the flow nodes of the scope by id. */
  readonly members: ReadonlyMap<string, string>;
  /** Builds the content of a sub-process; null if it has problems. */
  readonly buildScope: (element: ModdleElement, id: string) => BuiltScope | null;
  readonly context: BuildContext;
}

/** Builds a node of one kind; null if it has problems, which are then reported. */
export type NodeBuilder = (
  element: ModdleElement,
  base: FlowNodeBase,
  around: NodeSurroundings,
) => FlowNode | null;

/** A scope, with its start event if it is an event sub-process. */
export interface BuiltScope extends ScopeModel {
  readonly eventStart: EventSubProcessStartNode | null;
}

/** Builds the attributes that all nodes have. */
export function buildBase(element: ModdleElement, id: string, around: NodeSurroundings): FlowNodeBase {
  const isLooped = childOf(element, 'loopCharacteristics') !== null;
  return {
    ...buildConnections(element, id, isLooped ? null : id, around),
    activityType: tagOf(element),
    io: buildIoMapping(element, id, around.context),
    extensionProperties: buildExtensionProperties(element),
  };
}

/** Builds the attributes of a multi-instance body: the activity's flows and boundary events. */
export function buildBodyBase(element: ModdleElement, id: string, around: NodeSurroundings): FlowNodeBase {
  const bodyId = bodyIdOf(id);
  return {
    ...buildConnections(element, bodyId, bodyId, around),
    activityType: 'multiInstanceBody',
    io: null,
    extensionProperties: Object.freeze({}),
  };
}

/** @param connectedId the id by which flows and boundary events refer to the node; null if it has none of its own */
function buildConnections(
  element: ModdleElement,
  id: string,
  connectedId: string | null,
  { context, flows, boundaries, scopeId }: NodeSurroundings,
) {
  const outgoing = connectedId === null ? [] : flows.outgoing(connectedId);
  const dangling = context.danglingReference(element, 'bpmn:default');
  const declared = dangling ?? childOf(element, 'default')?.id ?? null;
  const defaultFlowId = connectedId === null ? null : declared;
  checkDefaultFlow(id, outgoing, defaultFlowId, context);
  return {
    id,
    name: textOf(element, 'name'),
    scopeId,
    incoming: connectedId === null ? [] : flows.incoming(connectedId),
    outgoing,
    defaultFlowId,
    boundaryEvents: Object.freeze([...(connectedId === null ? [] : (boundaries.get(connectedId) ?? []))]),
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
