import { Inject, Injectable } from '@nestjs/common';
import { TimeOrderedIds } from '../common/identifiers/index.js';
import { TurnBudget } from '../common/promises/index.js';
import {
  DATABASE_CONFIG,
  type DatabaseConfig,
  REDACTION_CONFIG,
  type RedactionConfig,
} from '../config/index.js';
import {
  bytesOf,
  DatabaseService,
  fitInto,
  type WriteOptions,
  WriteQueueService,
} from '../database/index.js';
import type { EventContext } from './event-log.columns.js';
import { attemptOf, eventOf, rowOf } from './event-row.js';
import { EventLogRepository } from './event-log.repository.js';
import { EventLogWriter } from './event-log.writer.js';
import { EventRedactor, REDACTED_NAMES } from './event.redactor.js';
import type { EventRow, NewEvent, StepAttempt, StoredEvent } from './event.types.js';

/** Bytes that all pages together read in one turn of the event loop: a few milliseconds of work. */
const TURN_BYTES = 262_144;

/** Approximate memory of a row without its texts, in bytes. */
const ROW_BYTES = 512;

const DEFAULT_LIMIT = 100;

/** The number of latest attempts of a step that are read. */
const LATEST_ATTEMPTS = 20;

/** Selects a part of a trail. */
export interface EventPage {
  /** Only events after this place; 0, or absent: from the beginning. */
  readonly after?: number;
  /** Maximum number of events; 100 if absent. */
  readonly limit?: number;
}

/** Selects a page of a trail. */
export interface EventPageQuery {
  /** Only events after this place; 0: from the beginning. */
  readonly after: number;
  readonly limit: number;
  /** Limit for the long texts of a page, in bytes; a page has at least one event. */
  readonly maxBytes: number;
  /** Called with their size in bytes before they are read; throws if there is no room for them. */
  readonly reserve?: (bytes: number) => void;
}

/** A page of a trail. */
export interface EventSlice {
  readonly events: readonly StoredEvent[];
  /** The place after which the next page begins; null if there are no more events now. */
  readonly nextAfter: number | null;
}

/** The append-only trail of every process. */
@Injectable()
export class EventLogService {
  private readonly writer: EventLogWriter;
  private readonly context: EventContext;
  private readonly ids = new TimeOrderedIds();
  private readonly observers = new Set<(correlationId: string) => void>();
  private readonly readBudget = new TurnBudget(TURN_BYTES);

  constructor(
    private readonly repository: EventLogRepository,
    private readonly queue: WriteQueueService,
    private readonly database: DatabaseService,
    @Inject(DATABASE_CONFIG) config: DatabaseConfig,
    @Inject(REDACTED_NAMES) redactedNames: readonly string[],
    @Inject(REDACTION_CONFIG) { paths }: RedactionConfig,
  ) {
    const redactor = new EventRedactor(redactedNames, config.eventLogMaxBytes, paths);
    this.context = { ...database.dialect, redactor };
    this.writer = new EventLogWriter(repository, this.context, (correlationId) => {
      for (const observer of this.observers) observer(correlationId);
    });
  }

  /**
   * Writes an event at the end of its process's trail; settles when it is durable.
   *
   * If the database refuses the content of an event, a row that says so is written instead.
   *
   * @throws WriteQueueFullError, WriteQueueClosedError
   */
  async logEvent(event: NewEvent, options: WriteOptions = {}): Promise<void> {
    const item = rowOf(event, this.context, this.ids, this.database.now());
    const write = { correlationId: event.correlationId, bytes: sizeOf(item), item };
    await this.queue.enqueue(this.writer, write, options);
  }

  /**
   * The trail of a process, oldest first.
   *
   * @throws DatabaseUnavailableError
   */
  async findEvents(correlationId: string, page: EventPage = {}): Promise<readonly StoredEvent[]> {
    const { after = 0, limit = DEFAULT_LIMIT } = page;
    const rows = await this.repository.findEvents(correlationId, after, limit);
    return rows.map((row) => eventOf(row, this.database.dialect));
  }

  /**
   * A page of the trail of a process, oldest first. Reads no more than fits. Many large pages at a time are read over
   * several turns of the event loop.
   *
   * @throws DatabaseUnavailableError, and what `reserve` throws
   */
  async findPage(correlationId: string, query: EventPageQuery): Promise<EventSlice> {
    const { after, limit, maxBytes, reserve } = query;
    const places = await this.repository.findPlaces(correlationId, after, limit + 1);
    const { count, bytes } = fitInto(places.slice(0, limit), maxBytes);
    if (count === 0) return { events: [], nextAfter: null };
    reserve?.(bytes);
    await this.readBudget.take(bytes);
    const rows = await this.repository.findEvents(correlationId, after, count);
    const events = rows.map((row) => eventOf(row, this.database.dialect));
    return { events, nextAfter: places.length > count ? (events.at(-1)?.seq ?? null) : null };
  }

  /**
   * The latest attempts of a step, the last one first.
   *
   * @throws DatabaseUnavailableError
   */
  async findAttempts(correlationId: string, stepName: string): Promise<readonly StepAttempt[]> {
    const rows = await this.repository.findAttempts(correlationId, stepName, LATEST_ATTEMPTS);
    return rows.map((row) => attemptOf(row, this.database.dialect));
  }

  /**
   * The places of the last events of trails; processes without events are missing.
   *
   * @throws DatabaseUnavailableError
   */
  findLastPlaces(correlationIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.repository.findLastPlaces(correlationIds);
  }

  /**
   * Calls a listener with the process of each row that this instance has committed. Rows of other instances are not
   * reported.
   *
   * @param listener must not throw
   * @returns a function that removes the listener
   */
  observe(listener: (correlationId: string) => void): () => void {
    this.observers.add(listener);
    return () => {
      this.observers.delete(listener);
    };
  }
}

function sizeOf({ values }: EventRow): number {
  return values.reduce<number>((sum, value) => {
    const content = typeof value === 'object' ? value?.value : value;
    return sum + (typeof content === 'string' ? bytesOf(content) : 0);
  }, ROW_BYTES);
}
