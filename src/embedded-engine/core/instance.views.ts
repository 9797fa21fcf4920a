import type { TypedValue } from '../state/typed-value.types.js';
import type { ActivityState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';

export interface ProcessInstanceView {
  readonly id: string;
  readonly definitionId: string;
  readonly definitionKey: string;
  readonly businessKey: string | null;
  readonly ended: boolean;
  readonly suspended: boolean;
  readonly tenantId: string | null;
}

/** A variable with its scope, as `/variable-instance` returns it. */
export interface VariableInstanceView {
  readonly id: string;
  readonly name: string;
  readonly value: TypedValue;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly executionId: string;
  readonly activityInstanceId: string;
  readonly tenantId: string | null;
}

/** One execution: a scope, or a path of an instance that waits. */
export interface ExecutionView {
  readonly id: string;
  readonly processInstanceId: string;
  readonly ended: boolean;
  readonly tenantId: string | null;
}

/** The view of an instance, also right after the command that ended it. */
export function viewInstance(
  instance: ProcessInstanceState,
  definition: ExecutableDefinition | undefined,
): ProcessInstanceView {
  const { id, definitionId, businessKey, tenantId } = instance.header;
  return {
    id,
    definitionId,
    definitionKey: definition?.record.key ?? '',
    businessKey,
    tenantId,
    ended: instance.root.removed,
    suspended: instance.suspended,
  };
}

export function viewExecution(instance: ProcessInstanceState, activity: ActivityState): ExecutionView {
  return {
    id: activity.executionId,
    processInstanceId: instance.id,
    ended: activity.removed,
    tenantId: instance.header.tenantId,
  };
}

/** All variables of an instance with their scopes. */
export function viewVariables(instance: ProcessInstanceState): VariableInstanceView[] {
  const views: VariableInstanceView[] = [];
  const { id: processInstanceId, definitionId, tenantId } = instance.header;
  instance.root.visit(({ variables, executionId, id: activityInstanceId }) => {
    for (const [name, { id, value, shownIn }] of variables ?? []) {
      views.push({
        id,
        name,
        value,
        processInstanceId,
        processDefinitionId: definitionId,
        executionId,
        activityInstanceId: shownIn ?? activityInstanceId,
        tenantId,
      });
    }
  });
  return views;
}

/**
 * The outermost activity instance of each execution. An activity that shares its scope's execution is represented by
 * the scope.
 */
export function executionsOf(instance: ProcessInstanceState): ActivityState[] {
  const byId = new Map<string, ActivityState>();
  instance.root.visit((activity) => {
    if (!byId.has(activity.executionId)) byId.set(activity.executionId, activity);
  });
  return [...byId.values()];
}
