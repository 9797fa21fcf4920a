import { Injectable, Logger } from '@nestjs/common';
import { EngineConnection } from '../../camunda-engine/index.js';
import { withinTime } from '../../common/promises/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessHead } from '../../process-store/index.js';
import { InstanceResultService } from '../result/instance-result.service.js';
import { EngineWaitsReader } from './engine-waits.reader.js';
import type { InstanceWaits, WaitingFor } from './waiting-for.js';

/** How long an answer of the engine is used, in ms. */
const FRESH_MS = 1_000;

/** How long it is used for a process that a step of this service completes, in ms: such a status never waits. */
const FRESH_OF_OWN_MS = 5_000;

/** Longest time that a status waits for the engine, in ms. */
const PATIENCE_MS = 500;

/** Instances that are read at the same time, and those that may wait for their turn. */
const MAX_READS = 4;
const MAX_QUEUED = 100;

/** Processes whose waits are remembered. */
const MAX_REMEMBERED = 5_000;

/** What is known about one process. */
interface Remembered {
  readonly processInstanceId: string;
  /** By `performance.now()`; of a failed reading too, so that it is not repeated by each request. */
  readAt: number;
  /** Null: not known. */
  entries: readonly WaitingFor[] | null;
  /** Null if none is under way. */
  reading: Promise<void> | null;
}

/**
 * What pending processes wait for, remembered for a second.
 *
 * It never fails, and it limits the load on the engine: one reading a second for each process, four at the same time.
 */
@Injectable()
export class WaitingForService {
  private readonly logger = new Logger('WaitingFor');
  private readonly remembered = new Map<string, Remembered>();
  private readonly queued: (() => void)[] = [];
  private reads = 0;
  private stopped = false;
  private isFailing = false;

  constructor(
    private readonly engine: EngineConnection,
    private readonly reader: EngineWaitsReader,
    private readonly results: InstanceResultService,
    shutdown: ShutdownService,
  ) {
    shutdown.register('drain', 'read what processes wait for', async () => {
      this.stopped = true;
      for (const next of this.queued.splice(0)) next();
      await Promise.all(Array.from(this.remembered.values()).flatMap(({ reading }) => reading ?? []));
    });
  }

  /**
   * What a pending process waits for; waits at most half a second for the engine, and not at all for a process that a
   * step of this service completes.
   *
   * @returns null if it is not known now
   */
  async find(record: ProcessHead): Promise<readonly WaitingFor[] | null> {
    const { correlationId, processInstanceId, processKey, status } = record;
    if (status !== 'pending' || processInstanceId === null) return null;
    const known = this.lookUp(correlationId, processInstanceId);
    if (known?.isFresh === true) return known.entry.entries;
    const entry = this.read(correlationId, processInstanceId, known?.entry ?? null);
    if (entry === null) return null;
    if (this.results.expectsCompletion(processKey)) {
      const isUsable = performance.now() - entry.readAt < FRESH_OF_OWN_MS;
      return isUsable ? entry.entries : null;
    }
    const { reading } = entry;
    if (reading === null) return entry.entries;
    const end = await withinTime(
      reading.then(() => 'read' as const),
      PATIENCE_MS,
    );
    return end === undefined ? null : entry.entries;
  }

  /** What a pending process waits for, without a call to the engine; null if it is not known. */
  peek({ correlationId, processInstanceId, status }: ProcessHead): readonly WaitingFor[] | null {
    if (status !== 'pending' || processInstanceId === null) return null;
    const known = this.lookUp(correlationId, processInstanceId);
    return known?.isFresh === true ? known.entry.entries : null;
  }

  /** Caches a result that another caller has just read from the engine. */
  remember(correlationId: string, processInstanceId: string, { entries }: InstanceWaits): void {
    this.keep(correlationId, { processInstanceId, readAt: performance.now(), entries, reading: null });
  }

  /** Forgets what a process waited for, because something has happened to it. */
  forget(correlationId: string): void {
    this.remembered.delete(correlationId);
  }

  private lookUp(
    correlationId: string,
    processInstanceId: string,
  ): { readonly entry: Remembered; readonly isFresh: boolean } | null {
    const entry = this.remembered.get(correlationId);
    if (entry?.processInstanceId !== processInstanceId) return null;
    return { entry, isFresh: performance.now() - entry.readAt < FRESH_MS };
  }

  /** Begins a reading, unless one is under way; null if there can be none now. */
  private read(
    correlationId: string,
    processInstanceId: string,
    known: Remembered | null,
  ): Remembered | null {
    if (known !== null && known.reading !== null) return known;
    if (this.stopped || this.engine.isAway) return null;
    if (this.reads >= MAX_READS && this.queued.length >= MAX_QUEUED) return null;
    const entry = known ?? { processInstanceId, readAt: -Infinity, entries: null, reading: null };
    entry.reading = this.readNow(entry).finally(() => {
      entry.readAt = performance.now();
      entry.reading = null;
    });
    this.keep(correlationId, entry);
    return entry;
  }

  private async readNow(entry: Remembered): Promise<void> {
    if (this.reads >= MAX_READS) {
      await new Promise<void>((resolve) => {
        this.queued.push(resolve);
      });
    } else this.reads += 1;
    try {
      if (this.stopped) return;
      // An instance that has ended waits for nothing; its outcome follows.
      entry.entries = (await this.reader.read(entry.processInstanceId))?.entries ?? null;
      this.isFailing = false;
    } catch (error) {
      entry.entries = null;
      this.noteFailure(error);
    } finally {
      // The next one takes over the place.
      const next = this.queued.shift();
      if (next === undefined) this.reads -= 1;
      else next();
    }
  }

  private keep(correlationId: string, entry: Remembered): void {
    this.remembered.delete(correlationId);
    this.remembered.set(correlationId, entry);
    for (const oldest of this.remembered.keys()) {
      if (this.remembered.size <= MAX_REMEMBERED) return;
      this.remembered.delete(oldest);
    }
  }

  /** A status answers without what is not known, so a failure is logged once until a success. */
  private noteFailure(error: unknown): void {
    if (!this.isFailing)
      this.logger.warn({
        msg: 'What a process waits for could not be read from the engine.',
        err: error,
      });
    this.isFailing = true;
  }
}
