import { Inject, Injectable } from '@nestjs/common';
import { ProcessAccess } from '../../auth/index.js';
import { ProblemError } from '../../common/errors/index.js';
import { DATABASE_CONFIG, type DatabaseConfig, HTTP_CONFIG, type HttpConfig } from '../../config/index.js';
import {
  InvalidCursorError,
  isOpen,
  type ListedProcess,
  type ListRestriction,
  type ProcessPage,
  type ProcessQuery,
  type ProcessRecord,
  ProcessStoreService,
} from '../../process-store/index.js';
import type { Wait, WaitEnd } from '../../waitroom/index.js';
import { AccessibleProcessFinder } from '../commands/accessible-process.finder.js';
import type { OnCallerGone } from '../commands/caller-gone.js';
import { StartRefusedError } from '../launch/start-refusal.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { WaitingForService } from '../waiting/waiting-for.service.js';
import { entityTagOf, type HeldTags, holds } from './entity-tag.js';
import { startRefused, storeUnavailable, unknownProcess } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';
import type { ListQuery } from './process.schemas.js';

/** Default page size of the list. */
const DEFAULT_LIMIT = 50;
/** Default page size of the list with `include=data`. */
const DEFAULT_LIMIT_WITH_DATA = 20;
/** Page size of the list without parameters. */
const ACTIVE_LIMIT = 500;

/** A request for the status of one process. */
export interface StatusRequest {
  /** How long the request waits, in ms; 0: not at all. */
  readonly waitMs: number;
  /** The representations that the client has; null: none. */
  readonly held: HeldTags | null;
  /** The processes that the caller may read; absent: all. */
  readonly access?: ProcessAccess;
  /** A client that is gone loses its waiter. */
  readonly onClientGone: OnCallerGone;
}

/** Answers the status of one process and the list of processes. */
@Injectable()
export class ProcessStatusService {
  constructor(
    private readonly store: ProcessStoreService,
    private readonly finder: AccessibleProcessFinder,
    private readonly waits: OutcomeWaitService,
    private readonly waitingFor: WaitingForService,
    private readonly presenter: ProcessViewPresenter,
    @Inject(DATABASE_CONFIG) private readonly config: DatabaseConfig,
    @Inject(HTTP_CONFIG) private readonly http: HttpConfig,
  ) {}

  /**
   * Returns the status of a process: at once, or once it is no longer pending or differs from what the client has.
   *
   * @throws ProblemError `unknown-process`, or the problem of the start if it is refused during the wait
   */
  async status(correlationId: string, request: StatusRequest): Promise<ProcessAnswer> {
    const { access = ProcessAccess.all } = request;
    const known = await this.finder.find(correlationId, access);
    const mayWait = known !== null && request.waitMs > 0 && isAwaited(known, request.held);
    const seen = mayWait ? await this.awaitChange(correlationId, request) : known;
    // During the wait the claim may have been removed, and another caller may have claimed the id.
    const record = seen === null || !access.allows(seen) ? null : await this.kept(seen);
    if (record === null || !access.allows(record)) throw unknownProcess(correlationId);
    // A 304 has no body, so the engine is not asked.
    const waitingFor = this.presenter.isUnchanged(record, request.held)
      ? null
      : await this.waitingFor.find(record);
    return this.presenter.status(record, request.held, waitingFor);
  }

  /**
   * Returns the active processes if there are no parameters, otherwise a page of all.
   *
   * @param reserve called with the bytes of the page before it is read; may throw to refuse them
   * @param access the processes that the caller may read
   */
  async list(
    query: ListQuery,
    reserve: (bytes: number) => void = () => undefined,
    access = ProcessAccess.all,
  ): Promise<ProcessAnswer> {
    const { pageMaxBytes: maxBytes } = this.http;
    const restriction = restrictionOf(access);
    if (Object.values(query).every((value) => value === undefined)) {
      const active = await this.store.listActive({
        limit: ACTIVE_LIMIT,
        maxBytes,
        reserve,
        ...restriction,
      });
      return this.presenter.list(this.activeItems(active.processes, maxBytes, reserve), active.nextCursor);
    }
    const withData = query.include === 'data';
    const page = await this.page({
      includeData: withData,
      limit: query.limit ?? (withData ? DEFAULT_LIMIT_WITH_DATA : DEFAULT_LIMIT),
      maxBytes,
      reserve,
      ...restriction,
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

  /** The row at the end of the wait; null if the process is gone. */
  private async awaitChange(
    correlationId: string,
    { waitMs, held, onClientGone }: StatusRequest,
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
      // Read again: an outcome before the registration of the waiter has not woken it.
      const record = await this.store.get(correlationId).catch((error: unknown) => {
        // No caller will await this waiter.
        wait.cancel();
        throw error;
      });
      if (gone.signal.aborted || record === null || !isAwaited(record, held)) {
        wait.cancel();
        return record;
      }
      const end = await ended(wait);
      if (end.kind !== 'completed') return this.store.get(correlationId);
      // A late wake-up with an outcome that the client has already is no change.
      if (!isAwaited(end.payload, held)) return end.payload;
    }
  }

  /**
   * Returns the row once nothing can remove it: an id that was answered 202 is never 404 afterwards.
   *
   * @throws ProblemError `store-unavailable` if the store does not write the mark within `WRITE_WAIT_MS`
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
    // A mark that is in a transaction already still commits, which does no harm.
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

function restrictionOf({ processKeys, owner }: ProcessAccess): ListRestriction {
  return {
    ...(processKeys === null ? {} : { processKeys: [...processKeys] }),
    ...(owner === null ? {} : { owner }),
  };
}

/** @throws ProblemError if the start was refused during the wait */
async function ended(wait: Wait<ProcessRecord>): Promise<WaitEnd<ProcessRecord>> {
  try {
    return await wait.ended;
  } catch (error) {
    throw error instanceof StartRefusedError ? startRefused(error.refusal) : error;
  }
}

/** Whether a request with a wait waits in this state. */
function isAwaited(record: ProcessRecord, held: HeldTags | null): boolean {
  if (held === null) return record.status === 'pending';
  return isOpen(record) && holds(held, entityTagOf(record));
}
