import type { FetchInput, TopicSubscription } from '../../tasks/fetch-and-lock.types.js';
import {
  boolean,
  integer,
  isRecord,
  list,
  long,
  nullable,
  optional,
  shown,
  text,
  type JsonRecord,
} from '../http/json.reader.js';
import { invalidRequest } from '../http/rest.error.js';
import { readPlainValue } from '../variables/variable.reader.js';

/** Longest wait of a poll, in ms. */
const MAX_ASYNC_RESPONSE_TIMEOUT = 1_800_000;

/** Reads the body of `POST /external-task/fetchAndLock`. @throws RestError 400 */
export function readFetch(body: JsonRecord): Omit<FetchInput, 'sharesProcess'> {
  const asyncResponseTimeout = nullable(body, 'asyncResponseTimeout', long);
  if (asyncResponseTimeout !== null && asyncResponseTimeout > MAX_ASYNC_RESPONSE_TIMEOUT) {
    throw invalidRequest(
      `The asynchronous response timeout cannot be set to a value greater than ${MAX_ASYNC_RESPONSE_TIMEOUT} milliseconds`,
    );
  }
  return {
    workerId: nullable(body, 'workerId', text),
    maxTasks: optional(body, 'maxTasks', integer) ?? 0,
    usePriority: optional(body, 'usePriority', boolean) ?? false,
    asyncResponseTimeout,
    createTime: readSorting(body.sorting),
    topics: readTopics(body.topics),
  };
}

function readSorting(raw: unknown): 'asc' | 'desc' | null {
  if (raw === undefined || raw === null) return null;
  if (!Array.isArray(raw)) throw invalidRequest('sorting must be a list of {sortBy, sortOrder}');
  let order: 'asc' | 'desc' | null = null;
  for (const item of raw as readonly unknown[]) {
    const { sortBy, sortOrder }: JsonRecord = isRecord(item) ? item : {};
    if (sortBy !== 'createTime') {
      throw invalidRequest(`Cannot set query parameter 'sortBy' to value '${shown(sortBy ?? null)}'`);
    }
    if (sortOrder !== 'asc' && sortOrder !== 'desc') {
      throw invalidRequest(`Cannot set query parameter 'sortOrder' to value '${shown(sortOrder ?? null)}'`);
    }
    order ??= sortOrder;
  }
  return order;
}

function readTopics(raw: unknown): readonly TopicSubscription[] {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) throw invalidRequest('topics must be a list');
  return raw.map((item: unknown) => {
    if (!isRecord(item)) throw invalidRequest('A topic must be an object {topicName, lockDuration, …}');
    return readTopic(item);
  });
}

function readTopic(topic: JsonRecord): TopicSubscription {
  const processVariables = topic.processVariables;
  return {
    topicName: optional(topic, 'topicName', text) ?? '',
    lockDuration: optional(topic, 'lockDuration', long) ?? 0,
    businessKey: optional(topic, 'businessKey', text),
    processDefinitionId: optional(topic, 'processDefinitionId', text),
    processDefinitionIdIn: optional(topic, 'processDefinitionIdIn', list),
    processDefinitionKey: optional(topic, 'processDefinitionKey', text),
    processDefinitionKeyIn: optional(topic, 'processDefinitionKeyIn', list),
    processDefinitionVersionTag: optional(topic, 'processDefinitionVersionTag', text),
    withoutTenantId: optional(topic, 'withoutTenantId', boolean),
    tenantIdIn: optional(topic, 'tenantIdIn', list),
    processVariables: isRecord(processVariables)
      ? new Map(Object.entries(processVariables).map(([name, value]) => [name, readPlainValue(value)]))
      : undefined,
    variables: optional(topic, 'variables', list),
    localVariables: optional(topic, 'localVariables', boolean),
    includeExtensionProperties: optional(topic, 'includeExtensionProperties', boolean),
  };
}
