import type { ModdleElement } from 'bpmn-moddle';
import type { CompiledExpression } from '../el/index.js';
import type { BuildContext } from './build.context.js';
import { buildErrorEventDefinitions } from './error.builder.js';
import { refuseCodeAttributes } from './extension.checks.js';
import { childOf, childrenOf, extensionsOf, tagOf, textOf } from './moddle.reader.js';
import type { NodeBuilder } from './node.base.js';
import { buildPriority } from './priority.builder.js';
import type { FlowNode, FlowNodeBase } from './process-model.js';
import { buildScript } from './script.builder.js';
import { buildMessageTrigger } from './trigger.builder.js';

/** Builds a service, send or business-rule task. */
export const buildServiceTask: NodeBuilder = (element, base, { context }) =>
  buildServiceLike(element, element, base, context);

/**
 * Builds an external task, or a task whose expression the engine evaluates.
 *
 * @param holder has Camunda's attributes: the task, or the message definition of an event
 * @param element has the extension elements
 */
export function buildServiceLike(
  holder: ModdleElement,
  element: ModdleElement,
  base: FlowNodeBase,
  context: BuildContext,
): FlowNode | null {
  const { id } = base;
  const isRefused = refuseCodeAttributes(holder, id, context);
  const type = textOf(holder, 'camunda:type');
  if (type === 'external') return buildExternalTask(holder, element, base, context);
  const expressionText = textOf(holder, 'camunda:expression');
  if (type !== null) {
    context.refuse(`camunda:type '${type}' of ${tagOf(element)} '${id}'`, id);
  } else if (expressionText !== null) {
    const expression = context.expression(expressionText, id);
    const resultVariable = textOf(holder, 'camunda:resultVariable');
    return expression === null
      ? null
      : Object.freeze({ kind: 'expressionTask', expression, resultVariable, ...base });
  } else if (!isRefused) {
    context.error(
      `One of the attributes 'class', 'delegateExpression', 'type', or 'expression' is mandatory on ${tagOf(element)} (the embedded engine knows type="external" and expression).`,
      id,
    );
  }
  return null;
}

function buildExternalTask(
  holder: ModdleElement,
  element: ModdleElement,
  base: FlowNodeBase,
  context: BuildContext,
): FlowNode | null {
  const { id } = base;
  const topicText = textOf(holder, 'camunda:topic');
  if (topicText === null)
    context.error("External tasks must specify a 'topic' attribute in the camunda namespace", id);
  const topic = context.optionalExpression(topicText, id);
  const priority = buildPriority(holder, id, context);
  const errorEventDefinitions = buildErrorEventDefinitions(element, id, context);
  if (topic === null) return null;
  return Object.freeze({ kind: 'externalTask', topic, priority, errorEventDefinitions, ...base });
}

export const buildScriptTask: NodeBuilder = (element, base, { context }) => {
  const script = buildScript(
    {
      format: textOf(element, 'scriptFormat'),
      source: textOf(element, 'script'),
      resource: textOf(element, 'camunda:resource'),
    },
    `scriptTask '${base.id}'`,
    base.id,
    context,
  );
  const resultVariable = textOf(element, 'camunda:resultVariable');
  return script === null ? null : Object.freeze({ kind: 'scriptTask', script, resultVariable, ...base });
};

/** Builds a receive task; without a message it waits for a signal. */
export const buildReceiveTask: NodeBuilder = (element, base, { context }) => {
  const isNamed =
    childOf(element, 'messageRef') !== null || context.danglingReference(element, 'bpmn:messageRef') !== null;
  const message = isNamed ? buildMessageTrigger(element, base.id, context) : null;
  if (isNamed && message === null) return null;
  return Object.freeze({ kind: 'receiveTask', message, ...base });
};

/** Builds a user task. Form fields are for clients, so they are ignored with a warning. */
export const buildUserTask: NodeBuilder = (element, base, { context }) => {
  const { id } = base;
  if (extensionsOf(element).some(({ $type }) => $type === 'camunda:FormData'))
    context.warning(`camunda:formData of userTask '${id}' is ignored`, id);
  const read = (attribute: string): CompiledExpression | null =>
    context.optionalExpression(textOf(element, `camunda:${attribute}`), id);
  const [documentation] = childrenOf(element, 'documentation');
  const description = documentation === undefined ? null : textOf(documentation, 'text');
  return Object.freeze({
    kind: 'userTask',
    assignee: read('assignee'),
    candidateUsers: read('candidateUsers'),
    candidateGroups: read('candidateGroups'),
    dueDate: read('dueDate'),
    followUpDate: read('followUpDate'),
    priority: read('priority'),
    formKey: read('formKey'),
    nameExpression: context.optionalExpression(base.name, id),
    descriptionExpression: context.optionalExpression(description, id),
    ...base,
  });
};
