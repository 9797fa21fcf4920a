import { Client, type TaskService, Variables } from 'camunda-external-task-client-js';
import {
  EngineMisconfiguredError,
  type EngineResponse,
  type EngineTransport,
  requireSuccess,
} from '../../camunda-engine/index.js';
import type { FetchedTask, TaskCalls } from '../task/fetched-task.js';
import { readDeliveries, readFetchedTasks } from './fetched-task.reader.js';
import type { PollGate } from './poll.gate.js';
import type { PollWaits } from './poll-waits.js';
import type { Admission } from './task-slots.js';

/** Path of the client's poll; every other call concerns one task. */
const FETCH_PATH = '/external-task/fetchAndLock';
const FETCH = { method: 'POST', path: FETCH_PATH } as const;

/** Milliseconds that an answer may take beyond the requested wait. */
const POLL_MARGIN_MS = 5_000;

/** Timeout of a call about a task, in milliseconds. */
const CALL_TIMEOUT_MS = 10_000;

/** Milliseconds between polls if they do not wait in the engine (`CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS` is 0). */
const SHORT_POLL_INTERVAL_MS = 300;

/** Milliseconds that a poll waits if it omits a topic without free slots: the topic may have free slots soon. */
const PARTIAL_WAIT_MS = 500;

/** The client requires one; its calls go through our transport. */
const UNUSED_BASE_URL = 'http://engine.invalid';

/** Subscription of a topic. */
export interface TopicSubscription {
  readonly topic: string;
  readonly lockDurationMs: number;
  /** Process variables to fetch; all if absent. */
  readonly variables?: readonly string[];
}

export interface ExternalTaskClientOptions {
  readonly workerId: string;
  /** Most tasks per poll, and most running tasks. */
  readonly capacity: number;
  /** Longest time that a poll may wait in the engine, in milliseconds; 0: it does not wait. */
  readonly asyncResponseTimeoutMs: number;
  readonly lockDurationMs: number;
  readonly gate: PollGate;
  /** Decides how long each poll waits. */
  readonly waits: PollWaits;
  readonly subscriptions: readonly TopicSubscription[];
  /** Must not reject; the slot of the task is free when the promise resolves. */
  readonly onTask: (task: FetchedTask, calls: TaskCalls) => Promise<void>;
}

/**
 * A `camunda-external-task-client-js` that sends its requests through our transport.
 *
 * The client polls, passes tasks to the handlers of their topics and builds the engine calls. The gate decides when it
 * polls; every request has a timeout and can be aborted.
 */
