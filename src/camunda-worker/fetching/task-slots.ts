/** What one poll may fetch; it holds its slots until {@link TaskSlots.settle}. */
export interface Admission {
  /** Most tasks. */
  readonly count: number;
  /** Topics that it may request; null: all. */
  readonly topics: ReadonlySet<string> | null;
  /** True if no poll requests some topic now: this poll should be short, so that the topic is requested soon. */
  readonly isPartial: boolean;
}

interface TopicLoad {
  readonly limit: number;
  /** Running tasks, plus the tasks that polls in flight may fetch. */
  held: number;
  /** Polls in flight that request the topic. */
  polls: number;
}

/** How many slots one topic may hold. */
export interface TopicLimits {
  /** Percent of all slots (`CAMUNDA_TOPIC_SHARE`). */
  readonly share: number;
  readonly topics: readonly { readonly topic: string; readonly maxParallel: number | undefined }[];
}

/** With fewer slots a share would leave each topic one slot and gain nothing. */
const SHARED_FROM = 3;

/**
 * The limit of parallel tasks that all polls of this service share: a slot is a running task, or a task that a poll may
 * fetch.
 *
 * One topic holds only its share, so that slow steps of one process leave slots for all others. The engine's poll has
 * no limit per topic, so a poll requests only topics that have free slots for all tasks that it may fetch.
 */
export class TaskSlots {
  private used = 0;
  private waiting: (() => void)[] = [];
  private readonly loads = new Map<string, TopicLoad>();
  private readonly largest: number;
  private isTightTurn = false;

  /** @param capacity tasks that run at the same time (`CAMUNDA_MAX_TASKS`) */
  constructor(
    readonly capacity: number,
    { share, topics }: TopicLimits = { share: 100, topics: [] },
  ) {
    const isShared = topics.length > 1 && capacity >= SHARED_FROM;
    const general = isShared ? Math.max(1, Math.floor((capacity * share) / 100)) : capacity;
    for (const { topic, maxParallel = capacity } of topics) {
      this.loads.set(topic, { limit: Math.min(general, maxParallel), held: 0, polls: 0 });
    }
    const limits = [...this.loads.values()].map(({ limit }) => limit);
    this.largest = limits.length === 0 ? capacity : Math.max(...limits);
  }

  get free(): number {
    return this.capacity - this.used;
  }

  /** Most tasks of a topic that may run at the same time. */
  limitOf(topic: string): number {
    return this.loads.get(topic)?.limit ?? this.capacity;
  }

  /**
   * Takes slots for a poll.
   *
   * @param share share of the largest topic limit that one poll takes at most, in (0, 1]; the rest is for other polls
   * @param signal aborts the wait for a slot
   * @returns null if the wait was aborted
   */
  async take(share: number, signal: AbortSignal): Promise<Admission | null> {
    while (!signal.aborted) {
      const admission = this.admit(share);
      if (admission !== null) return admission;
      await this.freed(signal);
    }
    return null;
  }

  /** Notes that a poll has ended; each fetched task holds its slot until {@link release}. @param brought topics of the fetched tasks */
  settle(admission: Admission, brought: readonly string[]): void {
    for (const [topic, load] of this.loads) {
      if (admission.topics !== null && !admission.topics.has(topic)) continue;
      load.held -= admission.count;
      load.polls -= 1;
    }
    for (const topic of brought) {
      const load = this.loads.get(topic);
      if (load !== undefined) load.held += 1;
    }
    this.returnSlots(admission.count - brought.length);
  }

  /** Notes that a task of a topic has ended. */
  release(topic: string): void {
    const load = this.loads.get(topic);
    if (load !== undefined) load.held -= 1;
    this.returnSlots(1);
  }

  private admit(share: number): Admission | null {
    const want = Math.min(this.free, Math.ceil(this.largest * share));
    if (want === 0) return null;
    let least = want;
    for (const { limit, held } of this.loads.values()) least = Math.min(least, limit - held);
    return least === want ? this.reserve(want, null) : this.admitSome(want);
  }

  /**
   * Alternates between a poll for the topics that have all wanted slots free, and a poll for every topic with a free
   * slot; the latter requests as many tasks as the topic with the fewest free slots may take.
   */
  private admitSome(want: number): Admission | null {
    const open = [...this.loads].filter(([, { limit, held }]) => limit > held);
    if (open.length === 0) return null;
    const roomy = open.filter(([, { limit, held }]) => limit - held >= want);
    this.isTightTurn = !this.isTightTurn;
    if (roomy.length > 0 && (roomy.length === open.length || !this.isTightTurn)) {
      return this.reserve(want, new Set(roomy.map(([topic]) => topic)));
    }
    const least = Math.min(want, ...open.map(([, { limit, held }]) => limit - held));
    return this.reserve(least, new Set(open.map(([topic]) => topic)));
  }

  private reserve(count: number, topics: ReadonlySet<string> | null): Admission {
    this.used += count;
    let isPartial = false;
    for (const [topic, load] of this.loads) {
      if (topics === null || topics.has(topic)) {
        load.held += count;
        load.polls += 1;
      } else if (load.polls === 0) isPartial = true;
    }
    return { count, topics, isPartial };
  }

  private returnSlots(count: number): void {
    this.used -= count;
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  private freed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.waiting.push(done);
    });
  }
}
