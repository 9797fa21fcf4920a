/**
 * Long polls with random arrivals, disconnects, timeouts, reports of workers, and slow or rejected commits.
 *
 * `PROPERTY_RUNS=5000` makes a long run; fast-check prints the seed and the path of a failure.
 */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { LockedExternalTask, PendingFetch } from './fetch-and-lock.types.js';
import { EngineHarness } from '../testing/engine.harness.js';
import { bpmn, sequence } from '../testing/process.builder.js';
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../testing/property.runs.js';
import { RecordingStore } from '../testing/recording.store.js';
import { MAX_PARKED_POLLS } from './poll.registry.js';

const LOCK_MS = 1_000;

const topics = fc.subarray(['A', 'B', 'C'], { minLength: 1 });
const which = fc.nat(1_000);

/** Numbers choose among what there is when the step is taken. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('start' as const), key: fc.constantFrom('p', 'q') }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('poll' as const),
        topics,
        maxTasks: fc.integer({ min: 1, max: 3 }),
        usePriority: fc.boolean(),
        waits: fc.constantFrom(null, 300, 2_500, 60_000),
        sharesProcess: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('complete' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unlock' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('extend' as const), which }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('fail' as const),
        which,
        retries: fc.nat(2),
        retryTimeout: fc.constantFrom(0, 200, 3_000),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.constantFrom(1, 200, 999, 1_000, 5_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('slow' as const), slow: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.constantFrom(1, 1_000) }),
    },
  ),
  { minLength: 5, maxLength: 60 },
);

type Step = (typeof steps extends fc.Arbitrary<infer T> ? T : never) extends readonly (infer S)[] ? S : never;

/** A poll as its client sees it; each worker polls once. */
interface Client {
  readonly workerId: string;
  readonly topics: readonly string[];
  readonly pending: PendingFetch;
  /** Number of commits before it. */
  readonly behind: number;
  answer: readonly LockedExternalTask[] | 'refused' | null;
  cancelled: boolean;
  /** Whether it has been answered or tasks are locked for it. */
  served: boolean;
}

/** A task as its worker knows it. */
interface Held {
  readonly id: string;
  readonly workerId: string;
  /** Epoch milliseconds. */
  readonly from: number;
  /** Epoch milliseconds until which the task is locked. */
  until: number;
}

class World {
  private readonly clients: Client[] = [];
  private readonly commands: Promise<unknown>[] = [];
  /** Milliseconds that the clock is ahead of the timers. */
  private lag = 0;
  private readonly violations: string[] = [];
  private readonly held = new Map<string, Held>();

  private constructor(
    private readonly h: EngineHarness,
    private readonly store: RecordingStore,
  ) {}

  static async open(): Promise<World> {
    const store = new RecordingStore();
    const h = await EngineHarness.open({ store, clock: Date.now });
    await h.deploy(bpmn(sequence('p', 'A', 'B'), sequence('q', 'C')));
    return new World(h, store);
  }

  async take(step: Step): Promise<void> {
    const before = this.parked();
    const served = new Set(this.clients.filter((client) => client.served));
    await this.perform(step);
    await settled();
    for (const client of this.clients) client.served ||= this.isServed(client);
    this.check();
    this.checkOrder(
      before,
      this.clients.filter((client) => client.served && !served.has(client)),
    );
  }

  /** Ends all polls and commands; every promise is then settled. */
  async finish(refusal?: Error): Promise<void> {
    this.store.slow = false;
    while (this.store.unsettled > 0) this.store.settle(refusal);
    await settled();
    if (refusal === undefined) {
      this.check();
      // The remaining polls end with their timeouts.
      await jest.advanceTimersByTimeAsync(60_000);
      await settled();
      for (const { cancelled, answer } of this.clients) if (cancelled) expect(answer).toEqual([]);
    }
    await this.h.engine.close();
    await settled();
    expect(this.clients.filter(({ answer }) => answer === null)).toEqual([]);
    await Promise.allSettled(this.commands);
    expect(jest.getTimerCount()).toBe(0);
  }

