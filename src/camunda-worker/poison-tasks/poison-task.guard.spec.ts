import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createConfiguration } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { PoisonTaskGuard } from './poison-task.guard.js';
import type { InterruptedTask } from './running-tasks.journal.js';
import { type CrashCount, CrashLedger } from './crash.ledger.js';
import type { RunningTask } from '../task/running-task.js';
import type { TaskOutcome } from '../outcome/task-outcome.mapper.js';

/** Counts in memory like the table. */
class MemoryLedger extends CrashLedger {
  readonly counts = new Map<string, { crashes: number; life: string }>();
  isAway = false;

  async count(life: string, tasks: readonly InterruptedTask[]): Promise<void> {
    if (this.isAway) throw new Error('away');
    for (const { taskId } of tasks) {
      const before = this.counts.get(taskId) ?? { crashes: 0, life: '' };
      if (before.life !== life) this.counts.set(taskId, { crashes: before.crashes + 1, life });
    }
  }

  async all(): Promise<readonly CrashCount[]> {
    return [...this.counts].map(([taskId, { crashes }]) => ({ taskId, crashes }));
  }

  async forget(taskId: string): Promise<void> {
    if (this.isAway) throw new Error('away');
    this.counts.delete(taskId);
  }
}

const task = (taskId: string, failure: Error | null = null) =>
  ({ taskId, topic: 'order.charge', failure }) as RunningTask;

const COMPLETE: TaskOutcome = { kind: 'complete', variables: {} };
const failure = (retries: number): TaskOutcome => ({
  ...{ kind: 'failure', retries, retryTimeout: 0, errorMessage: '', errorDetails: '' },
});

