import type { OldEvent, TrailPlace } from '../event-log/index.js';

/** Processes in one batch. */
export const BATCH_PROCESSES = 100;

/** Events in one batch: a transaction copies and deletes them within some milliseconds. */
export const BATCH_EVENTS = 500;

/** What one transaction removes. */
export type Removal =
  /** Processes with all their events. */
  | { readonly type: 'processes'; readonly correlationIds: readonly string[] }
  /** The beginning of a long trail; the rest and the process follow later. */
  | { readonly type: 'trail'; readonly correlationId: string; readonly throughSeq: number }
  /** Events whose process has no row. */
  | { readonly type: 'events'; readonly events: readonly OldEvent[] };

/**
 * What the next transaction removes of processes.
 *
 * @param correlationIds at least one
 * @param places of their events, trail by trail; one more than the maximum of a batch, if there are so many
 */
export function nextRemoval(correlationIds: readonly string[], places: readonly TrailPlace[]): Removal {
  if (places.length <= BATCH_EVENTS) return { type: 'processes', correlationIds };
  const cut = places.at(-1)?.correlationId ?? '';
  // It is unknown which of the others have no events: their places may lie after the limit.
  const whole = new Set(places.map(({ correlationId }) => correlationId));
  whole.delete(cut);
  if (whole.size > 0) return { type: 'processes', correlationIds: [...whole] };
  return { type: 'trail', correlationId: cut, throughSeq: places[BATCH_EVENTS - 1]?.seq ?? 0 };
}

/** Smaller removals that replace one that the database refuses; none if it cannot be divided. */
export function partsOf(removal: Removal): readonly Removal[] {
  switch (removal.type) {
    case 'processes':
      return removal.correlationIds.length === 1
        ? []
        : removal.correlationIds.map((correlationId) => ({
            type: 'processes',
            correlationIds: [correlationId],
          }));
    case 'events':
      return removal.events.length === 1
        ? []
        : removal.events.map((event) => ({ type: 'events', events: [event] }));
    case 'trail':
      return [];
  }
}

/** Whose the rows of a removal are. */
export function ownersOf(removal: Removal): readonly string[] {
  switch (removal.type) {
    case 'processes':
      return removal.correlationIds;
    case 'events':
      return [...new Set(removal.events.map(({ correlationId }) => correlationId))];
    case 'trail':
      return [removal.correlationId];
  }
}
