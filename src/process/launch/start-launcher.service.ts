import { Inject, Injectable } from '@nestjs/common';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { StartAttemptService, type LaunchResult } from './start-attempt.service.js';

/** Variables up to this length, in characters of their JSON, are always sent at once. */
const SMALL = 4_096;

/** The variables of a start, and their size. */
export interface LaunchedVariables {
  readonly values: Readonly<Record<string, unknown>>;
  /** Characters of their JSON. */
  readonly length: number;
}

/** Keeps the starts in flight of this instance by correlation id, so that others can await the engine's answer. */
@Injectable()
export class StartLauncherService {
  private readonly inFlight = new Map<string, Promise<LaunchResult>>();
  private bytesInFlight = 0;

  constructor(
    private readonly attempts: StartAttemptService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    shutdown: ShutdownService,
  ) {
    shutdown.register('drain', 'starts in flight', async () => {
      await Promise.allSettled(this.inFlight.values());
    });
  }

  /**
   * Starts a claimed process; never rejects. The caller registers its waiter first, because a fast process ends before
   * the engine's answer arrives.
   *
   * If the variables of the starts in flight exceed `START_IN_FLIGHT_MAX_BYTES`, for example because the engine does not
   * answer, the start is not sent. The reconciler sends it later and reads the variables again.
   *
   * @param variables the client's
   * @param leasedAt a time of `performance.now()` at which the lease of the claim had not begun yet
   */
  launch(
    record: ProcessRecord,
    { values, length }: LaunchedVariables,
    leasedAt: number,
  ): Promise<LaunchResult> {
    const fits = length <= SMALL || this.bytesInFlight + length <= this.config.startInFlightMaxBytes;
    const bytes = fits ? length : 0;
    this.bytesInFlight += bytes;
    const result = (
      fits ? this.attempts.attempt(record, values, leasedAt) : this.attempts.defer(record)
    ).finally(() => {
      this.bytesInFlight -= bytes;
      // After a refusal the id is free, and a newer launch of it may be in flight.
      if (this.inFlight.get(record.correlationId) === result) this.inFlight.delete(record.correlationId);
    });
    this.inFlight.set(record.correlationId, result);
    return result;
  }

  /** The launch of this id that is in flight in this instance; undefined if there is none. */
  running(correlationId: string): Promise<LaunchResult> | undefined {
    return this.inFlight.get(correlationId);
  }
}
