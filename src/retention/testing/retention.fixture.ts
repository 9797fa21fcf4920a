import type { RetentionConfig } from '../../config/index.js';
import { inBatches, placeholders, type SqlRow, type SqlValue } from '../../database/index.js';
import { type DatabaseFixture, openDatabase } from '../../database/testing/database.fixture.js';
import { EventArchiveRepository } from '../../event-log/index.js';
import { ProcessMessageRepository } from '../../process-message/index.js';
import {
  type OutcomeOrigin,
  ProcessArchiveRepository,
  ProcessStoreService,
} from '../../process-store/index.js';
import { ProcessStartRepository } from '../../process-store/process-start.repository.js';
import { ProcessStoreRepository } from '../../process-store/process-store.repository.js';
import { WorkLeaseRepository } from '../../work-lease/work-lease.repository.js';
import { WorkLeaseService } from '../../work-lease/work-lease.service.js';
import { RetentionPace } from '../retention.pace.js';
import { RetentionService } from '../retention.service.js';
import { RetentionWriter } from '../retention.writer.js';

const DAY_MS = 86_400_000;

/** A row for a test; members that are absent are those of a process that ended well 40 days ago. */
interface SeededProcess {
  readonly correlationId: string;
  readonly claimId?: string;
  readonly status?: string;
  readonly errorCode?: string | null;
  readonly outcomeOrigin?: OutcomeOrigin | null;
  readonly ageDays?: number;
  readonly startNextAt?: Date | null;
}

/** Events of a trail, from place 1. */
interface SeededTrail {
  readonly correlationId: string;
  readonly events: number;
  readonly ageDays?: number;
}

/** A service of retention beside others over the same database. */
export interface RetentionInstance {
  readonly service: RetentionService;
  readonly processes: ProcessArchiveRepository;
  readonly messages: ProcessMessageRepository;
  readonly events: EventArchiveRepository;
}

/** No lease stops a run: two at the same time must be harmless, because a paused instance does not notice its loss. */
class WithoutLeases extends WorkLeaseRepository {
  override get isSoleUser(): boolean {
    return true;
  }
}

/** A database with old rows, and retention over it, without its pauses. */
export class RetentionFixture {
  private keys = 0;

  private constructor(readonly database: DatabaseFixture) {}

  static async open(): Promise<RetentionFixture> {
    return new RetentionFixture(await openDatabase());
  }

  /** Retention over a database that is open. */
  static over(database: DatabaseFixture): RetentionFixture {
    return new RetentionFixture(database);
  }

  /** Another start of the service on the same database. */
  async reopen(): Promise<RetentionFixture> {
    return new RetentionFixture(await this.database.reopen());
  }

  instance(
    config: RetentionConfig = { days: 30, mode: 'archive' },
    store: ProcessStoreService = this.store(),
  ): RetentionInstance {
    const { database, queue, shutdown } = this.database;
    const processes = new ProcessArchiveRepository(database);
    const events = new EventArchiveRepository(database);
    const writer = new RetentionWriter(processes, events, store, database, config);
    const pace = new RetentionPace(queue, shutdown, 1);
    const messages = new ProcessMessageRepository(database, queue);
    const leases = new WorkLeaseService(new WithoutLeases(database, queue), shutdown);
    const service = new RetentionService(
      processes,
      messages,
      events,
      queue,
      writer,
      pace,
      config,
      leases,
      shutdown,
    );
    return { service, processes, messages, events };
  }

  store(): ProcessStoreService {
    const { database, queue, config, shutdown } = this.database;
    return new ProcessStoreService(
      new ProcessStoreRepository(database),
      new ProcessStartRepository(database),
      queue,
      database,
      config,
      shutdown,
    );
  }

  async seed(...rows: readonly SeededProcess[]): Promise<void> {
    const values = rows.map((row) => {
      const { status = 'ok', errorCode = null, outcomeOrigin = null, ageDays = 40, startNextAt = null } = row;
      this.keys += 1;
      const claimId = row.claimId ?? `claim-${this.keys}`;
      return [
        row.correlationId,
        status,
        errorCode,
        outcomeOrigin,
        this.ago(ageDays),
        this.ago(ageDays),
        claimId,
        startNextAt === null ? null : this.database.database.dialect.time(startNextAt),
      ] as const;
    });
    await this.insert(
      'process_store (correlation_id, status, error_code, outcome_origin, started_at, updated_at, claim_id, start_next_at, version, start_attempts, joined)',
      values.map((row) => [...row, 1, 1, 0]),
    );
  }

  async trail(...trails: readonly SeededTrail[]): Promise<void> {
    const values = trails.flatMap(({ correlationId, events, ageDays = 40 }) =>
      Array.from({ length: events }, (_, index) => {
        this.keys += 1;
        return [correlationId, index + 1, `event-${this.keys}`, 'step', 'ok', this.ago(ageDays)] as const;
      }),
    );
    await this.insert('event_log (correlation_id, seq, event_key, step_name, status, created_at)', values);
  }

  /** Ids of a table, each as often as it is there. */
  async idsOf(table: string): Promise<readonly string[]> {
    const rows = await this.rows(`SELECT correlation_id FROM ${table} ORDER BY correlation_id`);
    return rows.map((row) => row.correlation_id as string);
  }

  rows(sql: string): Promise<readonly SqlRow[]> {
    return this.database.database.read(sql);
  }

  /** Changes a row as another part of the service would. */
  async execute(sql: string): Promise<void> {
    await this.database.connection.transaction((executor) => executor.execute(sql));
  }

  private ago(days: number): SqlValue {
    return this.database.database.dialect.time(new Date(Date.now() - days * DAY_MS));
  }

  private async insert(target: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const { maxParameters } = this.database.database.dialect;
    await this.database.connection.transaction(async (sql) => {
      for (const part of inBatches(rows, rows[0]?.length ?? 1, maxParameters)) {
        const places = part.map((row) => placeholders(row.length)).join(',');
        await sql.execute(`INSERT INTO ${target} VALUES ${places}`, part.flat());
      }
    });
  }
}
