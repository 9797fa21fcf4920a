import type { OpenRequest } from './open-request.js';

/** Whose bound stands in the way: that of one client, or that of all together. */
export type FullShare = 'client' | 'all';

/** Something of which there is a limited amount for all clients, and of that a limited part for each. */
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
   * Takes an amount until the request ends. A client that has nothing may always take what fits into the whole, be it
   * more than its part.
   *
   * @param client its remote address
   * @returns null where it is taken, else whose bound is reached
   */
  take(client: string, request: OpenRequest, amount = 1): FullShare | null {
    const before = this.held.get(client) ?? 0;
    if (before > 0 && before + amount > this.maxEach) return 'client';
    if (this.total > 0 && this.total + amount > this.max) return 'all';
    this.held.set(client, before + amount);
    this.total += amount;
    request.onEnd(() => {
      this.giveBack(client, amount);
    });
    return null;
  }

  private giveBack(client: string, amount: number): void {
    this.total -= amount;
    const left = (this.held.get(client) ?? 0) - amount;
    if (left > 0) this.held.set(client, left);
    else this.held.delete(client);
  }
}
