/** Maximum number of event loop turns that a group waits; a turn under load takes about a millisecond. */
const MAX_TURNS = 4;

/**
 * Groups commits into one write, with which all of them settle. A commit that is alone in its turn of the event loop is
 * written at the end of the turn. A group of several waits for more as long as each turn adds some, because a write
 * waits for the disk and blocks everything else meanwhile. After a failed write nothing is written any more, because
 * later commits depend on what was lost.
 */
export class GroupCommitter {
  private group: PromiseWithSettlers | null = null;
  private scheduled: NodeJS.Immediate | null = null;
  private commits = 0;
  private commitsBefore = 1;
  private turns = 0;
  private failure: Error | null = null;

  /** @param write writes all changes in one transaction; synchronous */
  constructor(private readonly write: () => void) {}

  /**
   * @param change records the changes; an error in it fails this and all later commits
   * @throws the error of the write
   */
  async commit(change: () => void): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const group = (this.group ??= withSettlers());
    this.commits += 1;
    this.scheduled ??= this.schedule();
    try {
      change();
    } catch (error) {
      this.fail(error);
    }
    await group.promise;
  }

  /** Settles when all earlier commits are written. @throws the error of a write */
  async settled(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    await this.group?.promise;
  }

  private schedule(): NodeJS.Immediate {
    return setImmediate(() => {
      this.turns += 1;
      if (this.commits === this.commitsBefore || this.turns >= MAX_TURNS) {
        this.flush();
        return;
      }
      this.commitsBefore = this.commits;
      this.scheduled = this.schedule();
    });
  }

  /** Writes the pending commits now. */
  flush(): void {
    if (this.scheduled !== null) clearImmediate(this.scheduled);
    this.scheduled = null;
    this.commits = 0;
    this.commitsBefore = 1;
    this.turns = 0;
    const group = this.group;
    if (group === null) return;
    try {
      this.write();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.group = null;
    group.resolve();
  }

  private fail(error: unknown): void {
    this.failure = error instanceof Error ? error : new Error(String(error));
    const group = this.group;
    this.group = null;
    if (this.scheduled !== null) clearImmediate(this.scheduled);
    this.scheduled = null;
    group?.reject(this.failure);
  }
}

interface PromiseWithSettlers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function withSettlers(): PromiseWithSettlers {
  const settlers: { resolve: () => void; reject: (error: Error) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  const promise = new Promise<void>((resolve, reject) => {
    settlers.resolve = resolve;
    settlers.reject = reject;
  });
  return { promise, resolve: settlers.resolve, reject: settlers.reject };
}
