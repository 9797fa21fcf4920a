import type { Filter, Page } from '../query/query.types.js';
import type { FilterRules, SortKeys } from '../query/record.query.js';
import type { ActivityState } from '../state/activity.state.js';
import type { EngineState } from '../state/engine.state.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';

export type ExecutionQuery = Filter<{
  processInstanceId: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  businessKey: string;
  activityId: string;
  messageEventSubscriptionName: string;
  active: true;
  suspended: true;
  tenantIdIn: readonly string[];
}> &
  Page<'instanceId' | 'definitionKey' | 'definitionId' | 'tenantId'>;

/** An execution with its instance. */
export interface ExecutionOfInstance {
  readonly instance: ProcessInstanceState;
  readonly activity: ActivityState;
}

type ExecutionSortKey = NonNullable<ExecutionQuery['sorting']>[number]['sortBy'];

export const EXECUTION_SORT_KEYS = (state: EngineState): SortKeys<ExecutionOfInstance, ExecutionSortKey> => ({
  instanceId: ({ instance }) => instance.id,
  definitionId: ({ instance }) => instance.header.definitionId,
  definitionKey: ({ instance }) => keyOf(state, instance),
  tenantId: ({ instance }) => instance.header.tenantId,
});

function keyOf(state: EngineState, instance: ProcessInstanceState): string {
  return state.definition(instance.header.definitionId)?.record.key ?? '';
}

/** The filters of executions. */
export function executionRules(state: EngineState): FilterRules<ExecutionOfInstance, ExecutionQuery> {
  return {
    processInstanceId: ({ instance }, id) => instance.id === id,
    processDefinitionId: ({ instance }, id) => instance.header.definitionId === id,
    processDefinitionKey: ({ instance }, key) => keyOf(state, instance) === key,
    businessKey: ({ instance }, key) => instance.header.businessKey === key,
    activityId: ({ activity }, id) =>
      activity.find(
        (one) => one.executionId === activity.executionId && one.nodeId === id && one.parent !== null,
      ) !== null,
    messageEventSubscriptionName: ({ activity }, name) =>
      (activity.waits ?? []).some(({ id }) => state.subscription(id)?.eventName === name),
    active: ({ instance }) => !instance.suspended,
    suspended: ({ instance }) => instance.suspended,
    tenantIdIn: ({ instance }, tenants) =>
      instance.header.tenantId !== null && tenants.includes(instance.header.tenantId),
  };
}
