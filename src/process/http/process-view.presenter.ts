import { Inject, Injectable } from '@nestjs/common';
import type { ProblemError } from '../../common/errors/index.js';
import { HTTP_CONFIG, type HttpConfig } from '../../config/index.js';
import type { EventSlice } from '../../event-log/index.js';
import type { ListedProcess, ProcessRecord, ShownProcess } from '../../process-store/index.js';
import type { CancelResult } from '../commands/process-cancel.service.js';
import type { CompletionResult } from '../commands/process-completion.service.js';
import type { StartObstacle, StartResult } from '../commands/process-start.service.js';
import type { WaitingFor } from '../waiting/waiting-for.js';
import { entityTagOf, type HeldTags, holds } from './entity-tag.js';
import { ProcessDurationService } from './process-duration.service.js';
import {
  correlationIdConflict,
  foreignCorrelationId,
  outcomeConflict,
  processEnded,
  serviceStopping,
  startBacklogFull,
  startRefused,
  storeUnavailable,
  unacceptableVariables,
  unknownProcess,
  variablesDoNotFit,
} from './process-problems.js';

/** An HTTP answer. */
export interface ProcessAnswer {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; empty if the answer has no body. */
  readonly body: string;
}

/** The parts of an answer that depend on the request. */
interface AnswerParts {
  readonly replayed?: boolean;
  readonly location?: boolean;
  readonly waitingFor?: readonly WaitingFor[] | null;
  readonly isEarly?: boolean;
}

const OBSTACLE_PROBLEMS: Readonly<Record<StartObstacle, () => ProblemError>> = {
  stopping: serviceStopping,
  'store-unavailable': storeUnavailable,
  'backlog-full': startBacklogFull,
};

const CACHE_HEADERS = { 'cache-control': 'private, no-cache' };

/** Makes the answers of the routes: a process as `ProcessView`, the result of a command, or its problem. */
@Injectable()
export class ProcessViewPresenter {
  constructor(
    private readonly durations: ProcessDurationService,
    @Inject(HTTP_CONFIG) private readonly config: HttpConfig,
  ) {}

  /** Path of the status route; absolute if `PUBLIC_BASE_URL` is set. */
  statusUrl(correlationId: string): string {
    return `${this.config.publicBaseUrl ?? ''}/api/process/status/${encodeURIComponent(correlationId)}`;
  }

  /**
   * The record as JSON text. The stored result is inserted verbatim, so that no number changes its notation.
   *
   * @param waitingFor what a pending process waits for; null if it is not known: the member is then absent
   */
  view(record: ShownProcess, waitingFor: readonly WaitingFor[] | null = null): string {
    return this.text(record, record.data ?? 'null', waitingFor === null ? {} : { waitingFor });
  }

  /**
   * The record as an item of the list, with `hasData`: whether the process has a result.
   *
   * @param withData else `data` is null
   */
  listed(process: ListedProcess, withData: boolean): string {
    const { data, hasData } = process;
    return this.text(process, withData ? (data ?? 'null') : 'null', { hasData });
  }

  private text(
    record: ShownProcess,
    data: string,
    further: { readonly hasData?: boolean; readonly waitingFor?: readonly WaitingFor[] } = {},
  ): string {
    const { correlationId, processKey, status, error, errorCode } = record;
    const rest = JSON.stringify({
      error,
      errorCode,
      startedAt: record.startedAt.toISOString(),
      updatedAt: record.updatedAt.toISOString(),
      statusUrl: this.statusUrl(correlationId),
      ...further,
    });
    return `${JSON.stringify({ correlationId, processKey, status }).slice(0, -1)},"data":${data},${rest.slice(1)}`;
  }

  /**
   * The answer for one process: 200 `ok`, 202 `pending`, and the configured status (500) for `error`.
   *
   * @param parts `replayed`: it is a repeated start; `location`: with the header; `waitingFor`: of a pending process;
   * `isEarly`: the request waited less than it could, for the header `Process-Waiting`
   */
  answer(
    record: ProcessRecord,
    { replayed = false, location = false, waitingFor = null, isEarly = false }: AnswerParts = {},
  ): ProcessAnswer {
    const pending = record.status === 'pending';
    return {
      httpStatus: this.httpStatusOf(record),
      headers: {
        'process-status': record.status,
        ...CACHE_HEADERS,
        ...(pending ? { 'retry-after': String(this.durations.retryAfterSeconds(record)) } : {}),
        ...(pending && location ? { location: this.statusUrl(record.correlationId) } : {}),
        ...(pending && isEarly ? { 'process-waiting': waitingNames(waitingFor ?? []) } : {}),
        ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
      },
      body: this.view(record, pending ? waitingFor : null),
    };
  }

  /** The answer to a request that is carried out later: 202, whatever the state is. */
  accepted(record: ProcessRecord): ProcessAnswer {
    return {
      httpStatus: 202,
      headers: {
        'process-status': record.status,
        ...CACHE_HEADERS,
        'retry-after': '2',
        location: this.statusUrl(record.correlationId),
      },
      body: this.view(record),
    };
  }

