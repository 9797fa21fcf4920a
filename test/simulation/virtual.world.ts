/** A pseudo-random generator of 32 bits (mulberry32); the same seed gives the same numbers. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    // Spreads neighbouring seeds.
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** True with the given probability. */
  hits(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

interface Step {
  readonly at: number;
  /** Orders steps of the same time. */
  readonly order: number;
  run: (() => void) | null;
}

/** The start time of every run. */
const BEGIN = Date.UTC(2026, 0, 1);

/** More steps than any run needs; a run that exceeds it never ends, which is a violation. */
const MAX_STEPS = 50_000;

const REAL = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  random: Math.random,
  now: performance.now.bind(performance),
};

/**
 * All pending work in one queue: timers of the services, the disk, the engine, the clients. A step runs at its virtual
 * time, and the next step only when no promise job is left. The order of steps of the same time is random.
 */
export class VirtualWorld {
  readonly chance: Chance;
  /** Collects the events for the report of a failed run; null: nothing is collected. */
  trace: string[] | null = null;
  private readonly steps: Step[] = [];
  private clock = BEGIN;
  private intervals: (() => void)[] = [];

  constructor(seed: number) {
    this.chance = new Chance(seed);
  }

  /** The time in ms. */
  get now(): number {
    return this.clock;
  }

  note(text: string): void {
    this.trace?.push(`${String(this.clock - BEGIN).padStart(6)} ${text}`);
  }

  /**
   * Schedules a step.
   *
   * @param delayMs delay in ms; 0: directly after the current step
   * @returns cancels it
   */
  later(delayMs: number, run: () => void): () => void {
    const step: Step = { at: this.clock + delayMs, order: this.chance.next(), run };
    let place = this.steps.length;
    // The earliest is the last; most steps are due soon.
    while (place > 0 && isBefore(this.steps[place - 1]!, step)) place -= 1;
    this.steps.splice(place, 0, step);
    return () => {
      step.run = null;
    };
  }

  /** Returns the intervals that were set while the action ran; the caller runs them. */
  intervalsOf(action: () => void): readonly (() => void)[] {
    this.intervals = [];
    action();
    return this.intervals;
  }

  /** Runs step by step until nothing is left or `isOver` returns true. */
  async run(isOver: () => boolean = () => false): Promise<void> {
    const release = this.takeGlobals();
    try {
      for (let count = 0; ; count += 1) {
        await promiseJobsDone();
        if (isOver()) return;
        const step = this.steps.pop();
        if (step === undefined) return;
        if (count > MAX_STEPS) throw new Error('The run does not end.');
        if (step.run === null) continue;
        this.clock = Math.max(this.clock, step.at);
        step.run();
      }
    } finally {
      release();
    }
  }

  /** Replaces the global clock, timers and random numbers by those of this world. */
  private takeGlobals(): () => void {
    const now = (): number => this.clock;
    class VirtualDate extends REAL.Date {
      constructor(...given: readonly [] | readonly [string | number | Date]) {
        super(given.length === 0 ? now() : given[0]);
      }

      static override now(): number {
        return now();
      }
    }
    const timer = (delayMs: number, run: () => void): unknown => {
      const cancel = this.later(delayMs, run);
      // An unreferenced timer is the next round of a periodic task; the scenario runs those itself.
      return { cancel, unref: cancel, ref: () => undefined };
    };
    const cancel = (handle: { readonly cancel: () => void } | undefined): void => {
      handle?.cancel();
    };
    const services = new Chance(this.chance.below(2 ** 31));
    Object.assign(globalThis, {
      Date: VirtualDate,
      setTimeout: (run: (...values: unknown[]) => void, delayMs = 0, ...values: unknown[]) =>
        timer(delayMs, () => {
          run(...values);
        }),
      clearTimeout: cancel,
      setInterval: (run: () => void) => {
        this.intervals.push(run);
        return { cancel: () => undefined, unref: () => undefined, ref: () => undefined };
      },
      clearInterval: cancel,
      setImmediate: (run: () => void) => timer(0, run),
    });
    Math.random = () => services.next();
    performance.now = now;
    return () => {
      const { random, now: realNow, ...globals } = REAL;
      Object.assign(globalThis, globals);
      Math.random = random;
      performance.now = realNow;
    };
  }
}

function isBefore(a: Step, b: Step): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves after all ready promise jobs and the jobs that they add. */
function promiseJobsDone(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
