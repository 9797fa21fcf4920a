/** A pseudo-random generator of 32 bits (mulberry32); the same seed gives the same numbers. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    // Spread, so that neighbouring seeds have nothing in common.
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

  /** True as often as the share says. */
  hits(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

interface Step {
  readonly at: number;
  /** Decides between steps of the same time. */
  readonly order: number;
  run: (() => void) | null;
}

/** When every run begins. */
const BEGIN = Date.UTC(2026, 0, 1);

/** More steps than any run needs: one that never comes to rest is a fault of its own. */
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
 * Everything that waits, in one queue: timers of the services, the disk, the engine, the clients. A step runs when its
 * virtual time has come, and the next one only when no promise job is left; the order of equal times is by chance.
 */
export class VirtualWorld {
  readonly chance: Chance;
  /** Told what happens, for the report of a run that failed; null: nobody wants to know. */
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
   * Lets a step run later.
   *
   * @param delayMs from now on; 0: behind what is running
   * @returns takes it back
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

  /** What was asked to be done in intervals while the action ran; nothing of it happens by itself. */
  intervalsOf(action: () => void): readonly (() => void)[] {
    this.intervals = [];
    action();
    return this.intervals;
  }

  /** Runs step by step until nothing is left, or `isOver` says so. */
  async run(isOver: () => boolean = () => false): Promise<void> {
    const release = this.takeGlobals();
    try {
      for (let count = 0; ; count += 1) {
        await promiseJobsDone();
        if (isOver()) return;
        const step = this.steps.pop();
        if (step === undefined) return;
        if (count > MAX_STEPS) throw new Error('The run does not come to rest.');
        if (step.run === null) continue;
        this.clock = Math.max(this.clock, step.at);
        step.run();
      }
    } finally {
      release();
    }
  }

  /** Gives the services this world's clock, timers and chance. */
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
      // What need not keep a process alive is a round of a periodic task; the scenario makes those itself.
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

/** Settles behind every promise job that is ready, and those that they bring. */
function promiseJobsDone(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
