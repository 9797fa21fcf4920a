import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { extensionsOf, flagOf, tagOf, textOf } from './moddle.reader.js';

/** Extension elements that execute code. */
const CODE_EXTENSIONS: ReadonlySet<string> = new Set([
  'camunda:ExecutionListener',
  'camunda:TaskListener',
  'camunda:Connector',
]);

/** Rejects listeners, connectors and scripts of an element. */
export function refuseListeners(element: ModdleElement, id: string | null, context: BuildContext): void {
  for (const extension of extensionsOf(element)) {
    if (CODE_EXTENSIONS.has(extension.$type)) {
      context.refuse(`camunda:${tagOf(extension)} of ${tagOf(element)} '${id ?? ''}'`, id);
    }
  }
}

/** Attributes for implementations other than an external task. */
const CODE_ATTRIBUTES = ['class', 'delegateExpression', 'decisionRef'] as const;

/** Rejects `camunda:class` and the like. @returns whether one was found */
export function refuseCodeAttributes(element: ModdleElement, id: string, context: BuildContext): boolean {
  const found = CODE_ATTRIBUTES.filter((attribute) => textOf(element, `camunda:${attribute}`) !== null);
  for (const attribute of found) context.refuse(`camunda:${attribute} of ${tagOf(element)} '${id}'`, id);
  return found.length > 0;
}

/** Checks that apply to every flow node: listeners, loops, compensation, asynchronous continuations. */
export function checkFlowNode(element: ModdleElement, id: string, context: BuildContext): void {
  const tag = tagOf(element);
  refuseListeners(element, id, context);
  if (flagOf(element, 'isForCompensation')) context.refuse(`Compensation by ${tag} '${id}'`, id);
  for (const attribute of ['asyncBefore', 'asyncAfter', 'async']) {
    if (flagOf(element, `camunda:${attribute}`)) {
      context.warning(
        `camunda:${attribute} of ${tag} '${id}' is ignored: the embedded engine has no job executor`,
        id,
      );
    }
  }
}
