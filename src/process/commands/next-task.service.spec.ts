import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type EngineTasksClient, EngineUnreachableError } from '../../camunda-engine/index.js';
import type { ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { Wait, WaitEnd } from '../../waitroom/index.js';
import { NextTaskService } from './next-task.service.js';
import type { TaskListService } from './task-list.service.js';
import type { TaskProcessFinder } from './task-process.finder.js';

const record = { correlationId: 'a', processInstanceId: 'PI', status: 'pending' } as unknown as ProcessRecord;
const done = { ...record, status: 'ok' } as ProcessRecord;

describe('NextTaskService', () => {
  let open: unknown[];
  let failure: Error | null;
  let looks: number;
  let service: NextTaskService;
  let end: (end: WaitEnd<ProcessRecord>) => void;

  beforeEach(() => {
    jest.useFakeTimers();
    [open, failure, looks] = [[], null, 0];
    const findTasks = async () => {
      looks += 1;
      if (failure !== null) throw failure;
      return open;
    };
    service = new NextTaskService(
      { findTasks } as unknown as EngineTasksClient,
      { show: async (tasks: unknown) => tasks } as unknown as TaskListService,
      { instancesOf: async (id: string) => [id] } as unknown as TaskProcessFinder,
      { get: async () => record } as unknown as ProcessStoreService,
    );
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function waitOf(): Wait<ProcessRecord> {
    const ended = new Promise<WaitEnd<ProcessRecord>>((resolve) => {
      end = resolve;
    });
    return { ended, cancel: jest.fn() };
  }

  it('returns a task that is open at once', async () => {
    open = [{ id: 't' }];
    const wait = waitOf();
    expect(await service.next(record, wait)).toEqual({ record, tasks: [{ task: { id: 't' }, record }] });
    expect(wait.cancel).toHaveBeenCalled();
  });

  it('returns a task that is open later', async () => {
    const next = service.next(record, waitOf());
    await jest.advanceTimersByTimeAsync(50);
    open = [{ id: 't' }];
    await jest.advanceTimersByTimeAsync(100);
    expect((await next).tasks).toHaveLength(1);
  });

  it('returns the outcome, and what is known at the end of the wait', async () => {
    const first = service.next(record, waitOf());
    await jest.advanceTimersByTimeAsync(250);
    end({ kind: 'completed', payload: done });
    expect(await first).toEqual({ record: done, tasks: [] });
    const second = service.next(record, waitOf());
    end({ kind: 'timeout' });
    expect(await second).toEqual({ record, tasks: [] });
  });

  it('continues to wait for the outcome while the engine is away', async () => {
    failure = new EngineUnreachableError({ method: 'POST', path: '/task' }, 'refused');
    const next = service.next(record, waitOf());
    await jest.advanceTimersByTimeAsync(5_000);
    end({ kind: 'completed', payload: done });
    expect(await next).toEqual({ record: done, tasks: [] });
  });

  it.each([1, 100, 1_000])(
    'asks the engine at most 50 times a second while %d requests wait',
    async (count) => {
      const ends: ((end: WaitEnd<ProcessRecord>) => void)[] = [];
      const waiting = Array.from({ length: count }, () => {
        const next = service.next(record, waitOf());
        ends.push(end);
        return next;
      });
      await jest.advanceTimersByTimeAsync(30_000);
      // Each request looks once before it waits.
      expect((looks - count) / 30).toBeLessThanOrEqual(50);
      for (const each of ends) each({ kind: 'timeout' });
      await Promise.all(waiting);
    },
  );
});
