import type { ModdleElement } from 'bpmn-moddle';
import type { CompiledExpression } from '../el/index.js';
import type { BuildContext } from './build.context.js';
import { tagOf, textOf } from './moddle.reader.js';

/** Builds the `camunda:taskPriority` of a process or external task; a constant must be an integer. */
export function buildPriority(
  element: ModdleElement,
  id: string,
  context: BuildContext,
): CompiledExpression | null {
  const text = textOf(element, 'camunda:taskPriority');
  const expression = context.optionalExpression(text, id);
  if (text !== null && expression?.isLiteral === true && !/^[+-]?\d{1,18}$/.test(text)) {
    context.error(`camunda:taskPriority '${text}' of ${tagOf(element)} '${id}' is no whole number`, id);
  }
  return expression;
}
