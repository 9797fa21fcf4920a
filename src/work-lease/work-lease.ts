import type { WorkHolder, WorkLeaseRepository } from './work-lease.repository.js';

/** A lease is renewed once this share of it is over. */
const RENEW_SHARE = 1 / 4;

/** Another instance has taken the work over, or may have. */
export class WorkLeaseLostError extends Error {
  override readonly name = 'WorkLeaseLostError';

  constructor(work: string) {
    super(`This instance no longer holds the lease of ${work}; another instance does this work.`);
  }
}

/**
 * The lease of one work that one instance does for all.
 *
 * The database decides who holds it, by its own clock. The holder counts its remaining time on its monotonic clock, from
 * the moment before it asked: after a pause, of the process or of the database, it knows that the lease may be over, and
 * asks again. It still may be paused between such a check and a write, so what it writes has to be harmless in itself.
 */
export class WorkLease {
  private holder: WorkHolder | null = null;
  /** On the monotonic clock, in ms. */
  private heldUntil = -Infinity;
  private renewAt = -Infinity;
  private asking: Promise<boolean> | null = null;
  /** On the monotonic clock, in ms: until then the lease is left to other instances. */
  private leftUntil = -Infinity;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly repository: WorkLeaseRepository,
    readonly name: string,
    private readonly owner: string,
    private readonly leaseMs: number,
  ) {}

  /** True while no other instance can hold the lease. */
  get isHeld(): boolean {
    return performance.now() < this.heldUntil;
  }

  /** @param listener called when this instance begins to hold the lease, and again when it was interrupted */
  onGained(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Takes the lease or renews it.
   *
   * @returns true if this instance holds it
   * @throws DatabaseUnavailableError and errors of the write queue; the lease then ends at its time
   */
  acquire(): Promise<boolean> {
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  /** Renews the lease in time; called before each batch of a long work. @throws WorkLeaseLostError */
  async assertHeld(): Promise<void> {
    if (!(await this.acquire())) throw new WorkLeaseLostError(this.name);
  }

  /** Gives the lease up, so that another instance takes the work over at once. */
  async release(): Promise<void> {
    await this.asking?.catch(() => undefined);
    const { holder } = this;
    this.forget();
    if (holder !== null) await this.repository.release(holder);
  }

  /** Gives the lease up and leaves it to other instances for a time, in ms; nothing if there can be no others. */
  async leave(ms: number): Promise<void> {
    if (this.repository.isSoleUser) return;
    this.leftUntil = performance.now() + ms;
    await this.release();
  }

  private async ask(): Promise<boolean> {
    if (this.repository.isSoleUser) {
      if (!this.isHeld) this.hold(Infinity, Infinity);
      return true;
    }
    const now = performance.now();
    if (now < this.leftUntil) return false;
    if (now < this.renewAt) return true;
    const { holder } = this;
    if (holder !== null) {
      const isInTime = this.isHeld;
      if ((await this.repository.renew(holder, this.leaseMs)) !== null) {
        // No other instance took it meanwhile, even if it was over.
        this.heldUntil = now + this.leaseMs;
        this.renewAt = now + this.leaseMs * RENEW_SHARE;
        if (!isInTime) this.tellGained();
        return this.isHeld;
      }
      this.forget();
    }
    // Most instances never hold it: they only read.
    if (await this.repository.isHeldByOther(this.name, this.owner)) return false;
    const fence = await this.repository.take(this.name, this.owner, this.leaseMs);
    if (fence === null) return false;
    this.holder = { name: this.name, owner: this.owner, fence };
    this.hold(now + this.leaseMs, now + this.leaseMs * RENEW_SHARE);
    return this.isHeld;
  }

  private hold(until: number, renewAt: number): void {
    this.heldUntil = until;
    this.renewAt = renewAt;
    this.tellGained();
  }

  private tellGained(): void {
    for (const listener of this.listeners) listener();
  }

  private forget(): void {
    this.holder = null;
    this.heldUntil = -Infinity;
    this.renewAt = -Infinity;
  }
}
