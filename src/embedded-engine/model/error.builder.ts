import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { childOf, childrenOf, extensionsOf, tagOf, textOf } from './moddle.reader.js';
import type { ErrorModel, ExternalTaskNode } from './process-model.js';

/** The event definition of an event; null if it has none or (reported) more than one. */
export function eventDefinitionOf(
  element: ModdleElement,
  id: string,
  context: BuildContext,
): ModdleElement | null {
  const definitions = [
    ...childrenOf(element, 'eventDefinitions'),
    ...childrenOf(element, 'eventDefinitionRef'),
  ];
  if (definitions.length > 1)
    context.refuse(`More than one event definition on ${tagOf(element)} '${id}'`, id);
  return definitions.length === 1 ? (definitions[0] ?? null) : null;
}

/** The `<error>` that a definition refers to; null without a reference. An unresolved reference is a problem. */
export function referencedError(
  definition: ModdleElement,
  id: string,
  context: BuildContext,
): ModdleElement | null {
  const dangling = context.danglingReference(definition, 'bpmn:errorRef');
  if (dangling !== null) context.error(`errorRef '${dangling}' of '${id}' leads to no error`, id);
  return childOf(definition, 'errorRef');
}

/** Builds the error that an element throws; its code is required. */
export function buildThrownError(
  definition: ModdleElement,
  id: string,
  context: BuildContext,
): ErrorModel | null {
  const error = referencedError(definition, id, context);
  if (error === null) {
    if (context.danglingReference(definition, 'bpmn:errorRef') === null) {
      context.error(`'${id}' throws an error and needs an errorRef`, id);
    }
    return null;
  }
  const errorId = error.id ?? id;
  const code = textOf(error, 'errorCode');
  if (code === null) {
    context.error(`Error '${errorId}' is thrown by '${id}' and needs an errorCode`, errorId);
    return null;
  }
  const message = context.optionalExpression(textOf(error, 'camunda:errorMessage'), errorId);
  return Object.freeze({ id: errorId, code, message });
}

/** Builds the `camunda:errorEventDefinition` elements of an external task, in document order. */
export function buildErrorEventDefinitions(
  element: ModdleElement,
  id: string,
  context: BuildContext,
): ExternalTaskNode['errorEventDefinitions'] {
  const definitions: ExternalTaskNode['errorEventDefinitions'][number][] = [];
  for (const definition of extensionsOf(element)) {
    if (definition.$type !== 'camunda:ErrorEventDefinition') continue;
    const text = textOf(definition, 'expression');
    if (text === null) context.error(`A camunda:errorEventDefinition of '${id}' has no expression`, id);
    const expression = context.optionalExpression(text, id);
    const error = buildThrownError(definition, id, context);
    if (expression !== null && error !== null) definitions.push(Object.freeze({ expression, error }));
  }
  return Object.freeze(definitions);
}
