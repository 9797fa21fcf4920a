import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { childOf, childrenOf, extensionsOf, tagOf, textOf } from './moddle.reader.js';
import type { IoMapping, IoParameter, IoValue } from './process-model.js';
import { buildScript } from './script.builder.js';

/** Maximum nesting depth of lists and maps in a mapping. */
const MAX_DEPTH = 20;

/** Builds the `camunda:inputOutput` of a flow node; null if it has none. */
export function buildIoMapping(
  element: ModdleElement,
  elementId: string,
  context: BuildContext,
): IoMapping | null {
  const mapping = extensionsOf(element).find((extension) => extension.$type === 'camunda:InputOutput');
  if (mapping === undefined) return null;
  const tag = tagOf(element);
  if (!/task$|subProcess|callActivity|endEvent|intermediateThrowEvent/i.test(tag)) {
    context.error(`camunda:inputOutput is not allowed on a ${tag}`, elementId);
    return null;
  }
  const outputs = buildParameters(mapping, 'outputParameters', elementId, context);
  if (tag === 'endEvent' && outputs.length > 0) {
    context.error('camunda:outputParameter is not allowed on an endEvent', elementId);
  }
  return Object.freeze({ inputs: buildParameters(mapping, 'inputParameters', elementId, context), outputs });
}

function buildParameters(
  mapping: ModdleElement,
  property: 'inputParameters' | 'outputParameters',
  elementId: string,
  context: BuildContext,
): readonly IoParameter[] {
  const parameters = childrenOf(mapping, property).map((parameter): IoParameter => {
    const name = textOf(parameter, 'name');
    if (name === null) context.error(`A camunda:${tagOf(parameter)} has no name`, elementId);
    return Object.freeze({ name: name ?? '', value: buildValue(parameter, elementId, context, 0) });
  });
  return Object.freeze(parameters);
}

/** Builds the value of a parameter or map entry: a nested definition, or its text. */
function buildValue(holder: ModdleElement, elementId: string, context: BuildContext, depth: number): IoValue {
  const definition = childOf(holder, 'definition');
  if (definition === null) return buildText(holder, elementId, context);
  return buildDefinition(definition, elementId, context, depth + 1);
}

function buildDefinition(
  definition: ModdleElement,
  elementId: string,
  context: BuildContext,
  depth: number,
): IoValue {
  if (depth > MAX_DEPTH) {
    context.error(`Lists and maps nest deeper than ${MAX_DEPTH}`, elementId);
    return NOTHING;
  }
  switch (definition.$type) {
    case 'camunda:List': {
      const items = childrenOf(definition, 'items').map((item) =>
        buildDefinition(item, elementId, context, depth + 1),
      );
      return Object.freeze({ kind: 'list', items: Object.freeze(items) });
    }
    case 'camunda:Map': {
      const entries = childrenOf(definition, 'entries').map((entry) =>
        buildEntry(entry, elementId, context, depth),
      );
      return Object.freeze({ kind: 'map', entries: Object.freeze(entries) });
    }
    case 'camunda:Script': {
      const script = buildScript(
        {
          format: textOf(definition, 'scriptFormat'),
          source: textOf(definition, 'value'),
          resource: textOf(definition, 'resource'),
        },
        `a mapping of '${elementId}'`,
        elementId,
        context,
      );
      return script === null ? NOTHING : Object.freeze({ kind: 'script', script });
    }
    case 'camunda:Value':
      return buildText(definition, elementId, context);
    default:
      context.refuse(`A camunda:${tagOf(definition)} as the value of a mapping`, elementId);
      return NOTHING;
  }
}

function buildEntry(
  entry: ModdleElement,
  elementId: string,
  context: BuildContext,
  depth: number,
): { readonly key: string; readonly value: IoValue } {
  const key = textOf(entry, 'key');
  if (key === null) context.error('A camunda:entry has no key', elementId);
  return Object.freeze({ key: key ?? '', value: buildValue(entry, elementId, context, depth) });
}

function buildText(holder: ModdleElement, elementId: string, context: BuildContext): IoValue {
  const expression = context.optionalExpression(textOf(holder, 'value'), elementId);
  return expression === null ? NOTHING : Object.freeze({ kind: 'expression', expression });
}

const NOTHING: IoValue = Object.freeze({ kind: 'null' });
