import type { OutcomeOrigin } from '../../process-store/index.js';

/** What identifies the event of an outcome in the trail. */
export interface OutcomeEventName {
  readonly stepName: string;
  readonly status: 'ok' | 'error';
}

/**
 * The event of each outcome that no step reported; it is written after the outcome. Incidents and ends without a result
 * are missing, because they are not final.
 */
export const OUTCOME_EVENTS = {
  http: { stepName: 'complete', status: 'ok' },
  cancel: { stepName: 'cancel', status: 'error' },
  expiry: { stepName: 'expire', status: 'error' },
  'start-rejected': { stepName: 'start', status: 'error' },
  engine: { stepName: 'end', status: 'ok' },
  'bpmn-error': { stepName: 'end', status: 'error' },
  'result-too-large': { stepName: 'end', status: 'error' },
} as const satisfies Partial<Record<OutcomeOrigin, OutcomeEventName>>;

/** The event of an outcome without a step; null if none is written. */
export function outcomeEventOf(origin: OutcomeOrigin | null): OutcomeEventName | null {
  const events: Partial<Record<OutcomeOrigin, OutcomeEventName>> = OUTCOME_EVENTS;
  return origin === null ? null : (events[origin] ?? null);
}
