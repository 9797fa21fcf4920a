import { Injectable, Logger } from '@nestjs/common';
import { EngineConnection, EngineHistoryClient } from '../../camunda-engine/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { type ProcessHead, ProcessStoreService } from '../../process-store/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { InstanceResultService } from '../result/instance-result.service.js';
import { AdaptiveRounds } from '../waiting/adaptive-rounds.js';
import { type EndedInstance, EndedInstanceService } from './ended-instance.service.js';

/** Shortest and longest time between two queries, in ms: at most 20 queries a second, however many wait. */
const ROUNDS = { minMs: 50, maxMs: 2_000 };

/** Instances in one query. */
const QUERY_SIZE = 500;

/** How often the table is read for instances that the Map does not know, in ms. */
const TABLE_MS = 1_000;

/** A process that a request waits for, in the order of its first waiter. */
interface Awaited {
  /** Null until the row has it. */
  instance: { readonly record: ProcessHead; readonly id: string } | null;
}

/**
 * Finds out fast that an awaited process has ended in the engine although no worker of this service ended it.
 *
 * One history query for all awaited instances, in an interval that grows from 50 ms to 2 s with the age of the youngest
 * waiter. Beyond 500 instances a query takes the youngest half and, in turn, the others; `HistoryWatcherService` finds
 * each end within seconds in any case.
 */
@Injectable()
export class AwaitedEndWatcherService {
  private readonly logger = new Logger('AwaitedEndWatcher');
  private readonly awaited = new Map<string, Awaited>();
  /** The instances whose result is being read. */
  private readonly settling = new Map<string, Promise<void>>();
  private readonly rounds = new AdaptiveRounds(
    ROUNDS,
    () => this.look(),
    () => this.awaited.size === 0,
  );
  private tableReadAt = -Infinity;
  private turn = 0;
  private isFailing = false;

  constructor(
    private readonly waits: OutcomeWaitService,
    private readonly store: ProcessStoreService,
    private readonly engine: EngineConnection,
    private readonly engineHistory: EngineHistoryClient,
    private readonly results: InstanceResultService,
    private readonly ends: EndedInstanceService,
    shutdown: ShutdownService,
  ) {
    waits.onWait((correlationId) => {
      this.add(correlationId);
    });
    shutdown.register('drain', 'watch for ends of awaited processes', async () => {
      await this.rounds.stop();
      await Promise.all(this.settling.values());
    });
  }

  /** Reads the result of an instance that ended inside its start call, at once; never rejects. */
  settleNow(record: ProcessHead, processInstanceId: string): void {
    void this.settle({ record, processInstanceId, state: 'COMPLETED' });
  }

  private add(correlationId: string): void {
    if (!this.awaited.has(correlationId)) this.awaited.set(correlationId, { instance: null });
    this.rounds.added();
  }

  private async look(): Promise<void> {
    try {
      await this.readInstances();
      if (this.awaited.size === 0 || this.engine.isAway) return;
      const byInstance = this.choose();
      if (byInstance.size === 0) return;
      const ended = await this.engineHistory.findEndedAmong([...byInstance.keys()]);
      for (const { id, state } of ended) {
        const record = byInstance.get(id);
        // Not awaited: an instance whose history is slow does not delay the next round.
        if (record !== undefined) void this.settle({ record, processInstanceId: id, state });
      }
    } catch (error) {
      this.noteFailure(error);
    }
  }

  private settle(ended: EndedInstance): Promise<void> {
    const { processInstanceId } = ended;
    const settled = this.ends
      .settle(ended)
      .then(() => {
        this.isFailing = false;
      })
      .catch((error: unknown) => {
        this.noteFailure(error);
      })
      .finally(() => {
        if (this.settling.get(processInstanceId) === settled) this.settling.delete(processInstanceId);
      });
    this.settling.set(processInstanceId, settled);
    return settled;
  }

  /** The watcher of the history finds the same ends later, so a failure is logged once until a success. */
  private noteFailure(error: unknown): void {
    if (!this.isFailing)
      this.logger.warn({
        msg: 'The end of an awaited process could not be read from the engine.',
        err: error,
      });
    this.isFailing = true;
  }

  /** Drops what no request waits for any more or what is decided, and learns the instances of the others. */
  private async readInstances(): Promise<void> {
    const unknown: string[] = [];
    for (const [correlationId, entry] of this.awaited) {
      const record = this.store.peek(correlationId);
      const isOver =
        !this.waits.isAwaited(correlationId) ||
        (record !== null &&
          (record.status !== 'pending' || this.results.expectsCompletion(record.processKey)));
      if (isOver) this.awaited.delete(correlationId);
      else if (entry.instance === null) {
        if (record?.processInstanceId == null) unknown.push(correlationId);
        else entry.instance = { record, id: record.processInstanceId };
      }
    }
    const now = performance.now();
    if (unknown.length === 0 || now - this.tableReadAt < TABLE_MS) return;
    this.tableReadAt = now;
    for (const record of await this.store.table.findReplaceable(unknown.slice(-QUERY_SIZE))) {
      const entry = this.awaited.get(record.correlationId);
      if (entry !== undefined && record.processInstanceId !== null)
        entry.instance = { record, id: record.processInstanceId };
    }
  }

  /** The instances of one query. */
  private choose(): ReadonlyMap<string, ProcessHead> {
    const all = [...this.awaited.values()].flatMap(({ instance }) =>
      instance === null || this.settling.has(instance.id) ? [] : [instance],
    );
    const half = QUERY_SIZE / 2;
    const chosen =
      all.length <= QUERY_SIZE ? all : [...all.slice(-half), ...this.others(all.slice(0, -half), half)];
    return new Map(chosen.map(({ id, record }) => [id, record]));
  }

  private others<T>(all: readonly T[], count: number): readonly T[] {
    const from = this.turn % all.length;
    this.turn = from + count;
    return [...all.slice(from), ...all.slice(0, from)].slice(0, count);
  }
}
