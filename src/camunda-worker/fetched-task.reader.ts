import type { TypedVariables } from '../camunda-engine/index.js';
import type { FetchedTask } from './fetched-task.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The tasks in the answer to a fetch.
 *
 * By hand and not by a schema: every step of every process goes through here.
 *
 * @throws TypeError that names what is not as an engine answers it
 */
export function readFetchedTasks(body: unknown): FetchedTask[] {
  if (!Array.isArray(body)) throw new TypeError('It is no list.');
  return body.map((item: unknown, index) => {
    if (!isObject(item)) throw new TypeError(`Number ${index} is no object.`);
    return readTask(item, index);
  });
}

function readTask(task: JsonObject, index: number): FetchedTask {
  const fault = (member: string): TypeError => new TypeError(`Number ${index} is wrong in its ${member}.`);
  const { id, topicName, activityId, processInstanceId, processDefinitionKey } = task;
  const businessKey = task.businessKey ?? null;
  const retries = task.retries ?? null;
  const executionId = typeof task.executionId === 'string' ? task.executionId : null;
  const variables = task.variables ?? {};
  if (typeof id !== 'string' || id === '') throw fault('id');
  if (typeof topicName !== 'string') throw fault('topicName');
  if (typeof activityId !== 'string') throw fault('activityId');
  if (typeof processInstanceId !== 'string') throw fault('processInstanceId');
  if (typeof processDefinitionKey !== 'string') throw fault('processDefinitionKey');
  if (businessKey !== null && typeof businessKey !== 'string') throw fault('businessKey');
  if (retries !== null && typeof retries !== 'number') throw fault('retries');
  if (!isVariables(variables)) throw fault('variables');
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
