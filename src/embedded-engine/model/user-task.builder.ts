import type { ModdleElement } from 'bpmn-moddle';
import type { CompiledExpression } from '../el/index.js';
import type { BuildContext } from './build.context.js';
import { childrenOf, extensionsOf, textOf } from './moddle.reader.js';
import type { FlowNode, FlowNodeBase } from './process-model.js';

/** Builds a user task. Form fields are for clients, so they are ignored with a warning. */
export function buildUserTask(element: ModdleElement, base: FlowNodeBase, context: BuildContext): FlowNode {
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
}