describe('PoisonTaskGuard', () => {
  let folder: string;
  let ledger: MemoryLedger;
  let shutdowns: ShutdownService[];
  let warn: jest.SpiedFunction<Logger['warn']>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'guard-'));
    ledger = new MemoryLedger();
    shutdowns = [];
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  });

  afterEach(async () => {
    await Promise.all(shutdowns.map((shutdown) => shutdown.stop()));
    rmSync(folder, { recursive: true, force: true });
    jest.restoreAllMocks();
  });

  /** A process of the service; one that was not stopped has crashed when the next one starts. */
  async function live(environment: Record<string, string> = {}) {
    const { camunda, database } = createConfiguration({ DATA_DIR: folder, ...environment });
    const shutdown = new ShutdownService({ timeoutMs: 100, delayMs: 0 });
    shutdowns.push(shutdown);
    const guard = new PoisonTaskGuard(camunda, database, shutdown, ledger);
    await guard.open();
    return { guard, shutdown };
  }

  it('does not run a task that was running in too many crashes, but runs the tasks beside it', async () => {
    for (let life = 0; life < 3; life += 1) {
      const { guard } = await live();
      expect(guard.crashesAtLimit('culprit')).toBe(null);
      if (life > 0) guard.end(task('innocent'), COMPLETE);
      guard.begin(task('culprit'));
      if (life === 0) guard.begin(task('innocent'));
    }
    const { guard } = await live();
    expect([
      guard.crashesAtLimit('culprit'),
      guard.isSuspect('culprit'),
      guard.isSuspect('innocent'),
    ]).toEqual([3, true, false]);
    guard.end(task('culprit'), COMPLETE);
    expect([...ledger.counts]).toEqual([]);
    expect((await live()).guard.crashesAtLimit('culprit')).toBe(null);
  });

  it('runs a task after a single crash, because every task that ran then has it on its count', async () => {
    (await live({ CAMUNDA_TASK_RETRIES: '0' })).guard.begin(task('a'));
    const { guard } = await live({ CAMUNDA_TASK_RETRIES: '0' });
    expect([guard.crashesAtLimit('a'), guard.isSuspect('a')]).toEqual([null, true]);
  });

  it('suspects no task after a stop, except those unlocked while an unhandled error stopped the service', async () => {
    const stopped = await live();
    stopped.guard.begin(task('a'));
    await stopped.shutdown.stop();
    const crashed = await live();
    crashed.guard.begin(task('given-back'));
    crashed.guard.begin(task('reported'));
    crashed.shutdown.noteCrash();
    crashed.guard.end(task('given-back'), { kind: 'unlock' });
    crashed.guard.end(task('reported'), COMPLETE);
    await crashed.shutdown.stop();
    const { guard } = await live();
    expect(['a', 'reported', 'given-back'].map((id) => guard.isSuspect(id))).toEqual([false, false, true]);
  });

  it('runs suspects one after the other, and refuses those that exceed the waiting places', async () => {
    const { guard } = await live({ CAMUNDA_MAX_TASKS: '8', CAMUNDA_TASK_RETRIES: '0' });
    const first = await guard.takeTurn('a');
    const order: string[] = [];
    const others = ['b', 'c'].map(async (id) => {
      const end = await guard.takeTurn(id);
      order.push(id);
      return end;
    });
    expect(await guard.takeTurn('d')).toBe(null);
    expect(order).toEqual([]);
    first?.();
    (await others[0])?.();
    await others[1];
    expect(order).toEqual(['b', 'c']);
  });

  it('lets the next suspect run after a while if this one is still below the limit after another crash', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      ledger.counts.set('a', { crashes: 1, life: 'x' });
      ledger.counts.set('last', { crashes: 2, life: 'x' });
      const { guard } = await live();
      await guard.takeTurn('a');
      const second = guard.takeTurn('last');
      jest.advanceTimersByTime(2_000);
      const end = await second;
      const seen: string[] = [];
      const third = guard.takeTurn('c').then(() => seen.push('c'));
      jest.advanceTimersByTime(600_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen).toEqual([]);
      end?.();
      await third;
    } finally {
      jest.useRealTimers();
    }
  });

  it('keeps a step that left an error unhandled a suspect until it reports without one', async () => {
    const { guard } = await live();
    guard.addSuspect('a');
    guard.end(task('a', new Error('x')), failure(1));
    expect(guard.isSuspect('a')).toBe(true);
    guard.end(task('a'), COMPLETE);
    expect(guard.isSuspect('a')).toBe(false);
  });

  it('keeps its turn until it ends, because its next error must be its own', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const { guard } = await live();
      guard.addSuspect('a');
      guard.addSuspect('b');
      const end = await guard.takeTurn('a');
      const seen: string[] = [];
      const second = guard.takeTurn('b').then(() => seen.push('b'));
      jest.advanceTimersByTime(600_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen).toEqual([]);
      end?.();
      await second;
    } finally {
      jest.useRealTimers();
    }
  });

  it('clears it once it is an incident, and its crashes once it has reported an outcome', async () => {
    ledger.counts.set('a', { crashes: 2, life: 'x' });
    const { guard } = await live();
    guard.end(task('a', new Error('x')), failure(1));
    expect([guard.isSuspect('a'), ledger.counts.has('a')]).toEqual([true, false]);
    guard.end(task('a', new Error('x')), failure(0));
    expect(guard.isSuspect('a')).toBe(false);
  });

  it('counts later if the database is unavailable, and continues', async () => {
    (await live()).guard.begin(task('a'));
    ledger.isAway = true;
    const { guard } = await live();
    expect([guard.isSuspect('a'), warn.mock.calls.length > 0]).toEqual([false, true]);
    ledger.isAway = false;
    const after = (await live()).guard;
    expect(after.isSuspect('a')).toBe(true);
    ledger.isAway = true;
    after.end(task('a'), COMPLETE);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ledger.counts.has('a')).toBe(true);
  });

  it('warns once if no file can be created in the folder, and runs everything', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const server = { DB_TYPE: 'postgres', DB_HOST: 'x', DB_NAME: 'x', DB_USER: 'x', DB_PASSWORD: 'x' };
    const { guard } = await live({ ...server, DATA_DIR: file });
    guard.begin(task('a'));
    guard.end(task('a'), COMPLETE);
    expect(warn.mock.calls.map(([line]) => (line as { msg: string }).msg)).toEqual([
      expect.stringMatching(/^No file can be created in DATA_DIR/),
    ]);
  });

  it('reads the counts of other instances on the database', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const server = { DB_TYPE: 'postgres', DB_HOST: 'x', DB_NAME: 'x', DB_USER: 'x', DB_PASSWORD: 'x' };
      const { guard } = await live(server);
      ledger.counts.set('a', { crashes: 3, life: 'x' });
      await jest.advanceTimersByTimeAsync(5_000);
      expect(guard.crashesAtLimit('a')).toBe(3);
      ledger.counts.clear();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(guard.isSuspect('a')).toBe(false);
    } finally {
      jest.useRealTimers();
    }
  });

  it('keeps no journal without a ledger', async () => {
    const { camunda, database } = createConfiguration({ DATA_DIR: folder });
    const guard = new PoisonTaskGuard(camunda, database, new ShutdownService({ timeoutMs: 1, delayMs: 0 }));
    await guard.open();
    guard.begin(task('a'));
    expect(readdirSync(folder)).toEqual([]);
  });
});
