import type { OpenRequest } from './open-request.js';

/** The limit that is reached: that of one client, or that of all clients together. */
export type FullShare = 'client' | 'all';

/** A resource with a limit for all clients together and a lower limit for each client. */
export class ClientShare {
  private readonly held = new Map<string, number>();
  private total = 0;

  /**
   * @param max for all clients together
   * @param maxEach for each client
   */
  constructor(
    private readonly max: number,
    private readonly maxEach: number,
  ) {}

  /**
   * Takes an amount until the request ends. The first amount of a client may exceed the client's limit, but not the limit
   * of all clients.
   *
   * @param client who takes it: a principal or a remote address
   * @returns null if the amount was taken, else the limit that is reached
   */
  take(client: string, request: OpenRequest, amount = 1): FullShare | null {
    const before = this.held.get(client) ?? 0;
    if (before > 0 && before + amount > this.maxEach) return 'client';
    if (this.total > 0 && this.total + amount > this.max) return 'all';
    this.held.set(client, before + amount);
    this.total += amount;
    request.onEnd(() => {
      this.release(client, amount);
    });
    return null;
  }

  private release(client: string, amount: number): void {
    this.total -= amount;
    const left = (this.held.get(client) ?? 0) - amount;
    if (left > 0) this.held.set(client, left);
    else this.held.delete(client);
  }
}
