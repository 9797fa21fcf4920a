import { describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import {
  type EngineDefinition,
  type EngineDefinitionsClient,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';
import type { ProcessDefinition } from '../../common/process-definition/index.js';
import { ProcessDefinitionsService } from './process-definitions.service.js';

const engineDefinition = (key: string, more: Partial<EngineDefinition> = {}): EngineDefinition => ({
  id: `${key}:1`,
  key,
  version: 1,
  suspended: false,
  ...more,
});

const own = (key: string, more: Partial<ProcessDefinition> = {}): ProcessDefinition => ({
  key,
  steps: [],
  bpmn: new URL('file:///none.bpmn'),
  ...more,
});

function serviceOf(definitions: readonly ProcessDefinition[], found: readonly EngineDefinition[] = []) {
  const findLatest = jest.fn(async () => [...found]);
  const engine = { findLatest } as unknown as EngineDefinitionsClient;
  const service = new ProcessDefinitionsService(engine, definitions);
  const list = async (after = '', limit = 100) =>
    JSON.parse((await service.list(after, limit)).body) as {
      count: number;
      definitions: Record<string, unknown>[];
      nextAfter: string | null;
    };
  return { findLatest, service, list };
}

describe('ProcessDefinitionsService', () => {
  it('adds what this service knows to the definitions of the engine', async () => {
    const startSchema = z.object({ userId: z.string(), at: z.string().transform((text) => new Date(text)) });
    const { list } = serviceOf(
      [own('b', { startSchema, result: z.object({}) }), own('z')],
      [
        engineDefinition('c', { name: 'C', versionTag: 'v1', suspended: true }),
        engineDefinition('b', { version: 3 }),
      ],
    );
    const { count, definitions, nextAfter } = await list();
    expect([count, nextAfter]).toEqual([3, null]);
    expect(definitions).toEqual([
      {
        key: 'b',
        name: null,
        version: 3,
        versionTag: null,
        tenantId: null,
        suspended: false,
        definedHere: true,
        resultDeclared: true,
        startSchema: expect.objectContaining({ type: 'object', required: ['userId', 'at'] }),
      },
      {
        key: 'c',
        name: 'C',
        version: 1,
        versionTag: 'v1',
        tenantId: null,
        suspended: true,
        definedHere: false,
        resultDeclared: false,
        startSchema: null,
      },
      expect.objectContaining({ key: 'z', version: null, definedHere: true }),
    ]);
  });

  it('pages by key', async () => {
    const { list } = serviceOf(
      [],
      ['a', 'b', 'c'].map((key) => engineDefinition(key)),
    );
    const first = await list('', 2);
    expect([first.definitions.map(({ key }) => key), first.nextAfter]).toEqual([['a', 'b'], 'b']);
    const last = await list('b', 2);
    expect([last.definitions.map(({ key }) => key), last.nextAfter]).toEqual([['c'], null]);
    expect(await list('c')).toMatchObject({ count: 0, nextAfter: null });
  });

  it('lists one key for each of its tenants, and knows the same of each', async () => {
    const { list } = serviceOf(
      [own('b', { result: z.object({}) })],
      [
        engineDefinition('b', { tenantId: 'zoo', version: 7 }),
        engineDefinition('b-2'),
        engineDefinition('b', { tenantId: 'bank' }),
        engineDefinition('b', { version: 3 }),
        engineDefinition('a', { tenantId: 'bank' }),
      ],
    );
    const { definitions } = await list();
    expect(definitions.map(({ key, tenantId, version }) => [key, tenantId, version])).toEqual([
      ['a', 'bank', 1],
      ['b', null, 3],
      ['b', 'bank', 1],
      ['b', 'zoo', 7],
      ['b-2', null, 1],
    ]);
    expect(definitions.map(({ resultDeclared }) => resultDeclared)).toEqual([false, true, true, true, false]);
    const paged: unknown[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page: Awaited<ReturnType<typeof list>> = await list(after, 1);
      paged.push(...page.definitions);
      after = page.nextAfter;
    }
    expect(paged).toEqual(definitions);
  });

  it('lists a definition of this service that only tenants have in the engine, as one that a start does not find', async () => {
    const { list } = serviceOf([own('b')], [engineDefinition('b', { tenantId: 'bank' })]);
    expect((await list()).definitions).toMatchObject([
      { key: 'b', tenantId: null, version: null },
      { key: 'b', tenantId: 'bank', version: 1 },
    ]);
  });

  it('asks the engine once for several requests, and again later', async () => {
    jest.useFakeTimers();
    const { list, findLatest } = serviceOf([]);
    await Promise.all([list(), list()]);
    expect(findLatest).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(5_000);
    await list();
    expect(findLatest).toHaveBeenCalledTimes(2);
    jest.useRealTimers();
  });

  it('says that the engine is away, and asks it again at the next request', async () => {
    const { list, findLatest } = serviceOf([], [engineDefinition('a')]);
    findLatest.mockRejectedValueOnce(new EngineUnreachableError({ method: 'GET', path: '/' }, 'refused'));
    await expect(list()).rejects.toMatchObject({
      code: 'engine-unavailable',
      facts: { headers: { 'retry-after': '2' } },
    });
    expect((await list()).count).toBe(1);
  });
});
