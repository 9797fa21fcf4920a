import { Readable } from 'node:stream';
import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { ProcessAccess } from '../../auth/index.js';
import { HTTP_CONFIG, type HttpConfig } from '../../config/index.js';
import { EventLogService } from '../../event-log/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import { AccessibleProcessFinder } from '../commands/accessible-process.finder.js';
import type { OnCallerGone } from '../commands/caller-gone.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { WakeUpsService } from '../../wake-ups/index.js';
import { AdaptiveRounds } from '../waiting/adaptive-rounds.js';
import { EventStream } from './event-stream.js';
import { unknownProcess } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';

/** Upper bound of the events that a stream holds in memory, in bytes. */
const STREAM_BYTES = 262_144;

/**
 * How often the ends of the trails of all streams are read while hints of other instances do not arrive, in ms: one query
 * for each 1 000 streams.
 */
const POLLING = { minMs: 100, maxMs: 1_000 };

/** An open event stream. */
export interface OpenStream {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Returns the trail of a process, as a page or as a live stream. */
@Injectable()
export class ProcessEventsService {
  private readonly logger = new Logger(ProcessEventsService.name);
  private readonly streams = new Map<string, Set<EventStream>>();
  private readonly rounds: AdaptiveRounds;
  private closed = false;

  constructor(
    private readonly events: EventLogService,
    private readonly store: ProcessStoreService,
    private readonly finder: AccessibleProcessFinder,
    private readonly presenter: ProcessViewPresenter,
    waits: OutcomeWaitService,
    shutdown: ShutdownService,
    @Inject(HTTP_CONFIG) private readonly config: HttpConfig,
    @Optional() private readonly wakeUps?: WakeUpsService,
  ) {
    this.rounds = new AdaptiveRounds(
      POLLING,
      () => this.poll(),
      () => this.streams.size === 0 || store.isExclusive || wakeUps?.isConnected === true,
    );
    events.observe((correlationId) => {
      this.wake(correlationId);
      wakeUps?.publishEvent(correlationId);
    });
    waits.observe(({ correlationId }) => {
      this.wake(correlationId);
    });
    wakeUps?.onEvents((correlationIds) => {
      for (const correlationId of correlationIds) this.wake(correlationId);
    });
    wakeUps?.onOutcomes((hints) => {
      for (const [correlationId] of hints) this.wake(correlationId);
    });
    wakeUps?.onAway(() => {
      this.rounds.added();
    });
    shutdown.register('drain', 'event streams', () => this.rounds.stop());
    shutdown.register('refuse', 'event streams', () => {
      this.closed = true;
      for (const stream of [...this.streams.values()].flatMap((set) => [...set])) stream.close();
    });
  }

  /**
   * Returns a page of the trail, oldest first.
   *
   * @param after place in the trail after which the page begins; 0: from the beginning
   * @param reserve called with the bytes of the page before it is read; may throw to refuse them
   * @param access the processes that the caller may read
   * @throws ProblemError `unknown-process`
   */
  async page(
    correlationId: string,
    after: number,
    limit: number,
    reserve: (bytes: number) => void = () => undefined,
    access = ProcessAccess.all,
  ): Promise<ProcessAnswer> {
    const record = await this.known(correlationId, access);
    const maxBytes = this.config.pageMaxBytes;
    const page = await this.events.findPage(correlationId, { after, limit, maxBytes, reserve });
    return this.presenter.events(correlationId, record, page);
  }

  /**
   * Opens a live stream of the trail.
   *
   * @throws ProblemError `unknown-process`
   */
  async stream(
    correlationId: string,
    after: number,
    onClientGone: OnCallerGone,
    access = ProcessAccess.all,
  ): Promise<OpenStream> {
    const record = await this.known(correlationId, access);
    const stream = new EventStream(
      {
        record: () => this.store.get(correlationId),
        now: () => this.store.now(),
        events: async (from, limit) => {
          const page = await this.events.findPage(correlationId, {
            after: from,
            limit,
            maxBytes: STREAM_BYTES,
          });
          // After the read: if the id belongs to another caller since, the page may have events of that one.
          if (!access.isAll) await this.known(correlationId, access);
          return page;
        },
        attempts: (stepName) => this.events.findAttempts(correlationId, stepName),
        view: (final) => this.presenter.view(final),
      },
      after,
    );
    const body = Readable.from(this.registered(correlationId, stream));
    onClientGone(() => {
      stream.close();
      // The generator ends only when it is read, so drain it.
      body.unpipe();
      body.resume();
    });
    return { headers: this.presenter.streamHeaders(record), body };
  }

  /** The row; null if only the trail has the process, because it was started elsewhere and has not ended. */
  private async known(correlationId: string, access: ProcessAccess): Promise<ProcessRecord | null> {
    const record = await this.finder.find(correlationId, access);
    if (record !== null) return record;
    // What only the trail has, has no owner.
    if (!access.isAll) throw unknownProcess(correlationId);
    const [first] = await this.events.findEvents(correlationId, { limit: 1 });
    if (first === undefined) throw unknownProcess(correlationId);
    return null;
  }

  private wake(correlationId: string): void {
    for (const stream of this.streams.get(correlationId) ?? []) stream.wake();
  }

  /** Wakes the streams whose trails have grown. A stream also reads its trail each second, so that a failure costs time. */
  private async poll(): Promise<void> {
    try {
      for (const [correlationId, seq] of await this.events.findLastPlaces([...this.streams.keys()])) {
        for (const stream of this.streams.get(correlationId) ?? []) {
          if (stream.position >= seq) continue;
          stream.wake();
          // More events may follow soon.
          this.rounds.added();
        }
      }
    } catch {
      // A stream that cannot read its trail says so.
    }
  }

  private async *registered(correlationId: string, stream: EventStream): AsyncGenerator<string> {
    if (this.closed) stream.close();
    const others = this.streams.get(correlationId);
    if (others === undefined) this.streams.set(correlationId, new Set([stream]));
    else others.add(stream);
    const unwatch = this.wakeUps?.watchEvents(correlationId);
    this.rounds.added();
    try {
      yield* stream.read();
    } catch (error) {
      // The client reconnects at the last event, and then gets the error as an answer.
      this.logger.warn({ msg: 'A stream of events was closed early.', correlationId, err: error });
    } finally {
      unwatch?.();
      const left = this.streams.get(correlationId);
      left?.delete(stream);
      if (left?.size === 0) this.streams.delete(correlationId);
    }
  }
}
