import { Injectable } from '@nestjs/common';
import { EventLogService, type NewEvent } from '../../event-log/index.js';
import type { ProcessHead, WriteOptions } from '../../process-store/index.js';

/** What happened to a process, without what its row tells already. */
export type TrailEvent = Omit<
  NewEvent,
  'correlationId' | 'batchId' | 'traceabilityId' | 'applicationId' | 'processName'
>;

/** Events that are read at once. */
const PAGE_SIZE = 500;
const PAGE_BYTES = 1_048_576;

/** Writes to the trail what happens to a process outside its steps: start, adoption, cancel, expiry, refusals. */
@Injectable()
export class ProcessTrailService {
  constructor(private readonly events: EventLogService) {}

  /** True where the trail tells of a start or of an adopted instance. */
  async hasStart(correlationId: string): Promise<boolean> {
    const attempts = await this.events.findAttempts(correlationId, 'start');
    return attempts.some(({ status }) => status === 'ok');
  }

  /** The reason that a client gave with its wish to cancel; null where it gave none. */
  async cancelReason(correlationId: string): Promise<string | null> {
    let after = 0;
    for (;;) {
      const { events, nextAfter } = await this.events.findPage(correlationId, {
        after,
        limit: PAGE_SIZE,
        maxBytes: PAGE_BYTES,
      });
      const wish = events.find(({ stepName, metadata }) => stepName === 'cancel' && isReason(metadata));
      if (isReason(wish?.metadata)) return wish.metadata.reason;
      if (nextAfter === null) return null;
      after = nextAfter;
    }
  }

  /** Lazy: the row rides in the next group of writes; settles when it is durable. */
  log(record: ProcessHead, happening: TrailEvent, options: WriteOptions = {}): Promise<void> {
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
        ...happening,
      },
      { deferrable: true, ...options },
    );
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
