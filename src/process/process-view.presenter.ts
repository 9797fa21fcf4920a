import { Inject, Injectable } from '@nestjs/common';
import { HTTP_CONFIG, type HttpConfig } from '../config/index.js';
import type { ListedProcess, ProcessRecord } from '../process-store/index.js';
import type { CompletionEnd } from './process-completion.service.js';
import { outcomeConflict, unknownProcess } from './process-problems.js';

/** What an answer about a process is made of. */
export interface ProcessAnswer {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

const CACHE_HEADERS = { 'cache-control': 'private, no-cache' };

/** Seconds after which a client may ask again for a pending process. */
const RETRY_AFTER_SECONDS = 1;

/** Says a process record as `ProcessView`: the one representation that every route answers with. */
@Injectable()
export class ProcessViewPresenter {
  constructor(@Inject(HTTP_CONFIG) private readonly config: HttpConfig) {}

  /** Path of the status route, absolute where `PUBLIC_BASE_URL` is set. */
  statusUrl(correlationId: string): string {
    return `${this.config.publicBaseUrl ?? ''}/api/process/status/${encodeURIComponent(correlationId)}`;
  }

  /**
   * The record as JSON text. The stored result is spliced in as it is, so that no number of it is written anew.
   */
  view(record: ProcessRecord): string {
    return this.text(record, record.data ?? 'null');
  }

  /** The record with `data: null`, and `hasData` that tells whether there is some, as a list shows it. */
  viewWithoutData(process: ListedProcess): string {
    return this.text(process, 'null', { hasData: process.hasData });
  }

  private text(record: ProcessRecord, data: string, further: { readonly hasData?: boolean } = {}): string {
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
   * The answer about one process: 200 `ok`, 202 `pending`, and the configured status (500) for `error`.
   *
   * @param replayed whether a repeated start is answered
   */
  answer(record: ProcessRecord, { replayed = false, location = false } = {}): ProcessAnswer {
    const pending = record.status === 'pending';
    return {
      httpStatus: pending ? 202 : record.status === 'ok' ? 200 : this.config.processErrorStatus,
      headers: {
        'process-status': record.status,
        ...CACHE_HEADERS,
        ...(pending ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}),
        ...(pending && location ? { location: this.statusUrl(record.correlationId) } : {}),
        ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
      },
      body: this.view(record),
    };
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
   * The answer to a completion by HTTP.
   *
   * @throws ProblemError `outcome-conflict` for a different outcome, `unknown-process` for a refused unknown id
   */
  completion(end: CompletionEnd, correlationId: string): ProcessAnswer {
    switch (end.kind) {
      case 'unknown':
        throw unknownProcess(correlationId);
      case 'refused':
        throw outcomeConflict(end.record, this.statusUrl(correlationId));
      case 'stored':
      case 'duplicate':
        return {
          httpStatus: 200,
          headers: { ...CACHE_HEADERS, 'process-status': end.record.status },
          body: end.kind === 'stored' ? '{"received":true}' : '{"received":true,"duplicate":true}',
        };
    }
  }
}
