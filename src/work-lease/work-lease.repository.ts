import { Injectable } from '@nestjs/common';
import {
  DatabaseService,
  type SqlDialect,
  type SqlExecutor,
  type WriteKind,
  WriteQueueService,
} from '../database/index.js';

/** A holder of a work, and the number of its lease. */
export interface WorkHolder {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
}

type LeaseWrite =
  | { readonly type: 'take'; readonly name: string; readonly owner: string; readonly leaseMs: number }
  | { readonly type: 'renew'; readonly holder: WorkHolder; readonly leaseMs: number }
  | { readonly type: 'release'; readonly holder: WorkHolder };

/** Approximate size of a write, in bytes. */
const WRITE_BYTES = 256;

const OF_HOLDER = 'name = ? AND owner = ? AND fence = ?';

/** The statements of `work_lease`; all times are those of the database. */
@Injectable()
export class WorkLeaseRepository implements WriteKind<LeaseWrite, number | null> {
  readonly name = 'work_lease';
  private readonly dialect: SqlDialect;

  constructor(
    private readonly database: DatabaseService,
    private readonly writes: WriteQueueService,
  ) {
    this.dialect = database.dialect;
  }

  /** True if no other process can use the database, so that all work is this one's. */
  get isSoleUser(): boolean {
    return this.dialect.exclusive;
  }

  /** True if another instance holds the lease now. @throws DatabaseUnavailableError */
  async isHeldByOther(name: string, owner: string): Promise<boolean> {
    const rows = await this.database.read(
      `SELECT fence FROM work_lease WHERE name = ? AND owner <> ? AND lease_until > ${this.dialect.nowPlusMs}`,
      [name, owner, 0],
    );
    return rows.length > 0;
  }

  /** Takes a free or expired lease; returns its fence, or null if another owner holds it. */
  take(name: string, owner: string, leaseMs: number): Promise<number | null> {
    return this.enqueue(name, { type: 'take', name, owner, leaseMs });
  }

  /** Renews a lease; null if it was taken over. */
  renew(holder: WorkHolder, leaseMs: number): Promise<number | null> {
    return this.enqueue(holder.name, { type: 'renew', holder, leaseMs });
  }

  /** Ends a lease, so that another instance takes it at once. */
  async release(holder: WorkHolder): Promise<void> {
    await this.enqueue(holder.name, { type: 'release', holder });
  }

  async write(sql: SqlExecutor, items: readonly LeaseWrite[]): Promise<readonly (number | null)[]> {
    const fences: (number | null)[] = [];
    for (const item of items) fences.push(await this.writeOne(sql, item));
    return fences;
  }

  private async writeOne(sql: SqlExecutor, item: LeaseWrite): Promise<number | null> {
    const { nowPlusMs } = this.dialect;
    switch (item.type) {
      case 'take': {
        const { name, owner, leaseMs } = item;
        const taken = await this.change(
          sql,
          `owner = ?, fence = fence + 1, lease_until = ${nowPlusMs}`,
          // Our own lease: we have forgotten it, or an earlier attempt at this write committed.
          `name = ? AND (owner IS NULL OR owner = ? OR lease_until IS NULL OR lease_until <= ${nowPlusMs})`,
          [owner, leaseMs, name, owner, 0],
        );
        return taken ?? (await this.insert(sql, name, owner, leaseMs));
      }
      case 'renew': {
        const { name, owner, fence } = item.holder;
        return this.change(sql, `lease_until = ${nowPlusMs}`, OF_HOLDER, [item.leaseMs, name, owner, fence]);
      }
      case 'release': {
        const { name, owner, fence } = item.holder;
        return this.change(sql, 'owner = NULL, lease_until = NULL', OF_HOLDER, [name, owner, fence]);
      }
    }
  }

  /** Inserts the first lease of a work; null if the work has a row. */
  private async insert(
    sql: SqlExecutor,
    name: string,
    owner: string,
    leaseMs: number,
  ): Promise<number | null> {
    const { rows } = await this.dialect.insertNew(
      sql,
      {
        table: 'work_lease',
        columns: 'name, owner, fence, lease_until',
        row: `(?,?,?,${this.dialect.nowPlusMs})`,
        parameters: [[name, owner, 1, leaseMs]],
        returning: 'fence',
      },
      { sql: 'SELECT fence FROM work_lease WHERE name = ?', parameters: [name] },
    );
    return rows.length === 0 ? null : 1;
  }

  private async change(
    sql: SqlExecutor,
    set: string,
    where: string,
    parameters: readonly (string | number)[],
  ): Promise<number | null> {
    const update = this.dialect.update({ table: 'work_lease', set, where, returning: 'fence' });
    const [row] = await sql.query(update, parameters);
    return row === undefined ? null : Number(row.fence);
  }

  private enqueue(name: string, item: LeaseWrite): Promise<number | null> {
    const write = { correlationId: `work ${name}`, bytes: WRITE_BYTES, item };
    // While the database is away the work pauses, and a later round asks again.
    return this.writes.enqueue(this, write, { onTimeout: 'cancel' });
  }
}