export class ExternalTaskClientAdapter {
  private readonly client: Client;
  private readonly abort = new AbortController();
  private readonly topics: ReadonlySet<string>;
  private readonly lockDurations: ReadonlyMap<string, number>;
  private poll: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly transport: EngineTransport,
    private readonly options: ExternalTaskClientOptions,
  ) {
    const { workerId, capacity, asyncResponseTimeoutMs, lockDurationMs } = options;
    this.topics = new Set(options.subscriptions.map(({ topic }) => topic));
    this.lockDurations = new Map(options.subscriptions.map((each) => [each.topic, each.lockDurationMs]));
    this.client = new Client({
      baseUrl: UNUSED_BASE_URL,
      workerId,
      maxTasks: capacity,
      // Never reached, because the gate delays the poll first: at its own limit the client would busy-wait.
      maxParallelExecutions: capacity + 1,
      interval: asyncResponseTimeoutMs > 0 ? 0 : SHORT_POLL_INTERVAL_MS,
      lockDuration: lockDurationMs,
      autoPoll: false,
      usePriority: true,
      sorting: [{ sortBy: 'createTime', sortOrder: 'asc' }],
      ...(asyncResponseTimeoutMs > 0 ? { asyncResponseTimeout: asyncResponseTimeoutMs } : {}),
    });
    this.client.engineService.request = (method, path, request) => this.request(method, path, request?.json);
    for (const { topic, lockDurationMs: lockDuration, variables } of options.subscriptions) {
      this.client.subscribe(
        topic,
        { lockDuration, ...(variables === undefined ? {} : { variables }) },
        ({ task, taskService }) => this.deliver(task.fetched as FetchedTask, taskService),
      );
    }
  }

  get workerId(): string {
    return this.options.workerId;
  }

  /** Starts polling. Call it once: a second call would start a second loop. */
  start(): void {
    this.client.start();
  }

  /** Sends no further poll; the waiting one continues. */
  stop(): void {
    this.client.stop();
    this.options.gate.close();
  }

  /** Aborts the waiting poll. */
  abortPoll(): void {
    this.abort.abort();
  }

  /** Resolves when the last poll has ended; call it after {@link stop}. */
  async whenPollEnded(): Promise<void> {
    await this.poll.catch(() => undefined);
  }

  private async deliver(task: FetchedTask, service: TaskService): Promise<void> {
    try {
      await this.options.onTask(task, toTaskCalls(this.options.workerId, service));
    } finally {
      this.options.gate.released(task.topicName);
    }
  }

  private request(method: string, path: string, json: unknown): Promise<unknown> {
    if (path !== FETCH_PATH) return this.call(method, path, json);
    const poll = this.fetch(json as Readonly<Record<string, unknown>>);
    this.poll = poll;
    return poll;
  }

  private async call(method: string, path: string, json: unknown): Promise<void> {
    const call = { method: method === 'GET' ? ('GET' as const) : ('POST' as const), path };
    requireSuccess(call, await this.transport.send({ json, timeoutMs: CALL_TIMEOUT_MS, ...call }));
  }

  private async fetch(json: Readonly<Record<string, unknown>>): Promise<unknown[]> {
    const { gate, waits } = this.options;
    const admission = await gate.admit();
    if (admission === null) return [];
    const { topics, isPartial } = admission;
    const poll = waits.begin(topics ?? this.topics, isPartial ? PARTIAL_WAIT_MS : Infinity);
    try {
      const response = await this.send(this.limited(json, admission, poll.waitMs));
      const tasks = this.read(response);
      waits.answered(poll, tasks.length, () => readDeliveries(response.body, this.lockDurations));
      gate.answered(
        admission,
        tasks.map(({ topicName }) => topicName),
        performance.now() - poll.sentAt,
      );
      return tasks.map(toClientTask);
    } catch (error) {
      waits.failed(poll);
      gate.failed(admission, error);
      throw error;
    }
  }

  /** The client's poll, limited to what the gate admits. */
  private limited(
    json: Readonly<Record<string, unknown>>,
    { count, topics }: Admission,
    waitMs: number,
  ): Readonly<Record<string, unknown>> {
    const limited = { ...json, maxTasks: count, ...(waitMs > 0 ? { asyncResponseTimeout: waitMs } : {}) };
    if (topics === null) return limited;
    const asked = (json.topics as readonly { readonly topicName: string }[]).filter(({ topicName }) =>
      topics.has(topicName),
    );
    return { ...limited, topics: asked };
  }

  private async send(json: unknown): Promise<EngineResponse> {
    const timeoutMs = this.options.asyncResponseTimeoutMs + POLL_MARGIN_MS;
    const response = await this.transport.send({ json, timeoutMs, signal: this.abort.signal, ...FETCH });
    requireSuccess(FETCH, response);
    return response;
  }

  private read({ body, status }: EngineResponse): FetchedTask[] {
    try {
      const tasks = readFetchedTasks(body);
      const unknown = tasks.find(({ topicName }) => !this.topics.has(topicName));
      if (unknown === undefined) return tasks;
      throw new TypeError(`The topic "${unknown.topicName}" was not requested.`);
    } catch (cause) {
      const reason = "answered with tasks that are not the engine's";
      throw new EngineMisconfiguredError(FETCH, reason, status, { cause });
    }
  }
}

/** The members that the client needs to call the handler of a task; the handler uses `fetched`. */
interface ClientTask {
  readonly id: string;
  readonly topicName: string;
  /** Empty, because the client would copy them. */
  readonly variables: Readonly<Record<string, never>>;
  readonly fetched: FetchedTask;
}

function toClientTask(fetched: FetchedTask): ClientTask {
  return { id: fetched.id, topicName: fetched.topicName, variables: {}, fetched };
}

function toTaskCalls(workerId: string, service: TaskService): TaskCalls {
  return {
    workerId,
    complete: (taskId, variables) => service.complete(taskId, new Variables().setAllTyped(variables)),
    bpmnError: (taskId, { errorCode, errorMessage, variables }) =>
      service.handleBpmnError(taskId, errorCode, errorMessage, new Variables().setAllTyped(variables)),
    failure: (taskId, report) => service.handleFailure(taskId, report),
    extendLock: (taskId, durationMs) => service.extendLock(taskId, durationMs),
    unlock: (taskId) => service.unlock(taskId),
  };
}