  private async perform(step: Step): Promise<void> {
    const { externalTasks } = this.h.engine;
    switch (step.kind) {
      case 'start':
        this.command(this.h.start(step.key));
        return;
      case 'poll':
        this.arrive(step);
        return;
      case 'cancel':
        this.cancel(pick(this.clients, step.which));
        return;
      case 'complete':
        this.report(step.which, (task) => {
          this.held.delete(task.id);
          return externalTasks.complete(task.id, {
            workerId: task.workerId,
            variables: new Map(),
            localVariables: new Map(),
          });
        });
        return;
      case 'unlock':
        this.report(step.which, (task) => {
          this.held.delete(task.id);
          return externalTasks.unlock(task.id);
        });
        return;
      case 'extend':
        this.report(step.which, (task) => {
          task.until = Date.now() + LOCK_MS;
          return externalTasks.extendLock(task.id, task.workerId, LOCK_MS);
        });
        return;
      case 'fail':
        this.report(step.which, (task) => {
          task.until = Date.now() + step.retryTimeout;
          return externalTasks.handleFailure(task.id, {
            workerId: task.workerId,
            errorMessage: 'boom',
            errorDetails: null,
            retries: step.retries,
            retryTimeout: step.retryTimeout,
            variables: new Map(),
            localVariables: new Map(),
          });
        });
        return;
      case 'wait':
        await jest.advanceTimersByTimeAsync(step.ms + this.lag);
        this.lag = 0;
        return;
      case 'jump':
        jest.setSystemTime(Date.now() + step.ms);
        this.lag += step.ms;
        this.arrive({
          topics: ['none'],
          maxTasks: 1,
          usePriority: false,
          waits: null,
          sharesProcess: false,
        });
        return;
      case 'slow':
        this.store.slow = step.slow;
        // A store keeps the order of its commits.
        if (!step.slow) while (this.store.unsettled > 0) this.store.settle();
        return;
      case 'settle':
        if (this.store.unsettled > 0) this.store.settle();
    }
  }

  private command(promise: Promise<unknown>): void {
    this.commands.push(promise);
    promise.catch(() => undefined);
  }

  private arrive(step: {
    readonly topics: readonly string[];
    maxTasks: number;
    usePriority: boolean;
    waits: number | null;
    sharesProcess: boolean;
  }) {
    const behind = this.store.commits.length;
    const workerId = `w${this.clients.length}`;
    const pending = this.h.poll(
      step.topics.map((topicName) => ({ topicName, lockDuration: LOCK_MS })),
      {
        workerId,
        maxTasks: step.maxTasks,
        usePriority: step.usePriority,
        asyncResponseTimeout: step.waits,
        sharesProcess: step.sharesProcess,
      },
    );
    const client: Client = {
      workerId,
      topics: step.topics,
      pending,
      behind,
      answer: null,
      cancelled: false,
      served: false,
    };
    this.clients.push(client);
    pending.tasks.then(
      (tasks) => {
        this.answer(client, tasks);
      },
      () => {
        client.answer = 'refused';
      },
    );
  }

  /** A task goes to one worker at a time. */
  private answer(client: Client, tasks: readonly LockedExternalTask[]): void {
    client.answer = tasks;
    const durable = this.store.commits.length - this.store.unsettled;
    if (tasks.length > 0 && durable < client.behind)
      this.violations.push(`${client.workerId} got tasks before what was committed earlier was durable`);
    for (const { id, workerId, lockExpirationTime } of tasks) {
      const until = lockExpirationTime ?? 0;
      const mine = { id, workerId: workerId ?? '', from: until - LOCK_MS, until };
      const other = this.held.get(id);
      if (client.cancelled) this.violations.push(`${client.workerId} has gone and got ${id}`);
      // The answer of a slow commit can arrive after its lock has expired and another worker has the task.
      const [earlier, later] = other !== undefined && other.from > mine.from ? [mine, other] : [other, mine];
      if (earlier !== undefined && earlier.until > later.from)
        this.violations.push(`${client.workerId} got ${id} of ${other?.workerId ?? ''}`);
      this.held.set(id, later);
    }
  }

