import type { ExecutionView } from '../query/execution.query.js';
import type { ProcessInstanceView } from '../query/process-instance.query.js';
import type { VariableInstanceView } from '../query/variable-instance.query.js';
import type { ActivityState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';

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
