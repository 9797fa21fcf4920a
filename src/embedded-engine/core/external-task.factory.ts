import { isElNumber, numberValueOf } from '../el/index.js';
import type { ExternalTaskNode } from '../model/index.js';
import type { ExternalTaskRecord } from '../state/records.types.js';
import type { ActivityState } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { InstanceContext } from './instance.context.js';

/** Creates the external task that `activity` waits for. @throws ProcessEngine for an invalid topic or priority */
export function createExternalTask(
  context: InstanceContext,
  node: ExternalTaskNode,
  activity: ActivityState,
): ExternalTaskRecord {
  const { work, definition } = context;
  const { header } = context.instance;
  const scope = context.scopeOf(activity);
  const topic = node.topic.evaluate(scope);
  if (typeof topic !== 'string' || topic === '') {
    throw new ProcessEngineError(`The topic of external task '${node.id}' is no text: ${node.topic.text}`);
  }
  const priority = node.priority ?? definition.model.taskPriority;
  return {
    id: work.newId(),
    topicName: topic,
    activityId: node.id,
    activityInstanceId: activity.id,
    executionId: activity.executionId,
    processInstanceId: header.id,
    processDefinitionId: definition.record.id,
    processDefinitionKey: definition.record.key,
    processDefinitionVersionTag: definition.record.versionTag,
    businessKey: header.businessKey,
    tenantId: header.tenantId,
    suspended: false,
    priority: priority === null ? 0 : toPriority(priority.evaluate(scope), node.id),
    createTime: work.now,
    workerId: null,
    lockExpirationTime: null,
    retries: null,
    errorMessage: null,
    errorDetails: null,
  };
}

function toPriority(value: unknown, nodeId: string): number {
  const number = isElNumber(value) ? numberValueOf(value) : integerOf(value);
  if (number !== undefined && Number.isInteger(number)) return number;
  throw new ProcessEngineError(`The priority of external task '${nodeId}' is not an Integer`);
}

function integerOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : undefined;
}