  /** The answer to a request that has caused the outcome itself: 200, whatever the outcome is. */
  outcome(record: ProcessRecord): ProcessAnswer {
    return {
      httpStatus: 200,
      headers: { ...CACHE_HEADERS, 'process-status': record.status },
      body: this.view(record),
    };
  }

  /**
   * The answer of the status route, with the entity tag of the process. The tag is weak if the view has `waitingFor`,
   * which changes while the state of the process does not.
   *
   * @param held what the client has already; if it has this state and the answer is 2xx, the answer is 304
   */
  status(
    record: ProcessRecord,
    held: HeldTags | null,
    waitingFor: readonly WaitingFor[] | null = null,
  ): ProcessAnswer {
    const answer = this.answer(record, { waitingFor });
    const entityTag = entityTagOf(record);
    if (this.isUnchanged(record, held))
      return { httpStatus: 304, headers: { ...answer.headers, etag: entityTag }, body: '' };
    const isWeak = record.status === 'pending' && waitingFor !== null;
    return { ...answer, headers: { ...answer.headers, etag: isWeak ? `W/${entityTag}` : entityTag } };
  }

  /** True if the answer of the status route is 304. */
  isUnchanged(record: ProcessRecord, held: HeldTags | null): boolean {
    return held !== null && this.httpStatusOf(record) < 300 && holds(held, entityTagOf(record));
  }

  private httpStatusOf({ status }: ProcessRecord): number {
    if (status === 'pending') return 202;
    return status === 'ok' ? 200 : this.config.processErrorStatus;
  }

  /**
   * The answer with a page of the trail.
   *
   * @param record null if the process has no row yet
   */
  events(
    correlationId: string,
    record: ProcessRecord | null,
    { events, nextAfter }: EventSlice,
  ): ProcessAnswer {
    return {
      httpStatus: 200,
      headers: { ...CACHE_HEADERS, ...statusHeader(record) },
      body: JSON.stringify({ correlationId, events, nextAfter }),
    };
  }

  /** The headers of an event stream, which proxies must not buffer. */
  streamHeaders(record: ProcessRecord | null): Readonly<Record<string, string>> {
    return { ...CACHE_HEADERS, ...statusHeader(record), 'x-accel-buffering': 'no' };
  }

  /** The answer of the list; `views` are texts of {@link view}. */
  list(views: readonly string[], nextCursor: string | null): ProcessAnswer {
    return {
      httpStatus: 200,
      headers: CACHE_HEADERS,
      body: `{"count":${views.length},"processes":[${views.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`,
    };
  }

  /**
   * The answer to a start.
   *
   * @throws ProblemError for everything that was not accepted
   */
  start(result: StartResult, processKey: string): ProcessAnswer {
    switch (result.kind) {
      case 'started':
      case 'replayed':
        return this.answer(result.record, {
          replayed: result.kind === 'replayed',
          location: true,
          waitingFor: result.waitingFor ?? null,
          isEarly: result.isEarly === true,
        });
      case 'conflict':
        throw result.isForeign
          ? foreignCorrelationId(result.record.correlationId)
          : correlationIdConflict(result.record, this.statusUrl(result.record.correlationId));
      case 'refused':
        throw startRefused(result.refusal);
      case 'unacceptable-variables':
        throw unacceptableVariables(result.faults);
      case 'schema-mismatch':
        throw variablesDoNotFit(processKey, result.error);
      case 'unavailable':
        throw OBSTACLE_PROBLEMS[result.reason]();
    }
  }

  /**
   * The answer to a cancel: 200 with the cancelled process, or 202 with the process that will be cancelled.
   *
   * @throws ProblemError `unknown-process`, or `process-ended` if the process has another outcome
   */
  cancel(result: CancelResult, correlationId: string): ProcessAnswer {
    switch (result.kind) {
      case 'unknown':
        throw unknownProcess(correlationId);
      case 'cancelled':
        return this.outcome(result.record);
      case 'deferred':
        return this.accepted(result.record);
      case 'already-ended':
        throw processEnded(result.record, this.statusUrl(correlationId));
    }
  }

  /**
   * The answer to a completion by HTTP.
   *
   * @throws ProblemError `outcome-conflict` for a different outcome, `unknown-process` for a refused unknown id
   */
  completion(result: CompletionResult, correlationId: string): ProcessAnswer {
    switch (result.kind) {
      case 'unknown':
        throw unknownProcess(correlationId);
      case 'refused':
        throw outcomeConflict(result.record, this.statusUrl(correlationId));
      case 'stored':
      case 'duplicate':
        return {
          httpStatus: 200,
          headers: { ...CACHE_HEADERS, 'process-status': result.record.status },
          body: result.kind === 'stored' ? '{"received":true}' : '{"received":true,"duplicate":true}',
        };
    }
  }
}

/** The value of `Process-Waiting`: `user-task, message`. */
function waitingNames(waitingFor: readonly WaitingFor[]): string {
  const names = waitingFor.map(({ kind }) =>
    kind.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
  return [...new Set(names)].join(', ');
}

function statusHeader(record: ProcessRecord | null): Readonly<Record<string, string>> {
  return record === null ? {} : { 'process-status': record.status };
}
