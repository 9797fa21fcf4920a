import type { DeleteInstanceOptions, StartResult } from '../runtime/runtime.service.js';
import type { DeploymentInput, DeploymentResult } from '../repository/deployment.types.js';
import type { FetchInput, LockedExternalTask, TopicSubscription } from '../tasks/fetch-and-lock.types.js';
import type { TypedValue, Variables } from '../state/typed-value.types.js';
import { EmbeddedEngine, type EngineParts } from '../embedded-engine.js';
import { compileBpmn } from '../model/index.js';

/** Plain values that `variables()` converts: numbers to Integer or Double, dates to Date. */
export type Plain = string | number | boolean | Date | null | TypedValue;

export function variables(
  plain: Readonly<Record<string, Plain>> | Iterable<readonly [string, Plain]> = {},
): Variables {
  const entries = Symbol.iterator in plain ? [...plain] : Object.entries(plain);
  return new Map(entries.map(([name, value]) => [name, typedValue(value)]));
}

export function typedValue(value: Plain): TypedValue {
  if (value === null) return { type: 'Null', value, valueInfo: {} };
  if (value instanceof Date) return { type: 'Date', value: value.getTime(), valueInfo: {} };
  if (typeof value === 'string') return { type: 'String', value, valueInfo: {} };
  if (typeof value === 'boolean') return { type: 'Boolean', value, valueInfo: {} };
  if (typeof value === 'number')
    return { type: Number.isInteger(value) ? 'Integer' : 'Double', value, valueInfo: {} };
  return value;
}

export function transient(value: string): TypedValue {
  return { type: 'String', value, valueInfo: { transient: true } };
}

/** Options that delete an instance with all called instances. */
export function deletion(deleteReason: string | null = null): DeleteInstanceOptions {
  return { deleteReason, skipIoMappings: false, skipSubprocesses: false };
}

/** Variables as plain values. */
export function plain(from: Variables | null): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...(from ?? [])].map(([name, { value }]) => [name, value]));
}

/** An engine with a clock that the test controls, and shortcuts for frequent calls. */
export class EngineHarness {
  private constructor(
    readonly engine: EmbeddedEngine,
    /** Epoch milliseconds; a test sets it. */
    readonly clock: { now: number },
  ) {}

  static async open(
    parts: Partial<EngineParts> = {},
    clock: { now: number } = { now: 1_000_000 },
  ): Promise<EngineHarness> {
    const engine = await EmbeddedEngine.open({
      compile: (name, content) => compileBpmn({ name, content }, {}),
      clock: () => clock.now,
      ...parts,
    });
    return new EngineHarness(engine, clock);
  }

  deploy(xml: string, more: Partial<DeploymentInput> = {}): Promise<DeploymentResult> {
    return this.engine.repository.deploy({
      name: 'test',
      source: null,
      tenantId: null,
      enableDuplicateFiltering: false,
      deployChangedOnly: false,
      resources: [{ name: 'test.bpmn', bytes: Buffer.from(xml) }],
      ...more,
    });
  }

  async start(
    key: string,
    given: Parameters<typeof variables>[0] = {},
    businessKey: string | null = null,
  ): Promise<StartResult> {
    const id = this.engine.repository.findLatestDefinition(key)?.id ?? key;
    return this.engine.runtime.startProcessInstance(id, {
      businessKey,
      variables: variables(given),
      startEventId: null,
    });
  }

  /** Fetches as worker `w` with a lock of 1 000 ms. */
  fetch(
    topics: string | readonly TopicSubscription[],
    more: Partial<FetchInput> = {},
  ): Promise<readonly LockedExternalTask[]> {
    return this.poll(topics, { asyncResponseTimeout: null, ...more }).tasks;
  }

  poll(topics: string | readonly TopicSubscription[], more: Partial<FetchInput> = {}) {
    return this.engine.externalTasks.fetchAndLock({
      workerId: 'w',
      maxTasks: 100,
      usePriority: false,
      asyncResponseTimeout: 10_000,
      createTime: null,
      topics: typeof topics === 'string' ? [{ topicName: topics, lockDuration: 1_000 }] : topics,
      ...more,
    });
  }

  /** The only task of a topic. @throws Error if there is none or more than one */
  async take(topic: string): Promise<LockedExternalTask> {
    const tasks = await this.fetch(topic);
    if (tasks.length !== 1) throw new Error(`${tasks.length} tasks of topic ${topic}`);
    return tasks[0]!;
  }

  /** Fetches the one task of a topic and completes it. */
  async work(
    topic: string,
    given: Parameters<typeof variables>[0] = {},
    local: Parameters<typeof variables>[0] = {},
  ): Promise<void> {
    const { id } = await this.take(topic);
    await this.complete(id, given, local);
  }

  complete(
    id: string,
    given: Parameters<typeof variables>[0] = {},
    local: Parameters<typeof variables>[0] = {},
  ): Promise<void> {
    return this.engine.externalTasks.complete(id, {
      workerId: 'w',
      variables: variables(given),
      localVariables: variables(local),
    });
  }

  fail(
    id: string,
    retries: number,
    retryTimeout = 0,
    more: Parameters<typeof variables>[0] = {},
  ): Promise<void> {
    return this.engine.externalTasks.handleFailure(id, {
      workerId: 'w',
      errorMessage: 'boom',
      errorDetails: 'stack',
      retries,
      retryTimeout,
      variables: variables(more),
      localVariables: variables(),
    });
  }

  bpmnError(
    id: string,
    errorCode: string,
    errorMessage: string | null = null,
    given: Parameters<typeof variables>[0] = {},
  ): Promise<void> {
    return this.engine.externalTasks.handleBpmnError(id, {
      workerId: 'w',
      errorCode,
      errorMessage,
      variables: variables(given),
    });
  }

  /** Ids of the elements with an open external task, sorted. */
  waiting(): readonly string[] {
    return this.engine.externalTasks
      .find({})
      .map((task) => task.activityId)
      .sort();
  }

  /** State of an instance and the element at which it ended. */
  outcome(id: string): readonly [state: string | undefined, endActivityId: string | null | undefined] {
    const record = this.engine.history.findInstance(id);
    return [record?.state, record?.endActivityId];
  }

  /** Element ids in the order of entry, with their end states. */
  trail(processInstanceId: string): readonly string[] {
    return this.engine.history.activities
      .find({ processInstanceId })
      .map(
        ({ activityId, endTime, canceled }) =>
          `${activityId}${endTime === null ? ' runs' : canceled ? ' canceled' : ''}`,
      );
  }

  historicVariables(processInstanceId: string): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      this.engine.history.variables.find({ processInstanceId }).map(({ name, value }) => [name, value.value]),
    );
  }
}
