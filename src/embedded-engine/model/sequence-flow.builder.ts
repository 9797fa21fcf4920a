import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { refuseListeners } from './extension.checks.js';
import { childOf, textOf } from './moddle.reader.js';
import { bodyIdOf } from './body-id.js';
import type { ConditionScope, SequenceFlow } from './process-model.js';
import { buildScript } from './script.builder.js';

/** The sequence flows of one scope, by source and target element. */
export class FlowIndex {
  private readonly bySource = new Map<string, SequenceFlow[]>();
  private readonly byTarget = new Map<string, SequenceFlow[]>();

  constructor(flows: readonly SequenceFlow[]) {
    for (const flow of flows) {
      append(this.bySource, flow.sourceId, flow);
      append(this.byTarget, flow.targetId, flow);
    }
  }

  /** In document order. */
  outgoing(id: string): readonly SequenceFlow[] {
    return Object.freeze(this.bySource.get(id) ?? []);
  }

  incoming(id: string): readonly SequenceFlow[] {
    return Object.freeze(this.byTarget.get(id) ?? []);
  }
}

function append(index: Map<string, SequenceFlow[]>, key: string, flow: SequenceFlow): void {
  const flows = index.get(key);
  if (flows === undefined) index.set(key, [flow]);
  else flows.push(flow);
}

/**
 * Builds the sequence flows of one scope; flows that lead out of it are problems.
 *
 * @param members tags of the scope's flow nodes by id
 */
export function buildSequenceFlows(
  elements: readonly ModdleElement[],
  members: ReadonlyMap<string, string>,
  context: BuildContext,
): FlowIndex {
  const flows: SequenceFlow[] = [];
  for (const [index, element] of elements.entries()) {
    if (element.$type !== 'bpmn:SequenceFlow') continue;
    const sourceId = endOf(element, 'sourceRef', members, context);
    const targetId = endOf(element, 'targetRef', members, context);
    if (targetId !== null && /^(boundaryEvent|startEvent)$/.test(members.get(targetId) ?? '')) {
      context.error(
        `Sequence flow '${element.id ?? ''}' leads into ${members.get(targetId) ?? ''} '${targetId}'`,
        element.id ?? null,
      );
    }
    const condition = buildCondition(element, context);
    refuseListeners(element, element.id ?? sourceId, context);
    if (sourceId === null || targetId === null) continue;
    // The id of a sequence flow is optional. A generated id contains '>', which no id in a file can contain.
    const id = element.id ?? `${sourceId}>${targetId}>${index}`;
    flows.push(Object.freeze({ id, sourceId, targetId, condition }));
  }
  return new FlowIndex(flows);
}

function endOf(
  flow: ModdleElement,
  end: 'sourceRef' | 'targetRef',
  members: ReadonlyMap<string, string>,
  context: BuildContext,
): string | null {
  const element = childOf(flow, end);
  const id = element?.id ?? null;
  if (element !== null && id !== null && members.has(id))
    return childOf(element, 'loopCharacteristics') === null ? id : bodyIdOf(id);
  const named = id ?? context.danglingReference(flow, `bpmn:${end}`) ?? '';
  const what = end === 'sourceRef' ? 'source' : 'destination';
  context.error(`Invalid ${what} '${named}' of sequence flow '${flow.id ?? ''}'`, flow.id ?? null);
  return null;
}

function buildCondition(flow: ModdleElement, context: BuildContext): SequenceFlow['condition'] {
  const condition = childOf(flow, 'conditionExpression');
  if (condition === null) return null;
  const id = flow.id ?? '';
  const language = textOf(condition, 'language');
  const resource = textOf(condition, 'camunda:resource');
  const text = textOf(condition, 'body');
  if (language !== null && !/^(juel|el)$/i.test(language)) {
    const script = buildScript(
      { format: language, source: text, resource },
      `sequence flow '${id}'`,
      id,
      context,
    );
    return script === null
      ? null
      : Object.freeze({
          text: script.source,
          evaluate: (scope: ConditionScope) => script.run(scope.scriptHost()),
        });
  }
  if (resource !== null) {
    context.refuse(`A condition from a resource on sequence flow '${id}'`, flow.id ?? null);
    return null;
  }
  if (text === null) context.error(`The condition of sequence flow '${id}' is empty`, flow.id ?? null);
  return context.optionalExpression(text, id);
}
