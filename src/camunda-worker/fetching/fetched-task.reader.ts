import type { TypedVariables } from '../../camunda-engine/index.js';
import type { FetchedTask } from '../task/fetched-task.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads the tasks in the answer to a fetch.
 *
 * Written by hand for speed instead of with a Zod schema: every step of every process passes here.
 *
 * @throws TypeError that names the first fault
 */
export function readFetchedTasks(body: unknown): FetchedTask[] {
  if (!Array.isArray(body)) throw new TypeError('Expected an array of tasks.');
  return body.map((item: unknown, index) => {
    if (!isObject(item)) throw new TypeError(`tasks[${index}]: expected an object.`);
    return readTask(item, index);
  });
}

/** How long a task waited for its first fetch. */
export interface Delivery {
  readonly topicName: string;
  /** Milliseconds from its creation to its lock, by the engine's clock; null for a retry, or if the engine does not send both times. */
  readonly ageMs: number | null;
}

/**
 * Reads how long the tasks in the answer to a fetch waited.
 *
 * Engines before 7.21 send no `createTime`.
 *
 * @param body that {@link readFetchedTasks} accepts
 * @param lockDurations in milliseconds, as they were requested, by topic
 */
export function readDeliveries(body: unknown, lockDurations: ReadonlyMap<string, number>): Delivery[] {
  return (body as readonly JsonObject[]).map(({ topicName, retries, createTime, lockExpirationTime }) => {
    const topic = String(topicName);
    const age = millis(lockExpirationTime) - (lockDurations.get(topic) ?? NaN) - millis(createTime);
    const isFirst = (retries ?? null) === null;
    return { topicName: topic, ageMs: isFirst && Number.isFinite(age) ? age : null };
  });
}

/** Milliseconds since 1970; NaN if it is not a time. */
function millis(time: unknown): number {
  return typeof time === 'string' ? Date.parse(time) : NaN;
}

function readTask(task: JsonObject, index: number): FetchedTask {
  const fault = (member: string, expected: string): TypeError =>
    new TypeError(`tasks[${index}].${member}: expected ${expected}.`);
  const { id, topicName, activityId, processInstanceId, processDefinitionKey } = task;
  const businessKey = task.businessKey ?? null;
  const retries = task.retries ?? null;
  const executionId = typeof task.executionId === 'string' ? task.executionId : null;
  const variables = task.variables ?? {};
  if (typeof id !== 'string' || id === '') throw fault('id', 'a non-empty string');
  if (typeof topicName !== 'string') throw fault('topicName', 'a string');
  if (typeof activityId !== 'string') throw fault('activityId', 'a string');
  if (typeof processInstanceId !== 'string') throw fault('processInstanceId', 'a string');
  if (typeof processDefinitionKey !== 'string') throw fault('processDefinitionKey', 'a string');
  if (businessKey !== null && typeof businessKey !== 'string') throw fault('businessKey', 'string or null');
  if (retries !== null && typeof retries !== 'number') throw fault('retries', 'number or null');
  if (!isVariables(variables)) throw fault('variables', 'an object of typed variables');
  return {
    id,
    topicName,
    activityId,
    processInstanceId,
    executionId,
    processDefinitionKey,
    businessKey,
    retries,
    variables,
  };
}

function isVariables(value: unknown): value is TypedVariables {
  if (!isObject(value)) return false;
  for (const name of Object.keys(value)) {
    const variable = value[name];
    if (!isObject(variable)) return false;
    const type = variable.type ?? null;
    if (type !== null && typeof type !== 'string') return false;
  }
  return true;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
