import { Inject, Injectable } from '@nestjs/common';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { StartAttemptService, type LaunchResult } from './start-attempt.service.js';

/** Variables up to this length, in characters of their JSON, are sent at once, however much is in flight. */
const SMALL = 4_096;

/** The variables of a start, and what they take. */
export interface LaunchedVariables {
  readonly values: Readonly<Record<string, unknown>>;
  /** Characters of their JSON. */
  readonly length: number;
}

/** Starts in flight in this instance, each known by its id, so that others can wait for what the engine says. */
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
   * Starts a claimed process; never rejects. The caller has registered its waiter before, because a fast process
   * ends before the engine's answer arrives.
   *
   * Where the variables of the starts in flight take more than `START_IN_FLIGHT_MAX_BYTES`, as with an engine that does
   * not answer, the start is not sent but left to the reconciler, which reads the variables again.
   *
   * @param variables the client's
   */
  launch(record: ProcessRecord, { values, length }: LaunchedVariables): Promise<LaunchResult> {
    const isRoom = length <= SMALL || this.bytesInFlight + length <= this.config.startInFlightMaxBytes;
    const bytes = isRoom ? length : 0;
    this.bytesInFlight += bytes;
    const end = (isRoom ? this.attempts.attempt(record, values) : this.attempts.leave(record)).finally(() => {
      this.bytesInFlight -= bytes;
      this.inFlight.delete(record.correlationId);
    });
    this.inFlight.set(record.correlationId, end);
    return end;
  }

  /** The launch of this id that still runs in this instance. */
  running(correlationId: string): Promise<LaunchResult> | undefined {
    return this.inFlight.get(correlationId);
  }
}
