import { describe, expect, it } from '@jest/globals';
import { OLD_OUTCOME_ORIGINS, OLD_OUTCOMES } from '../database/testing/old.outcomes.js';
import { isFinal, isReplaceable, originOf, type StoredOutcome as Row } from './outcome-origin.js';

const row = (more: Partial<Row>): Row => ({
  status: 'error',
  errorCode: null,
  outcomeStep: null,
  outcomeOrigin: null,
  ...more,
});

describe('the origin of an outcome', () => {
  it('of a row without one is that which the migration gives', () => {
    for (const [id, status, errorCode, outcomeStep] of OLD_OUTCOMES)
      expect([id, originOf(row({ status, errorCode, outcomeStep }))]).toEqual([id, OLD_OUTCOME_ORIGINS[id]]);
  });

  it.each<readonly [string, Partial<Row>, string | null]>([
    ['a step that chose a code of the service', { outcomeOrigin: 'step', errorCode: 'CANCELLED' }, 'step'],
    [
      'a BPMN error',
      { outcomeOrigin: 'bpmn-error', errorCode: 'INCIDENT', outcomeStep: 'first' },
      'bpmn-error',
    ],
    ['an incident', { outcomeOrigin: 'incident', errorCode: 'INCIDENT' }, 'incident'],
    ['an incident, completed by an older version', { outcomeOrigin: 'incident', status: 'ok' }, 'http'],
    ['an incident, ended by an older version', { outcomeOrigin: 'incident', errorCode: 'EXPIRED' }, 'expiry'],
    [
      'a silent end, replaced by a step of an older version',
      { outcomeOrigin: 'no-result', errorCode: 'NO', outcomeStep: 'last' },
      'step',
    ],
    ['what is pending', { outcomeOrigin: null, status: 'pending' }, null],
  ])('of %s', (_what, given, origin) => {
    expect(originOf(row(given))).toBe(origin);
  });

  it('decides what may be replaced, and not the code', () => {
    const state = (outcomeOrigin: Parameters<typeof isFinal>[0]['outcomeOrigin']) => {
      const ended = { status: 'error', outcomeOrigin } as const;
      return [isFinal(ended), isReplaceable(ended)];
    };
    expect((['incident', 'no-result', 'step', 'cancel'] as const).map(state)).toEqual([
      [false, true],
      [false, false],
      [true, false],
      [true, false],
    ]);
  });
});
