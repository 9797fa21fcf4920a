import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type EngineBpmnModelsService,
  type EngineDefinitionsClient,
  EngineResponseError,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';
import { MessageStartFinder } from './message-start.finder.js';

interface Definition {
  readonly id: string;
  readonly key: string;
  readonly tenantId: string | null;
}

const AWAY = new EngineUnreachableError({ method: 'GET', path: '/process-definition' }, 'refused');
const definition = (id: string, tenantId: string | null = null): Definition => ({
  id,
  key: id.split(':')[0] ?? '',
  tenantId,
});

describe('MessageStartFinder', () => {
  let latest: Definition[];
  /** The messages that start the definitions, by their ids; null for a model that cannot be read. */
  let messages: Record<string, readonly string[] | null>;
  let finder: MessageStartFinder;
  const of = jest.fn<(id: string) => Promise<unknown>>();

  beforeEach(() => {
    [latest, messages] = [[], {}];
    of.mockReset();
    of.mockImplementation(async (id) => {
      const names = messages[id];
      if (names == null) return null;
      return {
        messageStartsOf: () => names.map((messageName) => ({ id: `on-${messageName}`, messageName })),
      };
    });
    finder = new MessageStartFinder(
      {
        findLatest: async () => latest,
        findLatestOfKey: async (key: string) => latest.filter((each) => each.key === key),
      } as unknown as EngineDefinitionsClient,
      { of } as unknown as EngineBpmnModelsService,
    );
  });

  it('finds none, one and several definitions, also beyond the models that are read at once', async () => {
    latest = Array.from({ length: 20 }, (_, index) => definition(`p${index}:1:x`));
    messages = { 'p3:1:x': ['m', 'several'], 'p19:1:x': ['several'] };
    expect(await finder.findAll('nobody')).toEqual([]);
    expect(await finder.findAll('m')).toEqual([
      { processKey: 'p3', tenantId: null, definitionId: 'p3:1:x', startEventId: 'on-m' },
    ]);
    expect((await finder.findAll('several')).map(({ processKey }) => processKey)).toEqual(['p3', 'p19']);
  });

  it('reads the model of a version once, and that of the next version', async () => {
    latest = [definition('p:1:x')];
    messages = { 'p:1:x': ['m'], 'p:2:y': ['other'] };
    await finder.findAll('m');
    await finder.findAll('other');
    expect(of).toHaveBeenCalledTimes(1);
    latest = [definition('p:2:y')];
    expect(await finder.findAll('m')).toEqual([]);
    expect(await finder.findAll('other')).toMatchObject([{ definitionId: 'p:2:y' }]);
    expect(of).toHaveBeenCalledTimes(2);
  });

  it('finds nothing in a definition without a readable model', async () => {
    latest = [definition('broken:1:x'), definition('p:1:x')];
    messages = { 'broken:1:x': null, 'p:1:x': ['m'] };
    expect(await finder.findAll('m')).toMatchObject([{ processKey: 'p' }]);
  });

  it('throws what the engine throws, and reads the model the next time', async () => {
    latest = [definition('p:1:x')];
    messages = { 'p:1:x': ['m'] };
    of.mockRejectedValueOnce(AWAY);
    await expect(finder.findAll('m')).rejects.toBe(AWAY);
    expect(await finder.findAll('m')).toHaveLength(1);
  });

  it('finds the definition of the tenant of a process', async () => {
    latest = [definition('p:1:x', 'one'), definition('p:1:y'), definition('p:1:z', 'two')];
    messages = { 'p:1:x': ['m'], 'p:1:y': [], 'p:1:z': ['m'] };
    const find = (tenantId: string | null) => finder.find({ processKey: 'p', tenantId }, 'm');
    expect(await find('two')).toMatchObject({ definitionId: 'p:1:z', tenantId: 'two' });
    expect(await find(null)).toBeNull();
  });

  it('fails like a start by key for an unknown key or tenant', async () => {
    latest = [definition('p:1:x', 'one')];
    for (const [processKey, tenantId] of [
      ['nope', null],
      ['p', null],
      ['p', 'two'],
    ] as const) {
      const found = finder.find({ processKey, tenantId }, 'm');
      await expect(found).rejects.toBeInstanceOf(EngineResponseError);
      await expect(found).rejects.toMatchObject({ status: 404 });
    }
  });
});
