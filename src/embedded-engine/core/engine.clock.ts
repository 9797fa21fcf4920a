/** Smallest difference, in milliseconds, that counts as a clock that was set. A smaller one is drift. */
const JUMP_MS = 1_000;

/**
 * The engine's time, in epoch milliseconds.
 *
 * It follows the wall clock but does not jump during a command. {@link synchronize} takes over a wall clock that was
 * set, between commands; its listener moves everything that was meant as a duration.
 */
export class EngineClock {
  /** Wall clock time at which the monotonic clock was 0. */
  private offset: number;

  /**
   * @param wall epoch milliseconds
   * @param monotonic milliseconds since any moment; never set
   * @param onJump receives the milliseconds by which the wall clock was set; negative for back
   */
  constructor(
    private readonly wall: () => number,
    private readonly monotonic: () => number,
    private readonly onJump: (byMs: number) => void,
  ) {
    this.offset = wall() - monotonic();
  }

  readonly now = (): number => {
    const wall = this.wall();
    const expected = this.offset + this.monotonic();
    return Math.abs(wall - expected) < JUMP_MS ? wall : Math.round(expected);
  };

  /** Takes over a wall clock that was set. Call it between commands only. */
  readonly synchronize = (): void => {
    const by = this.wall() - this.offset - this.monotonic();
    if (Math.abs(by) < JUMP_MS) return;
    this.offset += by;
    this.onJump(Math.round(by));
  };
}
