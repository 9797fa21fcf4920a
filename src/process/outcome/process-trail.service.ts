import { Injectable } from '@nestjs/common';
import { EventLogService, type NewEvent } from '../../event-log/index.js';
import type { ProcessHead, WriteOptions } from '../../process-store/index.js';

/** An event of a process; the columns that its row has already are added when it is written. */
export type TrailEvent = Omit<
  NewEvent,
  'correlationId' | 'batchId' | 'traceabilityId' | 'applicationId' | 'processName'
>;

/** Upper bounds of one read. */
const PAGE_SIZE = 500;
const PAGE_BYTES = 1_048_576;

/** Origin of the events that are read from the engine's history. */
export const ENGINE = 'CamundaEngine';

/** Writes the events of a process that are no steps: start, adoption, cancel, expiry, refusals. */
@Injectable()
export class ProcessTrailService {
  constructor(private readonly events: EventLogService) {}

  /** True if the trail has the event of a start or of an adopted instance. */
  async hasStart(correlationId: string): Promise<boolean> {
    const attempts = await this.events.findAttempts(correlationId, 'start');
    return attempts.some(({ status }) => status === 'ok');
  }

  /** The reason that a client gave for its cancel request; null if it gave none. */
  async cancelReason(correlationId: string): Promise<string | null> {
    let after = 0;
    for (;;) {
      const { events, nextAfter } = await this.readPage(correlationId, after);
      const request = events.find(({ stepName, metadata }) => stepName === 'cancel' && isReason(metadata));
      if (isReason(request?.metadata)) return request.metadata.reason;
      if (nextAfter === null) return null;
      after = nextAfter;
    }
  }

  /** The names of the steps that handlers of this service have run. */
  async handledSteps(correlationId: string): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    let after: number | null = 0;
    while (after !== null) {
      const page = await this.readPage(correlationId, after);
      for (const { stepName, originatingSystem, step } of page.events)
        if (step !== 0 && originatingSystem !== ENGINE) names.add(stepName);
      after = page.nextAfter;
    }
    return names;
  }

  /** Writes an event. Deferrable unless `options` say otherwise: it joins the next group of writes. Resolves when it is durable. */
  log(record: ProcessHead, event: TrailEvent, options: WriteOptions = {}): Promise<void> {
    const { correlationId, batchId, traceabilityId, applicationId, processKey } = record;
    return this.events.logEvent(
      {
        correlationId,
        step: 0,
        batchId,
        traceabilityId,
        applicationId,
        targetSystem: 'CamundaEngine',
        originatingSystem: 'FastifyAPI',
        processName: processKey,
        identifiers: { applicationId },
        ...event,
      },
      { deferrable: true, ...options },
    );
  }

  private readPage(correlationId: string, after: number): ReturnType<EventLogService['findPage']> {
    return this.events.findPage(correlationId, { after, limit: PAGE_SIZE, maxBytes: PAGE_BYTES });
  }
}

function isReason(metadata: unknown): metadata is { readonly reason: string } {
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    'reason' in metadata &&
    typeof metadata.reason === 'string'
  );
}
