import { Injectable } from '@nestjs/common';
import { columnText } from '../common/columns/index.js';
import {
  DatabaseService,
  type SqlDialect,
  type SqlExecutor,
  type WriteKind,
  WriteQueueService,
} from '../database/index.js';

/** A task that was running when a process died. */
export interface DeadDelivery {
  readonly taskId: string;
  readonly topic: string;
}

/** What is written: deaths of one life of the service, or the end of a count; and what is too old to matter. */
type DeliveryWrite =
  | { readonly kind: 'count'; readonly life: string; readonly deaths: readonly DeadDelivery[] }
  | { readonly kind: 'forget'; readonly taskId: string };

/** A count that nothing has changed for this long is of a task that is gone. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

/** Bytes of a write, about. */
const WRITE_BYTES = 512;

/** The statements of `task_delivery`; no other place has any. */
@Injectable()
export class TaskDeliveryRepository implements WriteKind<DeliveryWrite, null> {
  readonly name = 'task_delivery';
  private readonly dialect: SqlDialect;

  constructor(
    private readonly database: DatabaseService,
    private readonly writes: WriteQueueService,
  ) {
    this.dialect = database.dialect;
  }

  /**
   * Counts a death for each task, once for each life of the service; waits no longer than `WRITE_WAIT_MS`.
   *
   * @throws WriteUnconfirmedError and other errors of the write queue
   */
  async count(life: string, deaths: readonly DeadDelivery[]): Promise<void> {
    await this.enqueue({ kind: 'count', life, deaths }, deaths.length);
  }

  /** Deletes the count of a task. */
  async forget(taskId: string): Promise<void> {
    await this.enqueue({ kind: 'forget', taskId }, 1);
  }

  /** All counts. */
  async all(): Promise<readonly { readonly taskId: string; readonly deaths: number }[]> {
    const rows = await this.database.read('SELECT task_id, deaths FROM task_delivery');
    return rows.map(({ task_id: taskId, deaths }) => ({ taskId: String(taskId), deaths: Number(deaths) }));
  }

  async write(sql: SqlExecutor, items: readonly DeliveryWrite[]): Promise<readonly null[]> {
    for (const item of items) {
      if (item.kind === 'forget') {
        await sql.execute('DELETE FROM task_delivery WHERE task_id = ?', [item.taskId]);
      } else {
        for (const death of item.deaths) await this.countOne(sql, item.life, death);
        const old = this.dialect.time(new Date(Date.now() - KEPT_MS));
        await sql.execute('DELETE FROM task_delivery WHERE updated_at < ?', [old]);
      }
    }
    return items.map(() => null);
  }

  private async countOne(sql: SqlExecutor, life: string, { taskId, topic }: DeadDelivery): Promise<void> {
    const now = this.dialect.time(new Date());
    const [row] = await sql.query('SELECT last_life FROM task_delivery WHERE task_id = ?', [taskId]);
    if (row === undefined) {
      await sql.execute(
        'INSERT INTO task_delivery (task_id, topic, deaths, last_life, updated_at) VALUES (?,?,1,?,?)',
        [taskId, columnText(topic, 255), life, now],
      );
    } else if (row.last_life !== life) {
      await sql.execute(
        'UPDATE task_delivery SET deaths = deaths + 1, last_life = ?, updated_at = ? WHERE task_id = ?',
        [life, now, taskId],
      );
    }
  }

  private enqueue(item: DeliveryWrite, rows: number): Promise<null> {
    const correlationId = item.kind === 'count' ? item.life : item.taskId;
    const write = { correlationId, bytes: WRITE_BYTES * rows, item };
    return this.writes.enqueue(
      this,
      write,
      item.kind === 'count' ? { onTimeout: 'detach' } : { deferrable: true },
    );
  }
}
