import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { childOf, childrenOf, extensionsOf, tagOf, textOf } from './moddle.reader.js';
import { buildBodyBase, type NodeSurroundings } from './node.base.js';
import type { MultiInstanceBodyNode } from './process-model.js';

/** Builds the body of a multi-instance activity; null for any other activity, and if it has problems. */
export function buildBody(
  element: ModdleElement,
  id: string,
  around: NodeSurroundings,
): MultiInstanceBodyNode | null {
  const loop = childOf(element, 'loopCharacteristics');
  if (loop === null) return null;
  const { context } = around;
  if (loop.$type !== 'bpmn:MultiInstanceLoopCharacteristics') {
    context.refuse(`${tagOf(loop)} of ${tagOf(element)} '${id}'`, id);
    return null;
  }
  refuseOutputs(element, id, context);
  const base = buildBodyBase(element, id, around);
  const cardinality = bodyOf(loop, 'loopCardinality', id, context);
  const collection = buildCollection(loop, id, context);
  const elementVariable = elementVariableOf(loop);
  if (cardinality === null && collection === null)
    context.error('Either loopCardinality or loopDataInputRef/activiti:collection must be set', base.id);
  if (elementVariable !== null && collection === null)
    context.error(
      'LoopDataInputRef/activiti:collection must be set when using inputDataItem or activiti:elementVariable',
      base.id,
    );
  return Object.freeze({
    kind: 'multiInstanceBody',
    innerId: id,
    isSequential: loop.get('isSequential') === true,
    cardinality,
    collection,
    elementVariable,
    completionCondition: bodyOf(loop, 'completionCondition', id, context),
    ...base,
  });
}

/** Rejects output mappings: it is undefined which instance's output would count, so Camunda has none. */
function refuseOutputs(element: ModdleElement, id: string, context: BuildContext): void {
  const outputs = extensionsOf(element)
    .filter(({ $type }) => $type === 'camunda:InputOutput')
    .flatMap((mapping) => childrenOf(mapping, 'outputParameters'));
  if (outputs.length > 0)
    context.error('camunda:outputParameter not allowed for multi-instance constructs', id);
}

function bodyOf(
  loop: ModdleElement,
  property: 'loopCardinality' | 'completionCondition',
  id: string,
  context: BuildContext,
) {
  const expression = childOf(loop, property);
  return context.optionalExpression(expression === null ? null : textOf(expression, 'body'), id);
}

/** `camunda:collection` is an expression or the name of a variable; `loopDataInputRef` a name. */
function buildCollection(
  loop: ModdleElement,
  id: string,
  context: BuildContext,
): MultiInstanceBodyNode['collection'] {
  const text =
    textOf(loop, 'camunda:collection') ??
    context.danglingReference(loop, 'bpmn:loopDataInputRef') ??
    childOf(loop, 'loopDataInputRef')?.id ??
    null;
  if (text === null) return null;
  return /[#$]\{/.test(text) ? context.expression(text, id) : Object.freeze({ variable: text });
}

function elementVariableOf(loop: ModdleElement): string | null {
  const item = childOf(loop, 'inputDataItem');
  return textOf(loop, 'camunda:elementVariable') ?? (item === null ? null : textOf(item, 'name'));
}
