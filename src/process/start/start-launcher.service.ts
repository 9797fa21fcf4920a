import { Injectable } from '@nestjs/common';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { StartAttemptService, type StartEnd } from './start-attempt.service.js';

/** Starts in flight in this instance, each known by its id, so that others can wait for what the engine says. */
@Injectable()
export class StartLauncherService {
  private readonly inFlight = new Map<string, Promise<StartEnd>>();

  constructor(
    private readonly attempts: StartAttemptService,
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
   * @param variables the client's, where they are at hand
   */
  launch(record: ProcessRecord, variables?: Readonly<Record<string, unknown>>): Promise<StartEnd> {
    const end = this.attempts.attempt(record, variables).finally(() => {
      this.inFlight.delete(record.correlationId);
    });
    this.inFlight.set(record.correlationId, end);
    return end;
  }

  /** The launch of this id that still runs in this instance. */
  running(correlationId: string): Promise<StartEnd> | undefined {
    return this.inFlight.get(correlationId);
  }
}
