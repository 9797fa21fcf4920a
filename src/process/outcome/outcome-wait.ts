import type { ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { Wait, WaitroomService } from '../../waitroom/index.js';

/**
 * Registers a waiter for the outcome of a process, whose state stays in the Map until the wait has ended.
 *
 * @param waitMs how long to wait at the most
 */
export function waitForOutcome(
  waitroom: WaitroomService,
  store: ProcessStoreService,
  correlationId: string,
  waitMs: number,
): Wait<ProcessRecord> {
  store.retain(correlationId);
  const wait = waitroom.createWait<ProcessRecord>(correlationId, waitMs);
  const unpin = (): void => {
    store.release(correlationId);
  };
  wait.ended.then(unpin, unpin);
  return wait;
}
