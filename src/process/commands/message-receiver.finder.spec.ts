import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EngineUnreachableError, type MessageReceiver } from '../../camunda-engine/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { MessageReceiverFinder } from './message-receiver.finder.js';

const AWAY = new EngineUnreachableError({ method: 'POST', path: '/execution' }, 'refused');
const rowOf = (correlationId: string, more: Partial<ProcessRecord> = {}) =>
  ({
    correlationId,
    processKey: 'p',
    tenantId: null,
    processInstanceId: `i-${correlationId}`,
    startMessage: null,
    status: 'pending',
    outcomeOrigin: null,
    ...more,
  }) as ProcessRecord;
const start = (processKey: string) => ({ processKey, tenantId: null, definitionId: 'd', startEventId: 's' });

describe('MessageReceiverFinder', () => {
  let rows: ProcessRecord[];
  /** The instances of the executions that wait, in the order of the engine. */
  let waiting: string[];
  /** The instances that each instance calls. */
  let called: Record<string, string[]>;
  let starts: ReturnType<typeof start>[];
  let endTime: string | null;
  let finder: MessageReceiverFinder;
  const findReceivers =
    jest.fn<
      (filter: {
        processInstanceId?: string;
        firstResult: number;
        maxResults: number;
      }) => Promise<MessageReceiver[]>
    >();

  beforeEach(() => {
    [rows, waiting, called, starts, endTime] = [[], [], {}, [], null];
    findReceivers.mockReset();
    findReceivers.mockImplementation(async ({ processInstanceId, firstResult, maxResults }) =>
      waiting
        .filter((id) => processInstanceId === undefined || id === processInstanceId)
        .slice(firstResult, firstResult + maxResults)
        .map((id) => ({ id: `e-${id}`, processInstanceId: id })),
    );
    const get = async (id: string) => rows.find(({ correlationId }) => correlationId === id) ?? null;
    finder = new MessageReceiverFinder(
      { findReceivers } as never,
      { getHistoricInstance: async () => ({ endTime }) } as never,
      { whenDeployed: async () => undefined } as never,
      {
        instancesOf: async (root: string) => [root, ...(called[root] ?? [])],
        find: async (ids: readonly string[]) =>
          new Map(
            ids.flatMap((id) => {
              const row = rows.find(
                ({ processInstanceId }) =>
                  processInstanceId === id || called[processInstanceId ?? '']?.includes(id),
              );
              return row === undefined ? [] : [[id, row] as const];
            }),
          ),
      } as never,
      { find: async () => [] } as never,
      { running: () => undefined } as never,
      { findAll: async () => starts } as never,
      { waitFor: () => ({ ended: Promise.resolve({ kind: 'timeout' }), cancel: () => undefined }) } as never,
      { get } as never,
      { find: get } as never,
      { startAckTimeoutMs: 50 } as never,
      { deploy: false } as never,
    );
  });

  const find = (correlationId: string | null = null) =>
    finder.find({ messageName: 'm', correlationId, correlationKeys: {} });

  it('finds the only execution of a process, also in an instance that it calls', async () => {
    rows = [rowOf('a')];
    called = { 'i-a': ['c1', 'c2'] };
    waiting = ['c2', 'other'];
    expect(await find('a')).toEqual({ kind: 'instance', record: rows[0], processInstanceId: 'c2' });
  });

  it('is ambiguous if two executions of a process wait', async () => {
    rows = [rowOf('a')];
    called = { 'i-a': ['c1'] };
    for (waiting of [
      ['i-a', 'i-a'],
      ['i-a', 'c1'],
    ])
      expect(await find('a')).toEqual({ kind: 'ambiguous', record: rows[0] });
  });

  it('says why a process does not receive it', async () => {
    rows = [rowOf('a'), rowOf('b', { processInstanceId: null })];
    expect(await find('a')).toMatchObject({ kind: 'no-receiver', reason: 'not-waiting' });
    expect(await find('b')).toMatchObject({ kind: 'no-receiver', reason: 'not-started' });
    expect(await find('c')).toEqual({ kind: 'no-receiver', reason: 'unknown', record: null });
    endTime = '2026-01-31T10:00:00.000+0000';
    expect(await find('a')).toEqual({ kind: 'ended', record: rows[0] });
  });

  it('takes the message that started a process as a repetition, unless the process waits for it', async () => {
    rows = [rowOf('a', { startMessage: 'm' })];
    expect(await find('a')).toEqual({ kind: 'start', processKey: 'p', tenantId: null, correlationId: 'a' });
    waiting = ['i-a'];
    expect(await find('a')).toMatchObject({ kind: 'instance', processInstanceId: 'i-a' });
  });

  it('counts only executions whose root is the instance of a process', async () => {
    waiting = ['foreign', 'i-a', 'elsewhere'];
    rows = [rowOf('a')];
    expect(await find()).toEqual({ kind: 'instance', record: rows[0], processInstanceId: 'i-a' });
    rows = [];
    expect(await find()).toEqual({ kind: 'no-receiver', reason: 'unknown', record: null });
  });

  it('is ambiguous if executions of two processes wait, also in different pages', async () => {
    rows = [rowOf('a'), rowOf('b')];
    waiting = ['i-a', ...Array<string>(600).fill('foreign'), 'i-b'];
    expect(await find()).toEqual({ kind: 'ambiguous', record: null });
  });

  it('searches 5 000 executions, and is ambiguous if more wait', async () => {
    rows = [rowOf('a')];
    waiting = [...Array<string>(4_998).fill('foreign'), 'i-a'];
    expect(await find()).toMatchObject({ kind: 'instance', processInstanceId: 'i-a' });
    expect(findReceivers).toHaveBeenCalledTimes(10);
    waiting.push('foreign');
    expect(await find()).toEqual({ kind: 'ambiguous', record: null });
    expect(findReceivers).toHaveBeenCalledTimes(20);
  });

  it('starts the only definition with the message, if nobody waits', async () => {
    starts = [start('p')];
    expect(await find()).toEqual({ kind: 'start', processKey: 'p', tenantId: null, correlationId: null });
    expect(await find('new')).toMatchObject({ kind: 'start', correlationId: 'new' });
    starts.push(start('q'));
    expect(await find()).toEqual({ kind: 'ambiguous', record: null });
  });

  it('throws what the engine throws', async () => {
    rows = [rowOf('a')];
    findReceivers.mockRejectedValue(AWAY);
    await expect(find('a')).rejects.toBe(AWAY);
    await expect(find()).rejects.toBe(AWAY);
  });
});
