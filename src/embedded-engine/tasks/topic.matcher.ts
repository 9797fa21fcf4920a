import type { TopicSubscription } from '../core/engine-api.types.js';
import { isEqual, isLike, isOneOf, passes } from '../core/query.js';
import type { Variables } from '../core/typed-value.types.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';

/** Whether a task fits the filters of a topic; `processVariables` looks at the instance's own scope, joined by OR. */
export function fitsTopic(
  task: ExternalTaskRecord,
  topic: TopicSubscription,
  processVariablesOf: (processInstanceId: string) => Variables,
): boolean {
  return (
    isEqual(task.businessKey, topic.businessKey) &&
    isEqual(task.processDefinitionId, topic.processDefinitionId) &&
    isOneOf(task.processDefinitionId, topic.processDefinitionIdIn) &&
    isEqual(task.processDefinitionKey, topic.processDefinitionKey) &&
    isOneOf(task.processDefinitionKey, topic.processDefinitionKeyIn) &&
    passes(topic.processDefinitionVersionTag, (tag) => isLike(task.processDefinitionVersionTag, tag)) &&
    (topic.withoutTenantId !== true || task.tenantId === null) &&
    passes(topic.tenantIdIn, (ids) => task.tenantId !== null && ids.includes(task.tenantId)) &&
    passes(
      topic.processVariables,
      (wanted) => wanted.size === 0 || hasAny(processVariablesOf(task.processInstanceId), wanted),
    )
  );
}

function hasAny(variables: Variables, wanted: ReadonlyMap<string, unknown>): boolean {
  return [...wanted].some(([name, value]) => {
    const variable = variables.get(name);
    return variable !== undefined && variable.value === value;
  });
}
