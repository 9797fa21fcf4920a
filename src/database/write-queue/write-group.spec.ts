import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batchesOf, givenKeysLast, type QueuedWrite } from './write-group.js';
import type { WriteKind } from './write-kind.js';

const kindNamed = (name: string): WriteKind<unknown, unknown> => ({ name, write: async () => [] });
const KINDS = ['claim', 'event', 'save'].map(kindNamed);

const write = (kind: number, correlationId: string, item: number): QueuedWrite => ({
  kind: KINDS[kind]!,
  correlationId,
  item,
  bytes: 1,
  deferrable: false,
  admitted: true,
  replaced: false,
  settled: false,
  settle: () => {},
});

describe('batchesOf', () => {
  it('puts writes of different ids and one kind together', () => {
    const batches = batchesOf([write(0, 'a', 1), write(1, 'a', 2), write(0, 'b', 3), write(1, 'b', 4)]);
    expect(batches.map(({ kind, writes }) => [kind.name, writes.map(({ item }) => item)])).toEqual([
      ['claim', [1, 3]],
      ['event', [2, 4]],
    ]);
  });

  it('opens another batch if a write would overtake an earlier one of its id', () => {
    const batches = batchesOf([write(0, 'a', 1), write(1, 'a', 2), write(0, 'a', 3)]);
    expect(batches.map(({ writes }) => writes.map(({ item }) => item))).toEqual([[1], [2], [3]]);
  });

  it('keeps every write once and the order of each id', () => {
    const writes = fc
      .array(fc.tuple(fc.nat(2), fc.constantFrom('a', 'b', 'c', 'd')))
      .map((pairs) => pairs.map(([kind, id], index) => write(kind, id, index)));
    fc.assert(
      fc.property(writes, (group) => {
        const batches = batchesOf(group);
        const made = batches.flatMap((batch) => batch.writes);
        expect(new Set(made)).toEqual(new Set(group));
        expect(made).toHaveLength(group.length);
        for (const id of ['a', 'b', 'c', 'd']) {
          const ofId = ({ correlationId }: QueuedWrite) => correlationId === id;
          expect(made.filter(ofId)).toEqual(group.filter(ofId));
        }
        for (const { kind, writes: each } of batches)
          expect(each.every((one) => one.kind === kind)).toBe(true);
      }),
    );
  });
});

describe('givenKeysLast', () => {
  it('moves batches with given keys behind the others, and changes no other order', () => {
    const given: WriteKind<unknown, unknown> = { ...kindNamed('given'), givesKeys: true };
    const batches = [KINDS[0]!, given, KINDS[2]!, given, KINDS[1]!].map((kind, place) => ({
      kind,
      writes: [write(0, 'a', place)],
    }));
    expect(givenKeysLast(batches).map(({ writes }) => writes[0]?.item)).toEqual([0, 2, 4, 1, 3]);
  });
});
