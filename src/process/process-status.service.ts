import { Injectable } from '@nestjs/common';
import { ProblemError } from '../common/errors/index.js';
import { isCorrelationId } from '../common/identifiers/index.js';
import {
  InvalidCursorError,
  type ProcessPage,
  type ProcessQuery,
  ProcessStoreService,
} from '../process-store/index.js';
import { unknownProcess } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';
import type { ListQuery } from './process.schemas.js';

/** Items of a list that names no limit. */
const DEFAULT_LIMIT = 50;
/** Items of a list with `include=data` that names no limit. */
const DEFAULT_LIMIT_WITH_DATA = 20;
/** Items of the list without parameters. */
const ACTIVE_LIMIT = 500;

/** Reads what is known of processes. */
@Injectable()
export class ProcessStatusService {
  constructor(
    private readonly store: ProcessStoreService,
    private readonly presenter: ProcessViewPresenter,
  ) {}

  /** @throws ProblemError `unknown-process` */
  async status(correlationId: string): Promise<ProcessAnswer> {
    const record = isCorrelationId(correlationId) ? await this.store.get(correlationId) : null;
    if (record === null) throw unknownProcess(correlationId.slice(0, 255));
    return this.presenter.answer(record);
  }

  /** The active processes without parameters, else a page of all. */
  async list(query: ListQuery): Promise<ProcessAnswer> {
    if (Object.values(query).every((value) => value === undefined)) {
      const records = await this.store.listActive(ACTIVE_LIMIT);
      return this.presenter.list(
        records.map((record) => this.presenter.view(record)),
        null,
      );
    }
    const withData = query.include === 'data';
    const page = await this.page({
      includeData: withData,
      limit: query.limit ?? (withData ? DEFAULT_LIMIT_WITH_DATA : DEFAULT_LIMIT),
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.processKey === undefined ? {} : { processKey: query.processKey }),
      ...(query.startedAfter === undefined ? {} : { startedAfter: new Date(query.startedAfter) }),
      ...(query.startedBefore === undefined ? {} : { startedBefore: new Date(query.startedBefore) }),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    });
    return this.presenter.list(
      page.processes.map((process) =>
        withData ? this.presenter.view(process) : this.presenter.viewWithoutData(process),
      ),
      page.nextCursor,
    );
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
