import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PhraseAutomaton } from './phrase.automaton.js';

describe('PhraseAutomaton', () => {
  it('finds the same phrases as a search for each', () => {
    const letters = fc.stringMatching(/^[abc]{1,4}$/);
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 6 }),
        fc.stringMatching(/^[abcdé]{0,30}$/),
        (phrases, text) => {
          const ends = phrases.flatMap((phrase) => {
            const at = text.indexOf(phrase);
            return at === -1 ? [] : [at + phrase.length - 1];
          });
          expect(new PhraseAutomaton(phrases).findEnd(text)).toBe(ends.length === 0 ? -1 : Math.min(...ends));
        },
      ),
    );
  });

  it('continues after a phrase', () => {
    const automaton = new PhraseAutomaton(['ab', 'b']);
    expect([automaton.findEnd('xabb'), automaton.findEnd('xabb', 3), automaton.findEnd('xabb', 4)]).toEqual([
      2, 3, -1,
    ]);
  });
});