  private cancel(client: Client | undefined): void {
    if (client === undefined) return;
    if (client.answer === null) client.cancelled = true;
    client.pending.cancel();
  }

  /** Reports a task of a worker whose lock has not expired. */
  private report(number: number, report: (task: Held) => Promise<void>): void {
    const live = [...this.held.values()].filter(({ until }) => until > Date.now());
    const task = pick(live, number);
    if (task !== undefined) this.command(report(task));
  }

  /** Whether it has its answer, or a commit contains a lock for it. */
  private isServed({ workerId, answer }: Client): boolean {
    return (
      answer !== null ||
      [...this.store.commits, ...this.store.deferrableCommits].some(({ tasks }) =>
        [...tasks.values()].some((task) => task?.workerId === workerId),
      )
    );
  }

  private parked(): readonly Client[] {
    return this.clients.filter(({ served, cancelled }) => !served && !cancelled);
  }

  private check(): void {
    expect(this.violations).toEqual([]);
    const { externalTasks } = this.h.engine;
    // A cancelled poll, or one that timed out, has no tasks.
    const empty = this.clients.filter(({ cancelled, answer }) => cancelled || answer?.length === 0);
    for (const { workerId } of empty) expect(externalTasks.count({ workerId })).toBe(0);
    // No poll waits for a task that can be fetched.
    const free = new Set(
      externalTasks.find({ notLocked: true, withRetriesLeft: true }).map(({ topicName }) => topicName),
    );
    for (const client of this.parked()) expect(client.topics.filter((topic) => free.has(topic))).toEqual([]);
  }

  /** No later poll received a task for which an earlier one still waits. */
  private checkOrder(before: readonly Client[], served: readonly Client[]): void {
    const still = before.filter((client) => this.parked().includes(client));
    for (const { workerId } of served) {
      const got = this.h.engine.externalTasks.find({ workerId }).map(({ topicName }) => topicName);
      const number = this.clients.findIndex((client) => client.workerId === workerId);
      for (const client of still) {
        if (this.clients.indexOf(client) > number) continue;
        expect(client.topics.filter((topic) => got.includes(topic))).toEqual([]);
      }
    }
  }
}

function pick<T>(from: readonly T[], number: number): T | undefined {
  return from.length === 0 ? undefined : from[number % from.length];
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('long polls', () => {
  it(
    'share the tasks out in order, one worker at a time, and keep nothing for who has gone',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.boolean(), async (all, isRefused) => {
          const world = await World.open();
          for (const step of all) await world.take(step);
          await world.finish(isRefused ? new Error('disk full') : undefined);
        }),
        { numRuns: propertyRuns(300) },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it(
    'park 200 at the most, whatever comes and goes',
    async () => {
      const arrivals = fc.array(
        fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: which }),
        {
          minLength: 200,
          maxLength: 500,
        },
      );
      await fc.assert(
        fc.asyncProperty(arrivals, async (all) => {
          const h = await EngineHarness.open({ clock: Date.now });
          const parked = new Set<PendingFetch>();
          for (const leaving of all) {
            if (leaving === null) {
              const poll = h.poll('none');
              const fate = await Promise.race([
                poll.tasks.catch((error: unknown) => error),
                settled().then(() => 'parked'),
              ]);
              if (parked.size < MAX_PARKED_POLLS) expect(fate).toBe('parked');
              else expect(fate).toMatchObject({ kind: 'TooManyRequests' });
              if (fate === 'parked') parked.add(poll);
            } else {
              const poll = pick([...parked], leaving);
              if (poll === undefined) continue;
              poll.cancel();
              parked.delete(poll);
              expect(await poll.tasks).toEqual([]);
            }
          }
          const answers = Promise.allSettled([...parked].map(({ tasks }) => tasks));
          await h.engine.close();
          expect((await answers).every(({ status }) => status === 'rejected')).toBe(true);
          expect(jest.getTimerCount()).toBe(0);
        }),
        { numRuns: propertyRuns(20) },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
