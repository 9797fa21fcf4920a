import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { refuseListeners } from './extension.checks.js';
import { buildBoundaryEvent, buildEventStart } from './event.builder.js';
import { buildFlowNodes } from './flow-node.builder.js';
import { childrenOf, flagOf, tagOf, textOf } from './moddle.reader.js';
import type { BuiltScope, NodeSurroundings } from './node.base.js';
import { buildPriority } from './priority.builder.js';
import type {
  BoundaryEventNode,
  EventSubProcessNode,
  EventSubProcessStartNode,
  FlowNode,
  MessageStartNode,
  ProcessModel,
  StartEventNode,
} from './process-model.js';
import { buildSequenceFlows } from './sequence-flow.builder.js';

/** Maximum nesting depth of sub-processes. */
const MAX_DEPTH = 50;

/** Elements of a scope without behaviour. */
const WITHOUT_BEHAVIOUR: ReadonlySet<string> = new Set([
  'bpmn:SequenceFlow',
  'bpmn:DataObject',
  'bpmn:DataObjectReference',
  'bpmn:DataStoreReference',
]);

/** Settings of all processes of a file. */
interface ProcessSettings {
  /** `targetNamespace` of the file. */
  readonly category: string | null;
  readonly enforceHistoryTimeToLive: boolean;
}

/** Builds one executable process; null if it has problems, all of which are then reported. */
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

/** Parses days from `30` or `P30D`; required by Camunda since 7.20. */
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

  build(element: ModdleElement, scopeId: string, depth: number): BuiltScope | null {
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
      members,
      buildScope: (inner, id) => this.build(inner, id, depth + 1),
      context: this.context,
    };
    const boundaries = this.buildBoundaries(parts, around);
    const isEventSubProcess = flagOf(element, 'triggeredByEvent');
    const found: FlowNode[] = [];
    for (const part of parts) {
      if (part.id === undefined || !members.has(part.id) || part.$type === 'bpmn:BoundaryEvent') continue;
      if (isEventSubProcess && part.$type === 'bpmn:StartEvent') {
        const start = buildEventStart(part, part.id, around);
        if (start !== null) found.push(start);
      } else {
        found.push(...buildFlowNodes(part, part.id, { ...around, boundaries }));
      }
    }
    for (const node of found) this.nodes.set(node.id, node);
    this.checkStarts(element, scopeId, parts);
    return scopeOf(scopeId, found);
  }

  /** Ids of all flow nodes, rejected ones included: a flow to one of these is not unresolved. */
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
    around: NodeSurroundings,
  ): ReadonlyMap<string, readonly BoundaryEventNode[]> {
    const boundaries = new Map<string, readonly BoundaryEventNode[]>();
    for (const part of parts) {
      if (part.$type !== 'bpmn:BoundaryEvent' || part.id === undefined) continue;
      const node = buildBoundaryEvent(part, part.id, around);
      if (node === null) continue;
      const siblings = boundaries.get(node.attachedToId) ?? [];
      this.refuseTwice(node, siblings);
      boundaries.set(node.attachedToId, [...siblings, node]);
      this.nodes.set(node.id, node);
    }
    return boundaries;
  }

  private refuseTwice(
    { id, trigger, attachedToId }: BoundaryEventNode,
    siblings: readonly BoundaryEventNode[],
  ): void {
    if (trigger.kind !== 'error') return;
    const { errorCode } = trigger;
    if (!siblings.some(({ trigger: other }) => other.kind === 'error' && other.errorCode === errorCode))
      return;
    const which = errorCode === null ? 'every error' : `error '${errorCode}'`;
    this.context.error(`'${attachedToId}' has two boundary events that catch ${which}`, id);
  }

  /**
   * Checks the start events: a process has one none start event, message start events, or both; any other scope exactly
   * one start event.
   */
  private checkStarts(scope: ModdleElement, scopeId: string, parts: readonly ModdleElement[]): void {
    const { context } = this;
    const starts = parts.filter((part) => part.$type === 'bpmn:StartEvent');
    const hasDefinition = (start: ModdleElement): boolean => childrenOf(start, 'eventDefinitions').length > 0;
    if (starts.length === 0) context.error(`${tagOf(scope)} must define a startEvent element`, scopeId);
    if (scope.$type === 'bpmn:Process') {
      const [, second] = starts.filter((start) => !hasDefinition(start));
      if (second !== undefined)
        context.error(
          'multiple none start events or timer start events not supported on process definition',
          second.id ?? scopeId,
        );
      return;
    }
    if (starts[1] !== undefined)
      context.error('multiple start events not supported for subprocess', starts[1].id ?? scopeId);
    if (flagOf(scope, 'triggeredByEvent')) return;
    for (const start of starts.filter(hasDefinition)) {
      const [definition] = childrenOf(start, 'eventDefinitions');
      context.error(
        `${definition === undefined ? 'event' : tagOf(definition)} only allowed on start event if subprocess is an event subprocess`,
        start.id ?? scopeId,
      );
    }
  }
}

/** Null if the scope has no start event, which was reported. */
function scopeOf(id: string, nodes: readonly FlowNode[]): BuiltScope | null {
  const startEvent = nodes.find((node): node is StartEventNode => node.kind === 'startEvent') ?? null;
  const eventStart =
    nodes.find((node): node is EventSubProcessStartNode => node.kind === 'eventSubProcessStart') ?? null;
  const messageStarts = nodes.filter((node): node is MessageStartNode => node.kind === 'messageStart');
  if (startEvent === null && eventStart === null && messageStarts.length === 0) return null;
  return Object.freeze({
    id,
    startEvent,
    eventStart,
    messageStarts: Object.freeze(messageStarts),
    eventSubProcesses: Object.freeze(
      nodes.filter((node): node is EventSubProcessNode => node.kind === 'eventSubProcess'),
    ),
  });
}
