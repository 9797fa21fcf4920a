import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EngineHistoryClient, EngineTasksClient } from '../../camunda-engine/index.js';
import type { ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import { TaskProcessFinder } from './task-process.finder.js';

interface Instance {
  readonly id: string;
  readonly businessKey: string | null;
  readonly rootProcessInstanceId: string | null;
}

const rowOf = (correlationId: string, processInstanceId: string | null) =>
  ({ correlationId, processInstanceId }) as ProcessRecord;

describe('TaskProcessFinder', () => {
  let instances: Instance[];
  let called: Record<string, string[]>;
  let inMemory: ProcessRecord[];
  let inTable: ProcessRecord[];
  let finder: TaskProcessFinder;
  const findHistoricInstances = jest.fn(async (ids: readonly string[]) =>
    instances.filter(({ id }) => ids.includes(id)),
  );

  beforeEach(() => {
    jest.clearAllMocks();
    [instances, called, inMemory, inTable] = [[], {}, [], []];
    finder = new TaskProcessFinder(
      { findCalledInstances: async (id: string) => called[id] ?? [] } as unknown as EngineTasksClient,
      { findHistoricInstances } as unknown as EngineHistoryClient,
      {
        peek: (id: string) => inMemory.find(({ correlationId }) => correlationId === id) ?? null,
        table: {
          findByIds: async (ids: readonly string[]) =>
            inTable.filter(({ correlationId }) => ids.includes(correlationId)),
        },
      } as unknown as ProcessStoreService,
    );
  });

  const keysOf = async (...ids: string[]) =>
    Object.fromEntries([...(await finder.find(ids))].map(([id, { correlationId }]) => [id, correlationId]));

  it('finds the process of an instance and of one that it has called', async () => {
    instances = [
      { id: 'root', businessKey: 'a', rootProcessInstanceId: 'root' },
      { id: 'called', businessKey: null, rootProcessInstanceId: 'root' },
      { id: 'old', businessKey: 'b', rootProcessInstanceId: null },
    ];
    inMemory = [rowOf('a', 'root')];
    inTable = [rowOf('b', 'old')];
    expect(await keysOf('called', 'old')).toEqual({ called: 'a', old: 'b' });
  });

  it('reads the table if the memory does not know the instance yet', async () => {
    instances = [{ id: 'root', businessKey: 'a', rootProcessInstanceId: 'root' }];
    inMemory = [rowOf('a', null)];
    expect(await keysOf('root')).toEqual({});
    inTable = [rowOf('a', 'root')];
    expect(await keysOf('root')).toEqual({ root: 'a' });
  });

  it('finds no process for an instance that only has the business key of one', async () => {
    instances = [
      { id: 'foreign', businessKey: 'a', rootProcessInstanceId: 'foreign' },
      { id: 'nameless', businessKey: null, rootProcessInstanceId: 'nameless' },
      { id: 'odd', businessKey: 'no correlation id', rootProcessInstanceId: 'odd' },
    ];
    inMemory = [rowOf('a', 'root')];
    expect(await keysOf('foreign', 'nameless', 'odd', 'unknown')).toEqual({});
  });

  it('asks the history for at most 500 instances at a time', async () => {
    await finder.find(Array.from({ length: 1_001 }, (_, n) => `i${n}`));
    expect(findHistoricInstances.mock.calls.map(([ids]) => ids.length)).toEqual([500, 500, 1]);
  });

  it('finds the instances that a process has called, also indirectly, up to 1 000', async () => {
    called = { root: ['a', 'b'], b: ['c'] };
    expect(await finder.instancesOf('root')).toEqual(['root', 'a', 'b', 'c']);
    called = { root: Array.from({ length: 2_000 }, (_, n) => `i${n}`) };
    expect(await finder.instancesOf('root')).toHaveLength(1_000);
  });
});
