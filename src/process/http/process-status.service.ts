import { Inject, Injectable } from '@nestjs/common';
import { ProblemError } from '../../common/errors/index.js';
import type { Wait, WaitEnd } from '../../waitroom/index.js';
import { DATABASE_CONFIG, type DatabaseConfig, HTTP_CONFIG, type HttpConfig } from '../../config/index.js';
import {
  InvalidCursorError,
  isOpen,
  type ListedProcess,
  type ProcessPage,
  type ProcessQuery,
  type ProcessRecord,
  ProcessStoreService,
} from '../../process-store/index.js';
import type { OnCallerGone } from '../commands/caller-gone.js';
import { entityTagOf, type HeldTags, holds } from './entity-tag.js';
import { startRefused, storeUnavailable, unknownProcess } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { StartRefusedError } from '../launch/start-refusal.js';
import type { ListQuery } from './process.schemas.js';

/** Items of a list that names no limit. */
const DEFAULT_LIMIT = 50;
/** Items of a list with `include=data` that names no limit. */
const DEFAULT_LIMIT_WITH_DATA = 20;
/** Items of the list without parameters. */
const ACTIVE_LIMIT = 500;

/** How a client asks for one process. */
export interface StatusQuestion {
  /** How long the answer may be held, in ms; 0: not at all. */
  readonly waitMs: number;
  /** What the client has already; null: nothing. */
  readonly held: HeldTags | null;
  /** When the client goes away its waiter is dropped. */
  readonly onClientGone: OnCallerGone;
}

/** Reads what is known of processes. */
@Injectable()
export class ProcessStatusService {
  constructor(
    private readonly store: ProcessStoreService,
    private readonly waits: OutcomeWaitService,
    private readonly presenter: ProcessViewPresenter,
    @Inject(DATABASE_CONFIG) private readonly config: DatabaseConfig,
    @Inject(HTTP_CONFIG) private readonly http: HttpConfig,
  ) {}

  /**
   * How a process stands: at once, or once it is no longer pending, or is no longer what the client has.
   *
   * @throws ProblemError `unknown-process`; that of the start where it is refused meanwhile
   */
  async status(correlationId: string, question: StatusQuestion): Promise<ProcessAnswer> {
    const known = await this.store.get(correlationId);
    const isToBeAwaited = known !== null && question.waitMs > 0 && isAwaited(known, question.held);
    const seen = isToBeAwaited ? await this.awaitChange(correlationId, question) : known;
    const record = seen === null ? null : await this.kept(seen);
    if (record === null) throw unknownProcess(correlationId);
    return this.presenter.status(record, question.held);
  }

  /**
   * The active processes without parameters, else a page of all.
   *
   * @param reserve told what the page takes before it is read; throws where that is too much now
   */
  async list(query: ListQuery, reserve: (bytes: number) => void = () => undefined): Promise<ProcessAnswer> {
    const { pageMaxBytes: maxBytes } = this.http;
    if (Object.values(query).every((value) => value === undefined)) {
      const active = await this.store.listActive({ limit: ACTIVE_LIMIT, maxBytes, reserve });
      return this.presenter.list(this.activeItems(active.processes, maxBytes, reserve), active.nextCursor);
    }
    const withData = query.include === 'data';
    const page = await this.page({
      includeData: withData,
      limit: query.limit ?? (withData ? DEFAULT_LIMIT_WITH_DATA : DEFAULT_LIMIT),
      maxBytes,
      reserve,
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.processKey === undefined ? {} : { processKey: query.processKey }),
      ...(query.startedAfter === undefined ? {} : { startedAfter: new Date(query.startedAfter) }),
      ...(query.startedBefore === undefined ? {} : { startedBefore: new Date(query.startedBefore) }),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    });
    return this.presenter.list(
      page.processes.map((process) => this.presenter.listed(process, withData)),
      page.nextCursor,
    );
  }

  /** With the results of the newest; those beyond what a page may hold are left out, and `hasData` says so. */
  private activeItems(
    processes: readonly ListedProcess[],
    maxBytes: number,
    reserve: (bytes: number) => void,
  ): string[] {
    let left = maxBytes;
    const withData = processes.map(({ data }) => data !== null && (left -= data.length) >= 0);
    reserve(maxBytes - Math.max(left, 0));
    return processes.map((process, index) =>
      withData[index] === true || !process.hasData
        ? this.presenter.view(process)
        : this.presenter.listed(process, false),
    );
  }

  /** The state at the end of the wait; null where the process is gone. */
  private async awaitChange(
    correlationId: string,
    { waitMs, held, onClientGone }: StatusQuestion,
  ): Promise<ProcessRecord | null> {
    const until = performance.now() + waitMs;
    const gone = new AbortController();
    let cancel = (): void => undefined;
    onClientGone(() => {
      gone.abort();
      cancel();
    });
    for (;;) {
      const wait = this.waits.waitFor(correlationId, Math.max(until - performance.now(), 0));
      cancel = wait.cancel;
      // The second look: an end that came before the waiter was registered would wake nobody.
      const record = await this.store.get(correlationId).catch((error: unknown) => {
        // Nobody comes for this waiter any more.
        wait.cancel();
        throw error;
      });
      if (gone.signal.aborted || record === null || !isAwaited(record, held)) {
        wait.cancel();
        return record;
      }
      const end = await ended(wait);
      if (end.kind !== 'completed') return this.store.get(correlationId);
      // A late word of an end that the client knows already is no change.
      if (!isAwaited(end.payload, held)) return end.payload;
    }
  }

  /**
   * The row, once nothing can remove it: an id that somebody was told 202 about is never 404 afterwards.
   *
   * @throws ProblemError `store-unavailable` where the store does not take the mark within `WRITE_WAIT_MS`
   */
  private async kept(record: ProcessRecord): Promise<ProcessRecord | null> {
    const { correlationId, status, joined, processInstanceId } = record;
    if (status !== 'pending' || joined || processInstanceId !== null) return record;
    const signal = AbortSignal.timeout(this.config.writeWaitMs);
    const timeOver = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(storeUnavailable());
      });
    });
    // A mark that is in a transaction already is not withdrawn, and does no harm later.
    return Promise.race([timeOver, this.store.markJoined(correlationId, { signal })]);
  }

  private async page(query: ProcessQuery): Promise<ProcessPage> {
    try {
      return await this.store.list(query);
    } catch (error) {
      if (!(error instanceof InvalidCursorError)) throw error;
      throw new ProblemError(
        'invalid-request',
        'The cursor is not one that a list has given as nextCursor.',
        {
          errors: [{ pointer: '/cursor', detail: 'is not a cursor' }],
          cause: error,
        },
      );
    }
  }
}

/** @throws ProblemError if the start was refused during the wait */
async function ended(wait: Wait<ProcessRecord>): Promise<WaitEnd<ProcessRecord>> {
  try {
    return await wait.ended;
  } catch (error) {
    throw error instanceof StartRefusedError ? startRefused(error.refusal) : error;
  }
}

/** Whether a request that may wait waits in this state. */
function isAwaited(record: ProcessRecord, held: HeldTags | null): boolean {
  if (held === null) return record.status === 'pending';
  return isOpen(record) && holds(held, entityTagOf(record));
}
