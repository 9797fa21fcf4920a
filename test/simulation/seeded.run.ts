import { VirtualWorld } from './virtual.world.js';

/**
 * One run of a simulation in which a seed decides what happens and in which order, so that a run can be repeated
 * identically.
 */
export abstract class SeededRun {
  /** What went against an invariant. */
  readonly violations: string[] = [];
  protected readonly world: VirtualWorld;

  constructor(readonly seed: number) {
    this.world = new VirtualWorld(seed);
  }

  /** Runs until nothing is left to do, and checks the final state. */
  async run(): Promise<readonly string[]> {
    this.world.later(0, () => {
      this.begin();
    });
    try {
      await this.world.run(() => this.isOver());
    } catch (error) {
      this.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    this.judge();
    return this.violations;
  }

  /** Records the events for {@link report}. */
  traced(): this {
    this.world.trace = [];
    return this;
  }

  /** The recorded events, one per line, each with its virtual time in ms. */
  report(): string {
    return [`seed ${this.seed}:`, ...this.violations, '', ...(this.world.trace ?? [])].join('\n');
  }

  /** True if the run ends although events are outstanding. */
  protected isOver(): boolean {
    return false;
  }

  protected violate(text: string): void {
    this.world.note(`VIOLATION ${text}`);
    this.violations.push(text);
  }

  /** Plans the events of the run. */
  protected abstract begin(): void;

  /** Checks the final state. */
  protected abstract judge(): void;
}

/**
 * Runs seeds in order until one violates an invariant.
 *
 * @param create makes the run of a seed
 * @returns the report of that run; null if there is no violation
 */
export async function findViolation(
  create: (seed: number) => SeededRun,
  firstSeed: number,
  runs: number,
): Promise<string | null> {
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const violations = await create(seed).run();
    if (violations.length === 0) continue;
    const again = create(seed).traced();
    await again.run();
    return again.report();
  }
  return null;
}
