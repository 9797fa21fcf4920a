import type { EngineTransport } from '../../camunda-engine/index.js';
import { type CamundaConfig, DEFAULT_POOL } from '../../config/index.js';
import type { FetchedTask, TaskCalls } from '../task/fetched-task.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';
import type { TopicPool } from '../topics/topic.pools.js';
import { OUTCOME_VARIABLE } from '../outcome/stored-outcome.js';
import { ExternalTaskClientAdapter, type TopicSubscription } from './external-task-client.adapter.js';
import { PollGate, type PollObserver } from './poll.gate.js';
import type { PollWaits } from './poll-waits.js';
import { TaskSlots } from './task-slots.js';

/** Clients that share topics and task slots: while one prepares its next poll, the other's poll waits in the engine. */
const DEFAULT_CLIENTS = 2;

/**
 * Clients of another pool: its next poll fetches at once what came since the last one, so one is only a little later, and
 * each waiting poll costs the engine a query for every new task.
 */
const POOL_CLIENTS = 1;

/** Variables that the runtime fetches besides those that a topic names. */
const OWN_VARIABLES = [
  'correlationId',
  'traceability_id',
  'batch_id',
  'application_id',
  'identifiers',
  OUTCOME_VARIABLE,
] as const;

/** What all pools share. */
export interface WorkerPoolContext {
  readonly transport: EngineTransport;
  readonly config: Pick<
    CamundaConfig,
    'maxTasks' | 'topicShare' | 'lockDurationMs' | 'asyncResponseTimeoutMs'
  >;
  readonly waits: PollWaits;
  readonly observer: PollObserver;
  /** Returns another worker id at each call. */
  readonly nextWorkerId: () => string;
  /** Must not reject; the slot of the task is free when the promise resolves. */
  readonly onTask: (task: FetchedTask, calls: TaskCalls) => Promise<void>;
}

/** Fetches the tasks of one pool with its own polls and its own limit of parallel tasks. */
export class WorkerPool {
  readonly name: string;
  readonly topics: readonly string[];
  readonly slots: TaskSlots;
  readonly clients: readonly ExternalTaskClientAdapter[];
  private readonly gates: readonly PollGate[];

  /** @param topics of the pool, with their handlers */
  constructor(pool: TopicPool, topics: readonly RegisteredTopic[], context: WorkerPoolContext) {
    const { transport, config, waits, observer, nextWorkerId, onTask } = context;
    this.name = pool.name;
    this.topics = pool.topics;
    this.slots = new TaskSlots(pool.maxTasks ?? config.maxTasks, {
      share: config.topicShare,
      topics: topics.map(({ topic, declaration }) => ({ topic, maxParallel: declaration.maxParallel })),
    });
    const count = pool.name === DEFAULT_POOL ? DEFAULT_CLIENTS : POOL_CLIENTS;
    this.gates = Array.from({ length: count }, () => new PollGate(this.slots, 1 / count, observer));
    this.clients = this.gates.map(
      (gate) =>
        new ExternalTaskClientAdapter(transport, {
          ...{ workerId: nextWorkerId(), gate, waits, onTask },
          capacity: this.slots.capacity,
          asyncResponseTimeoutMs: config.asyncResponseTimeoutMs,
          lockDurationMs: config.lockDurationMs,
          subscriptions: topics.map((topic) => toSubscription(topic, config.lockDurationMs)),
        }),
    );
  }

  start(): void {
    for (const client of this.clients) client.start();
  }

  setPaused(isPaused: boolean): void {
    for (const gate of this.gates) {
      if (isPaused) gate.pause();
      else gate.resume();
    }
  }
}

function toSubscription({ topic, declaration }: RegisteredTopic, defaultLockMs: number): TopicSubscription {
  const { lockDurationMs = defaultLockMs, variables } = declaration;
  return {
    topic,
    lockDurationMs,
    ...(variables === undefined ? {} : { variables: [...new Set([...variables, ...OWN_VARIABLES])] }),
  };
}
