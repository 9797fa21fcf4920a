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

/** A variable where it lives, as `/variable-instance` shows it. */
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

/** One execution: a path of an instance on which something waits, or a scope. */
export interface ExecutionView {
  readonly id: string;
  readonly processInstanceId: string;
  readonly ended: boolean;
  readonly tenantId: string | null;
}

/** What a reader sees of an instance; an ended one too, right after the command that ended it. */
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

/** Every variable of an instance where it lives. */
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

/** The executions of an instance, the outermost activity of each; one that stays in its scope's is the scope. */
export function executionsOf(instance: ProcessInstanceState): ActivityState[] {
  const byId = new Map<string, ActivityState>();
  instance.root.visit((activity) => {
    if (!byId.has(activity.executionId)) byId.set(activity.executionId, activity);
  });
  return [...byId.values()];
}
