import { expect } from '@jest/globals';
import { succeeded, type Answer, type EngineClient, type Json } from './engine.client.js';

/** The worker of all cases that need not tell workers apart. */
export const WORKER = 'worker-1';
const LOCK_MS = 60_000;
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 25;

/** A locked external task, as far as the suite needs it typed. */
export interface LockedTask extends Json {
  readonly id: string;
  readonly activityId: string;
  readonly variables: Record<string, Json>;
}

/** Plain values become variables; objects with a `type` or a `value` stand for themselves. */
export type Values = Readonly<Record<string, unknown>>;

/** `{ a: 1 }` as `{ a: { value: 1 } }`. */
export function vars(values: Values): Json {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isTyped(value) ? value : { value }]),
  );
}

function isTyped(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('value' in value || 'type' in value);
}

/** One deployed process, with the actions of a test. */
export class Scenario {
  constructor(
    readonly engine: EngineClient,
    readonly key: string,
    readonly definitionId: string,
    readonly deploymentId: string,
  ) {}

  /** What a start is answered. */
  launch(body: Json = {}): Promise<Answer> {
    return this.engine.post(`/process-definition/${this.definitionId}/start`, body);
  }

  /** Starts an instance. */
  async start(values: Values = {}, more: Json = {}): Promise<string> {
    const { status, body } = await this.launch({ variables: vars(values), ...more });
    return succeeded('the start', status, body).id as string;
  }

  /** Fetches and locks what this process, or those of other keys, offers for a topic. */
  async fetch(topicName: string, topic: Json = {}, request: Json = {}): Promise<LockedTask[]> {
    const { status, body } = await this.engine.post<LockedTask[]>('/external-task/fetchAndLock', {
      workerId: WORKER,
      maxTasks: 10,
      topics: [{ topicName, lockDuration: LOCK_MS, processDefinitionKey: this.key, ...topic }],
      ...request,
    });
    return succeeded('fetchAndLock', status, body);
  }

  /** Fetches the only task of a topic. */
  async fetchOne(topicName: string, topic: Json = {}): Promise<LockedTask> {
    const tasks = await this.fetch(topicName, topic);
    expect(tasks).toHaveLength(1);
    return tasks[0]!;
  }

  /** Tells the engine about a locked task. */
  report(task: LockedTask, what: string, body: Json = {}): Promise<Answer> {
    return this.engine.post(`/external-task/${task.id}/${what}`, { workerId: WORKER, ...body });
  }

  /** Fetches the only task of a topic and completes it. */
  async complete(topicName: string, values: Values = {}, localValues: Values = {}): Promise<void> {
    const task = await this.fetchOne(topicName, { variables: [] });
    const answer = await this.report(task, 'complete', {
      variables: vars(values),
      localVariables: vars(localValues),
    });
    expect(answer).toMatchObject({ status: 204 });
  }

  /** Fetches the only task of a topic and reports a BPMN error. */
  async throwError(topicName: string, errorCode: string, more: Json = {}): Promise<void> {
    const task = await this.fetchOne(topicName, { variables: [] });
    expect(await this.report(task, 'bpmnError', { errorCode, ...more })).toMatchObject({ status: 204 });
  }

  /** The ids of the activities in which an instance waits, sorted; null when it has ended. */
  async waitsIn(instanceId: string): Promise<string[] | null> {
    const { status, body } = await this.engine.get<ActivityInstance>(
      `/process-instance/${instanceId}/activity-instances`,
    );
    return status === 404 ? null : leavesOf(body).sort();
  }

  /** Whether the instance is over, and how. */
  async state(instanceId: string): Promise<unknown> {
    return (await this.engine.read(`/history/process-instance/${instanceId}`)).state;
  }

  /** The activities that an instance has gone through, sorted, those that were cancelled marked by `!`. */
  async trail(instanceId: string): Promise<string[]> {
    const activities = await this.engine.list(
      `/history/activity-instance?processInstanceId=${instanceId}&finished=true`,
    );
    return activities
      .map((activity) => (activity.canceled === true ? '!' : '') + String(activity.activityId))
      .sort();
  }

  /** The variables of an instance in its history, by name. */
  async values(instanceId: string): Promise<Json> {
    const variables = await this.engine.list(
      `/history/variable-instance?processInstanceId=${instanceId}&deserializeValues=false`,
    );
    return Object.fromEntries(variables.map(({ name, value }) => [String(name), value]));
  }

  /** A variable of a running instance; undefined when there is none. */
  async variable(instanceId: string, name: string): Promise<Json | undefined> {
    const { status, body } = await this.engine.get(
      `/process-instance/${instanceId}/variables/${name}?deserializeValue=false`,
    );
    return status === 200 ? body : undefined;
  }
}

interface ActivityInstance {
  readonly activityId: string;
  readonly childActivityInstances: readonly ActivityInstance[];
}

/** The ids of the innermost activities. */
function leavesOf(instance: ActivityInstance): string[] {
  return instance.childActivityInstances.flatMap((child) =>
    child.childActivityInstances.length === 0 ? [child.activityId] : leavesOf(child),
  );
}

/** Repeats a read until its value meets the condition, and returns the last value. */
export async function eventually<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (isSo(seen) || Date.now() > deadline) return seen;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
