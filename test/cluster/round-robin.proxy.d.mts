/** A load balancer in front of instances of the service. */
export interface RoundRobin {
  readonly baseUrl: string;
  /** The names of the instances that get requests. */
  readonly ready: readonly string[];
  /** Requests by what became of them: passed on, refused by an instance, broken, without a ready instance. */
  readonly counts: { forwarded: number; refused: number; broken: number; unavailable: number };
  close(): Promise<void>;
}

/**
 * Starts a load balancer on a free loopback port: round robin over the instances whose readiness probe is 200.
 *
 * @param instances names, and base URLs that may be unused at times
 * @param options `path` of the readiness probe, and the time between two checks in ms
 */
export function startRoundRobin(
  instances: readonly { name: string; url: string }[],
  options?: { path?: string; checkEveryMs?: number },
): Promise<RoundRobin>;
