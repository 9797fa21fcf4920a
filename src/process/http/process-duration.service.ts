import { Injectable } from '@nestjs/common';
import { isOfService, type ProcessRecord } from '../../process-store/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';

/** Upper bound of the remembered process keys, because clients choose keys. */
const REMEMBERED_KEYS = 1_000;

/** Weight of the latest outcome in the running mean. */
const WEIGHT = 0.2;

/** `Retry-After` of a process that runs longer than usual, as a share of its age. */
const SHARE_OF_AGE = 0.1;

const MAX_SECONDS = 60;

/** Relative spread of `Retry-After`, so that clients do not poll at the same time. */
const JITTER = 0.2;

/** Estimates how long processes take, from the outcomes that this instance has seen. */
@Injectable()
export class ProcessDurationService {
  /** Exponentially weighted mean in ms by process key, least recently updated first. */
  private readonly usualMs = new Map<string, number>();

  constructor(waits: OutcomeWaitService) {
    waits.observe((record) => {
      this.observe(record);
    });
  }

  /** The usual duration of a process in ms; null if it is unknown. */
  usualDurationMs(processKey: string): number | null {
    return this.usualMs.get(processKey) ?? null;
  }

  /** Seconds until a client should poll for a pending process again: 1 to 60, with jitter. */
  retryAfterSeconds({ processKey, startedAt }: ProcessRecord): number {
    const ageMs = Math.max(Date.now() - startedAt.getTime(), 0);
    const usualMs = processKey === null ? null : this.usualDurationMs(processKey);
    const leftMs = usualMs !== null && usualMs > ageMs ? usualMs - ageMs : ageMs * SHARE_OF_AGE;
    const jitter = 1 - JITTER + Math.random() * 2 * JITTER;
    const seconds = Math.round(Math.min(leftMs / 1_000, MAX_SECONDS) * jitter);
    return Math.min(Math.max(seconds, 1), MAX_SECONDS);
  }

  /** Counts only a first outcome that the process gave itself. */
  private observe({ processKey, status, version, outcomeOrigin, startedAt, updatedAt }: ProcessRecord): void {
    if (processKey === null || status === 'pending' || version !== 2) return;
    if (isOfService(outcomeOrigin)) return;
    const durationMs = Math.max(updatedAt.getTime() - startedAt.getTime(), 0);
    const before = this.usualMs.get(processKey) ?? durationMs;
    this.usualMs.delete(processKey);
    this.usualMs.set(processKey, before + WEIGHT * (durationMs - before));
    for (const oldest of this.usualMs.keys()) {
      if (this.usualMs.size <= REMEMBERED_KEYS) return;
      this.usualMs.delete(oldest);
    }
  }
}
