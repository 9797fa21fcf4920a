import { describe, expect, it } from '@jest/globals';
import { readWaitPreference } from './wait-preference.js';

describe('readWaitPreference', () => {
  it.each<readonly [string | undefined, number | null, string | null, string | null]>([
    [undefined, null, null, null],
    ['handling=strict', null, null, null],
    ['wait=10', 10_000, 'wait=10', 'wait=10'],
    ['wait="10"', 10_000, 'wait=10', 'wait=10'],
    ['wait=0', 0, 'wait=0', 'wait=0'],
    ['wait=55', 55_000, 'wait=55', 'wait=55'],
    ['wait=56', 55_000, 'wait=55', 'wait=55'],
    [`wait=${'9'.repeat(400)}`, 55_000, 'wait=55', 'wait=55'],
    ['wait=-1', null, null, null],
    ['wait=1.5', null, null, null],
    ['wait=soon', null, null, null],
    ['wait=', null, null, null],
    ['wait=soon, wait=5', null, null, null],
    ['respond-async', 0, 'respond-async', null],
    ['respond-async=""', 0, 'respond-async', null],
    ['respond-async=no', null, null, null],
    ['respond-async, wait=3', 3_000, 'respond-async, wait=3', 'wait=3'],
    ['wait=3, wait=4, respond-async; a=b', 3_000, 'respond-async, wait=3', 'wait=3'],
  ])('reads %p', (header, waitMs, appliedTo202, appliedTo200) => {
    const preference = readWaitPreference(header, 55_000);
    expect([preference.waitMs, preference.applied(202), preference.applied(200)]).toEqual([
      waitMs,
      appliedTo202,
      appliedTo200,
    ]);
  });

  it('reports the applied wait in whole seconds', () => {
    const preference = readWaitPreference('wait=5', 1_500);
    expect([preference.waitMs, preference.applied(202)]).toEqual([1_500, 'wait=1']);
  });
});
