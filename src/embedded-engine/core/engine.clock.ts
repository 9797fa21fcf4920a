/** From this difference on a clock has been set, and does not only run a little faster or slower; milliseconds. */
const JUMP_MS = 1_000;

/**
 * The engine's time, in epoch milliseconds.
 *
 * It is the wall clock's, but while a command is under way it does not jump: a wall clock that was set is taken over
 * between commands, by {@link synchronize}, whose listener moves with it what was meant as a duration.
 */
export class EngineClock {
  /** What the wall clock shows when the monotonic one is at 0. */
  private offset: number;

  /**
   * @param wall epoch milliseconds
   * @param monotonic milliseconds since any moment, never set
   * @param onJump is told by how many milliseconds the wall clock was set, negative for back
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

  /** To be called between commands. */
  readonly synchronize = (): void => {
    const by = this.wall() - this.offset - this.monotonic();
    if (Math.abs(by) < JUMP_MS) return;
    this.offset += by;
    this.onJump(Math.round(by));
  };
}
