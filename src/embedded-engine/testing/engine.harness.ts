import { EmbeddedEngine, type EngineParts } from '../embedded-engine.js';
import type {
  FetchInput,
  LockedExternalTask,
  StartResult,
  TopicSubscription,
} from '../core/engine-api.types.js';
import type { TypedValue, VariableType } from '../core/typed-value.types.js';
import { compileBpmn } from '../model/index.js';

/** A plain value as a typed one; objects and arrays become Json. */
export function typed(value: unknown): TypedValue {
  const type: VariableType =
    value === null
      ? 'Null'
      : typeof value === 'string'
        ? 'String'
        : typeof value === 'boolean'
          ? 'Boolean'
          : typeof value === 'number'
            ? Number.isInteger(value)
              ? 'Integer'
              : 'Double'
            : 'Json';
  return {
    type,
    value: type === 'Json' ? JSON.stringify(value) : (value as TypedValue['value']),
    valueInfo: {},
  };
}

/** Plain values by name as variables. */
export function variables(values: Record<string, unknown> = {}): Map<string, TypedValue> {
  return new Map(Object.entries(values).map(([name, value]) => [name, typed(value)]));
}

/** The XML of a process `p` with this body; `error` elements `A` and `B` with the codes of their ids. */
export function bpmn(body: string, attributes = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:test">
  <error id="A" errorCode="A" camunda:errorMessage="message of A"/><error id="B" errorCode="B"/>
  <process id="p" name="Process" isExecutable="true" camunda:historyTimeToLive="P1D" ${attributes}>${body}</process>
</definitions>`;
}

/** An external task whose topic is its id. */
export function task(id: string, extension = '', attributes = ''): string {
  return `<serviceTask id="${id}" camunda:type="external" camunda:topic="${id}" ${attributes}>${
    extension === '' ? '' : `<extensionElements>${extension}</extensionElements>`
  }</serviceTask>`;
}

/** `flows('a->b', 'b->c?${x}')`: sequence flows named `a-b`, with a condition after the question mark. */
export function flows(...lines: string[]): string {
  return lines
    .map((line) => {
      const [way = '', condition] = line.split(/\?(.*)/s);
      const [source = '', target = ''] = way.split('->');
      const inner =
        condition === undefined
          ? ''
          : `<conditionExpression xsi:type="tFormalExpression">${condition.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</conditionExpression>`;
      return `<sequenceFlow id="${source}-${target}" sourceRef="${source}" targetRef="${target}">${inner}</sequenceFlow>`;
    })
    .join('');
}

/** An engine whose clock the test sets, with what tests ask of it in one line. */
export class EngineHarness {
  now = Date.UTC(2026, 0, 31, 10);

  private constructor(readonly engine: EmbeddedEngine) {}

  static async open(parts: Partial<EngineParts> = {}): Promise<EngineHarness> {
    const harness: { current?: EngineHarness } = {};
    const engine = await EmbeddedEngine.open({
      compile: (name, content) => compileBpmn({ name, content }),
      clock: () => harness.current?.now ?? 0,
      ...parts,
    });
    harness.current = new EngineHarness(engine);
    return harness.current;
  }

  /** Deploys a process body as `p`; gives the definition's id. */
  async deploy(body: string, attributes = ''): Promise<string> {
    return this.deployXml(bpmn(body, attributes));
  }

  async deployXml(
    xml: string,
    options: Partial<Parameters<EmbeddedEngine['repository']['deploy']>[0]> = {},
  ): Promise<string> {
    const { definitions } = await this.engine.repository.deploy({
      name: 'test',
      source: null,
      tenantId: null,
      enableDuplicateFiltering: false,
      deployChangedOnly: false,
      resources: [{ name: 'p.bpmn', bytes: Buffer.from(xml) }],
      ...options,
    });
    return definitions[0]?.id ?? '';
  }

  start(values: Record<string, unknown> = {}, businessKey: string | null = null): Promise<StartResult> {
    const definition = this.engine.repository.findLatestDefinition('p');
    return this.engine.runtime.startProcessInstance(definition?.id ?? 'nothing deployed', {
      businessKey,
      variables: variables(values),
    });
  }

  fetch(
    topics: string | Partial<TopicSubscription>[],
    options: Partial<FetchInput> = {},
  ): Promise<readonly LockedExternalTask[]> {
    return this.poll(topics, { asyncResponseTimeout: null, ...options }).tasks;
  }

  poll(topics: string | Partial<TopicSubscription>[], options: Partial<FetchInput> = {}) {
    const list = typeof topics === 'string' ? [{ topicName: topics }] : topics;
    return this.engine.externalTasks.fetchAndLock({
      workerId: 'w',
      maxTasks: 10,
      usePriority: true,
      asyncResponseTimeout: 60_000,
      createTime: null,
      topics: list.map((topic) => ({ topicName: '', lockDuration: 10_000, ...topic })),
      ...options,
    });
  }

  /** Fetches the one task of a topic. */
  async take(topicName: string): Promise<LockedExternalTask> {
    const tasks = await this.fetch(topicName);
    const [first] = tasks;
    if (first === undefined || tasks.length > 1)
      throw new Error(`${tasks.length} tasks of topic ${topicName}`);
    return first;
  }

  /** Fetches the one task of a topic and completes it. */
  async complete(
    topicName: string,
    values: Record<string, unknown> = {},
    local: Record<string, unknown> = {},
  ): Promise<void> {
    const { id } = await this.take(topicName);
    await this.engine.externalTasks.complete(id, {
      workerId: 'w',
      variables: variables(values),
      localVariables: variables(local),
    });
  }

  async bpmnError(topicName: string, errorCode: string, errorMessage: string | null = null): Promise<void> {
    const { id } = await this.take(topicName);
    await this.engine.externalTasks.handleBpmnError(id, {
      workerId: 'w',
      errorCode,
      errorMessage,
      variables: new Map(),
    });
  }

  /** Topics of the tasks that exist now, sorted. */
  topics(): string[] {
    return this.engine.externalTasks
      .find({})
      .map(({ topicName }) => topicName)
      .sort();
  }

  state(id: string): string | undefined {
    return this.engine.history.findInstance(id)?.state;
  }

  /** Variables of an instance as history has them, plain. */
  values(id: string): Record<string, unknown> {
    return Object.fromEntries(
      this.engine.history
        .findVariables({ processInstanceId: id })
        .map(({ name, value }) => [name, value.value]),
    );
  }

  /** Ids of the activities of an instance, in the order of history. */
  path(id: string): string[] {
    return this.engine.history.findActivities({ processInstanceId: id }).map(({ activityId }) => activityId);
  }
}
