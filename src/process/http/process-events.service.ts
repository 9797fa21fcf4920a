import { Readable } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { HTTP_CONFIG, type HttpConfig } from '../../config/index.js';
import { EventLogService } from '../../event-log/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { OnCallerGone } from '../commands/caller-gone.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { EventStream } from './event-stream.js';
import { unknownProcess } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';

/** Bytes of events that a stream holds in memory. */
const STREAM_BYTES = 262_144;

/** A stream of events that has begun. */
export interface OpenStream {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Shows the trail of a process, as a page or live. */
@Injectable()
export class ProcessEventsService {
  private readonly logger = new Logger(ProcessEventsService.name);
  private readonly streams = new Map<string, Set<EventStream>>();
  private closed = false;

  constructor(
    private readonly events: EventLogService,
    private readonly store: ProcessStoreService,
    private readonly presenter: ProcessViewPresenter,
    waits: OutcomeWaitService,
    shutdown: ShutdownService,
    @Inject(HTTP_CONFIG) private readonly config: HttpConfig,
  ) {
    const wake = (correlationId: string): void => {
      for (const stream of this.streams.get(correlationId) ?? []) stream.wake();
    };
    events.observe(wake);
    waits.observe(({ correlationId }) => {
      wake(correlationId);
    });
    shutdown.register('refuse', 'event streams', () => {
      this.closed = true;
      for (const stream of [...this.streams.values()].flatMap((set) => [...set])) stream.close();
    });
  }

  /**
   * A page of the trail, oldest first.
   *
   * @param after place in the trail after which the page begins; 0: from the beginning
   * @param reserve told what the page takes before it is read; throws where that is too much now
   * @throws ProblemError `unknown-process`
   */
  async page(
    correlationId: string,
    after: number,
    limit: number,
    reserve: (bytes: number) => void = () => undefined,
  ): Promise<ProcessAnswer> {
    const record = await this.known(correlationId);
    const maxBytes = this.config.pageMaxBytes;
    const page = await this.events.findPage(correlationId, { after, limit, maxBytes, reserve });
    return this.presenter.events(correlationId, record, page);
  }

  /**
   * The trail from a place on, live.
   *
   * @throws ProblemError `unknown-process`
   */
  async stream(correlationId: string, after: number, onClientGone: OnCallerGone): Promise<OpenStream> {
    const record = await this.known(correlationId);
    const stream = new EventStream(
      {
        record: () => this.store.get(correlationId),
        events: (from, limit) =>
          this.events.findPage(correlationId, { after: from, limit, maxBytes: STREAM_BYTES }),
        attempts: (stepName) => this.events.findAttempts(correlationId, stepName),
        view: (final) => this.presenter.view(final),
      },
      after,
    );
    const body = Readable.from(this.registered(correlationId, stream));
    onClientGone(() => {
      stream.close();
      // Nobody reads it any more, and it comes to its end only by being read.
      body.unpipe();
      body.resume();
    });
    return { headers: this.presenter.streamHeaders(record), body };
  }

  /** The row; null where only the trail knows the process, which was started elsewhere and has not ended. */
  private async known(correlationId: string): Promise<ProcessRecord | null> {
    const record = await this.store.get(correlationId);
    if (record !== null) return record;
    const [first] = await this.events.findEvents(correlationId, { limit: 1 });
    if (first === undefined) throw unknownProcess(correlationId);
    return null;
  }

  private async *registered(correlationId: string, stream: EventStream): AsyncGenerator<string> {
    if (this.closed) stream.close();
    const others = this.streams.get(correlationId);
    if (others === undefined) this.streams.set(correlationId, new Set([stream]));
    else others.add(stream);
    try {
      yield* stream.read();
    } catch (error) {
      // The client opens the stream again where it ended, and is then told what is the matter.
      this.logger.warn({ msg: 'A stream of events was closed early.', correlationId, err: error });
    } finally {
      const left = this.streams.get(correlationId);
      left?.delete(stream);
      if (left?.size === 0) this.streams.delete(correlationId);
    }
  }
}
