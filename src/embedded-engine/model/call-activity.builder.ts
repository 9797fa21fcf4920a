import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { extensionsOf, flagOf, textOf } from './moddle.reader.js';
import type { NodeBuilder } from './node.base.js';
import type { CallBinding, CallMapping } from './process-model.js';

export const buildCallActivity: NodeBuilder = (element, base, { context }) => {
  const { id } = base;
  for (const attribute of ['caseRef', 'variableMappingClass', 'variableMappingDelegateExpression']) {
    if (textOf(element, `camunda:${attribute}`) !== null)
      context.refuse(`camunda:${attribute} of callActivity '${id}'`, id);
  }
  const called = textOf(element, 'calledElement');
  if (called === null) context.error("Missing attribute 'calledElement' or 'caseRef'", id);
  const calledElement = context.optionalExpression(called, id);
  const binding = buildBinding(element, id, context);
  if (calledElement === null || binding === null) return null;
  const ins = mappingsOf(element, 'camunda:In');
  const businessKeys = ins.filter((mapping) => textOf(mapping, 'businessKey') !== null);
  return Object.freeze({
    kind: 'callActivity',
    calledElement,
    binding,
    tenantId: context.optionalExpression(textOf(element, 'camunda:calledElementTenantId'), id),
    businessKey: context.optionalExpression(
      businessKeys[0] === undefined ? null : textOf(businessKeys[0], 'businessKey'),
      id,
    ),
    inputs: buildMappings(
      ins.filter((mapping) => !businessKeys.includes(mapping)),
      id,
      context,
    ),
    outputs: buildMappings(mappingsOf(element, 'camunda:Out'), id, context),
    ...base,
  });
};

function mappingsOf(element: ModdleElement, type: string): readonly ModdleElement[] {
  return extensionsOf(element).filter(({ $type }) => $type === type);
}

function buildBinding(element: ModdleElement, id: string, context: BuildContext): CallBinding | null {
  const kind = textOf(element, 'camunda:calledElementBinding') ?? 'latest';
  const version = (attribute: string) => {
    const text = textOf(element, `camunda:${attribute}`);
    if (text === null) context.error(`callActivity '${id}' needs camunda:${attribute}`, id);
    return context.optionalExpression(text, id);
  };
  switch (kind) {
    case 'latest':
    case 'deployment':
      return Object.freeze({ kind });
    case 'version': {
      const expression = version('calledElementVersion');
      return expression === null ? null : Object.freeze({ kind, version: expression });
    }
    case 'versionTag': {
      const versionTag = version('calledElementVersionTag');
      return versionTag === null ? null : Object.freeze({ kind, versionTag });
    }
    default:
      context.error(`calledElementBinding '${kind}' of callActivity '${id}' is unknown`, id);
      return null;
  }
}

function buildMappings(
  elements: readonly ModdleElement[],
  id: string,
  context: BuildContext,
): readonly CallMapping[] {
  return Object.freeze(elements.flatMap((element) => buildMapping(element, id, context) ?? []));
}

function buildMapping(element: ModdleElement, id: string, context: BuildContext): CallMapping | null {
  const local = flagOf(element, 'local');
  if (textOf(element, 'variables') === 'all') return Object.freeze({ kind: 'all', local });
  const target = textOf(element, 'target');
  const source = textOf(element, 'source');
  const text = textOf(element, 'sourceExpression');
  if (target === null || (source === null) === (text === null)) {
    context.error(
      `A variable mapping of callActivity '${id}' needs a target, and a source or a sourceExpression`,
      id,
    );
    return null;
  }
  if (source !== null) return Object.freeze({ kind: 'variable', source, target, local });
  const expression = context.optionalExpression(text, id);
  return expression === null ? null : Object.freeze({ kind: 'expression', expression, target, local });
}
