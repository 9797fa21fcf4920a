import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { refuseListeners } from './extension.checks.js';
import { buildBoundaryEvent, buildFlowNode, type NodeSurroundings } from './flow-node.builder.js';
import { childrenOf, tagOf, textOf } from './moddle.reader.js';
import { buildPriority } from './priority.builder.js';
import type {
  ErrorBoundaryNode,
  FlowNode,
  ProcessModel,
  ScopeModel,
  StartEventNode,
} from './process-model.js';
import { buildSequenceFlows } from './sequence-flow.builder.js';

/** Depth to which sub-processes may nest. */
const MAX_DEPTH = 50;

/** Parts of a scope that have no behaviour. */
const WITHOUT_BEHAVIOUR: ReadonlySet<string> = new Set([
  'bpmn:SequenceFlow',
  'bpmn:DataObject',
  'bpmn:DataObjectReference',
  'bpmn:DataStoreReference',
]);

/** What holds for all processes of a file. */
export interface ProcessSettings {
  /** `targetNamespace` of the file. */
  readonly category: string | null;
  readonly enforceHistoryTimeToLive: boolean;
}

/** Builds one executable process; null where it has problems, all of which are then reported. */
export function buildProcess(
  element: ModdleElement,
  settings: ProcessSettings,
  context: BuildContext,
): ProcessModel | null {
  const key = element.id ?? null;
  if (key === null) {
    context.error('A process has no id', null);
    return null;
  }
  refuseListeners(element, key, context);
  const historyTimeToLive = buildTimeToLive(element, key, settings, context);
  const taskPriority = buildPriority(element, key, context);
  const nodes = new Map<string, FlowNode>();
  const root = new ScopeBuilder(nodes, context).build(element, key, 0);
  if (root === null) return null;
  return Object.freeze({
    key,
    name: textOf(element, 'name'),
    description: descriptionOf(element),
    category: settings.category,
    versionTag: textOf(element, 'camunda:versionTag'),
    startableInTasklist: element.get('camunda:isStartableInTasklist') !== false,
    historyTimeToLive,
    taskPriority,
    root,
    nodes,
  });
}

function descriptionOf(element: ModdleElement): string | null {
  const [documentation] = childrenOf(element, 'documentation');
  return documentation === undefined ? null : textOf(documentation, 'text');
}

/** Days, from `30` or `P30D`. Camunda demands one since 7.20. */
function buildTimeToLive(
  element: ModdleElement,
  key: string,
  settings: ProcessSettings,
  context: BuildContext,
): number | null {
  const text = textOf(element, 'camunda:historyTimeToLive');
  if (text === null) {
    if (settings.enforceHistoryTimeToLive) {
      context.error(
        `ENGINE-12018 History Time To Live (TTL) cannot be null: process '${key}' needs camunda:historyTimeToLive, e.g. "P30D"`,
        key,
      );
    }
    return null;
  }
  const days = /^(?:P(\d{1,9})D|(\d{1,9}))$/i.exec(text);
  if (days === null)
    context.error(`camunda:historyTimeToLive '${text}' of process '${key}' is no number of days`, key);
  return days === null ? null : Number(days[1] ?? days[2]);
}

/** Builds a scope and those inside it, and registers every node. */
class ScopeBuilder {
  constructor(
    private readonly nodes: Map<string, FlowNode>,
    private readonly context: BuildContext,
  ) {}

  build(element: ModdleElement, scopeId: string, depth: number): ScopeModel | null {
    if (depth > MAX_DEPTH) {
      this.context.error(`Sub-processes nest deeper than ${MAX_DEPTH}`, scopeId);
      return null;
    }
    const parts = childrenOf(element, 'flowElements');
    const members = this.membersOf(parts);
    const around: NodeSurroundings = {
      scopeId,
      flows: buildSequenceFlows(parts, members, this.context),
      boundaries: new Map(),
      buildScope: (inner, id) => this.build(inner, id, depth + 1),
      context: this.context,
    };
    const boundaries = this.buildBoundaries(parts, members, around);
    const startEvents: StartEventNode[] = [];
    for (const part of parts) {
      if (part.id === undefined || !members.has(part.id) || part.$type === 'bpmn:BoundaryEvent') continue;
      const node = buildFlowNode(part, part.id, { ...around, boundaries });
      if (node !== null) this.nodes.set(node.id, node);
      if (node?.kind === 'startEvent') startEvents.push(node);
    }
    return this.scopeOf(scopeId, parts, startEvents);
  }

  /** Ids of the flow nodes, the refused ones too: a flow to one of these does not dangle. */
  private membersOf(parts: readonly ModdleElement[]): ReadonlyMap<string, string> {
    const members = new Map<string, string>();
    for (const part of parts) {
      if (WITHOUT_BEHAVIOUR.has(part.$type)) continue;
      if (part.id === undefined) this.context.error(`A ${tagOf(part)} has no id`, null);
      else members.set(part.id, tagOf(part));
    }
    return members;
  }

  private buildBoundaries(
    parts: readonly ModdleElement[],
    members: ReadonlyMap<string, string>,
    around: NodeSurroundings,
  ): ReadonlyMap<string, readonly ErrorBoundaryNode[]> {
    const boundaries = new Map<string, readonly ErrorBoundaryNode[]>();
    for (const part of parts) {
      if (part.$type !== 'bpmn:BoundaryEvent' || part.id === undefined) continue;
      const node = buildBoundaryEvent(part, part.id, members, around);
      if (node === null) continue;
      const siblings = boundaries.get(node.attachedToId) ?? [];
      if (siblings.some((other) => other.errorCode === node.errorCode)) {
        const which = node.errorCode === null ? 'every error' : `error '${node.errorCode}'`;
        this.context.error(`'${node.attachedToId}' has two boundary events that catch ${which}`, node.id);
      }
      boundaries.set(node.attachedToId, [...siblings, node]);
      this.nodes.set(node.id, node);
    }
    return boundaries;
  }

  private scopeOf(
    scopeId: string,
    parts: readonly ModdleElement[],
    startEvents: readonly StartEventNode[],
  ): ScopeModel | null {
    const declared = parts.filter((part) => part.$type === 'bpmn:StartEvent');
    if (declared.length === 0) this.context.error(`'${scopeId}' has no start event`, scopeId);
    if (declared.length > 1) this.context.error(`'${scopeId}' has more than one start event`, scopeId);
    const [startEvent] = startEvents;
    return startEvent === undefined ? null : Object.freeze({ id: scopeId, startEvent });
  }
}
