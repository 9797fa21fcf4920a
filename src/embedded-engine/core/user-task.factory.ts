import { type CompiledExpression, type ExpressionScope, isElNumber, numberValueOf } from '../el/index.js';
import type { UserTaskNode } from '../model/index.js';
import type { UserTaskRecord } from '../state/records.types.js';
import type { ActivityState } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import { type InstanceContext, textOf } from './instance.context.js';
import { dateOf } from './timer.due-date.js';

/** Default priority, as in Camunda. */
const DEFAULT_PRIORITY = 50;

/** Creates the user task that `activity` waits for. @throws ProcessEngine for an invalid date or priority */
export function createUserTask(
  context: InstanceContext,
  node: UserTaskNode,
  activity: ActivityState,
): UserTaskRecord {
  const scope = context.scopeOf(activity);
  return {
    id: context.work.newId(),
    name: textIn(node.nameExpression, scope),
    description: textIn(node.descriptionExpression, scope),
    assignee: textIn(node.assignee, scope),
    owner: null,
    candidateUsers: namesIn(node.candidateUsers, scope),
    candidateGroups: namesIn(node.candidateGroups, scope),
    priority: priorityIn(node, scope),
    createTime: context.work.now,
    dueDate: dateIn(node.dueDate, scope, 'Due date'),
    followUpDate: dateIn(node.followUpDate, scope, 'Follow up date'),
    formKey: textIn(node.formKey, scope),
    suspended: false,
    activityId: node.id,
    activityInstanceId: activity.id,
    executionId: activity.executionId,
    processInstanceId: context.instance.id,
    processDefinitionId: context.definition.record.id,
    tenantId: context.instance.header.tenantId,
  };
}

function textIn(expression: CompiledExpression | null, scope: ExpressionScope): string | null {
  const value = expression?.evaluate(scope) ?? null;
  return value === null ? null : textOf(value);
}

/** Reads a list, or comma-separated names. */
function namesIn(expression: CompiledExpression | null, scope: ExpressionScope): readonly string[] {
  const value = expression?.evaluate(scope) ?? null;
  if (value === null) return [];
  const names = Array.isArray(value) ? value.map(textOf) : textOf(value).split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function dateIn(expression: CompiledExpression | null, scope: ExpressionScope, what: string): number | null {
  const value = expression?.evaluate(scope) ?? null;
  const time = value === null ? null : dateOf(value);
  if (value !== null && time === null)
    throw new ProcessEngineError(
      `${what} expression does not resolve to a Date or Date string: ${expression?.text ?? ''}`,
    );
  return time;
}

function priorityIn(node: UserTaskNode, scope: ExpressionScope): number {
  const value = node.priority?.evaluate(scope) ?? null;
  if (value === null) return DEFAULT_PRIORITY;
  const number = isElNumber(value) ? numberValueOf(value) : Number(value);
  if (Number.isInteger(number)) return number;
  throw new ProcessEngineError(
    `Priority expression does not resolve to a number: ${node.priority?.text ?? ''}`,
  );
}
