import { Injectable } from '@nestjs/common';
import { columnText } from '../common/columns/index.js';
import {
  DatabaseService,
  type SqlDialect,
  type SqlExecutor,
  type WriteKind,
  WriteQueueService,
} from '../database/index.js';

/** A task that was running when a process of this service crashed. */
export interface InterruptedTask {
  readonly taskId: string;
  readonly topic: string;
}

/** A write: counts the tasks that one crash of the service interrupted, or deletes the count of a task. */
type DeliveryWrite =
  | { readonly kind: 'count'; readonly life: string; readonly tasks: readonly InterruptedTask[] }
  | { readonly kind: 'forget'; readonly taskId: string };

/** A count that has not changed for this long belongs to a task that no longer exists. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

/** Approximate size of a write, in bytes. */
const WRITE_BYTES = 512;

/** The statements of `task_delivery`, and the kind of its writes. */
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
   * Counts a crash for each task, once per process of the service; waits no longer than `WRITE_WAIT_MS`.
   *
   * @param life id of the crashed process
   * @throws WriteUnconfirmedError and other errors of the write queue
   */
  async count(life: string, tasks: readonly InterruptedTask[]): Promise<void> {
    await this.enqueue({ kind: 'count', life, tasks }, tasks.length);
  }

  /** Deletes the count of a task. */
  async forget(taskId: string): Promise<void> {
    await this.enqueue({ kind: 'forget', taskId }, 1);
  }

  /** All counts. */
  async all(): Promise<readonly { readonly taskId: string; readonly crashes: number }[]> {
    const rows = await this.database.read('SELECT task_id, deaths FROM task_delivery');
    return rows.map(({ task_id: taskId, deaths }) => ({ taskId: String(taskId), crashes: Number(deaths) }));
  }

  async write(sql: SqlExecutor, items: readonly DeliveryWrite[]): Promise<readonly null[]> {
    for (const item of items) {
      if (item.kind === 'forget') {
        await sql.execute('DELETE FROM task_delivery WHERE task_id = ?', [item.taskId]);
      } else {
        for (const task of item.tasks) await this.countOne(sql, item.life, task);
        const old = this.dialect.time(new Date(this.database.now().getTime() - KEPT_MS));
        await sql.execute('DELETE FROM task_delivery WHERE updated_at < ?', [old]);
      }
    }
    return items.map(() => null);
  }

  private async countOne(sql: SqlExecutor, life: string, { taskId, topic }: InterruptedTask): Promise<void> {
    const now = this.dialect.time(this.database.now());
    const [row] = await sql.query('SELECT last_life FROM task_delivery WHERE task_id = ?', [taskId]);
    if (row === undefined) {
      await sql.execute(
        'INSERT INTO task_delivery (task_id, topic, deaths, last_life, updated_at) VALUES (?,?,1,?,?)',
        [taskId, columnText(topic, 255), life, now],
      );
    } else if (row.last_life !== life) {
      await sql.execute(
        // The life again: an earlier attempt at this write, whose commit was in doubt, may have committed since the read.
        'UPDATE task_delivery SET deaths = deaths + 1, last_life = ?, updated_at = ? WHERE task_id = ? AND last_life <> ?',
        [life, now, taskId, life],
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
