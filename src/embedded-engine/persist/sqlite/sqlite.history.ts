import type { Database } from 'better-sqlite3';
import { isLike } from '../../query/define/like.pattern.js';
import {
  HISTORIC_PROCESS_INSTANCE_QUERY,
  type HistoricInstanceQuery,
} from '../../query/historic-process-instance.query.js';
import { HistoryService, matchingHistories } from '../../history/history.service.js';
import { type HistorySelection, selectionOfInstances } from '../../history/history.selection.js';
import type { InstanceHistory } from '../../state/instance-history.types.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { fromColumn } from './column.text.js';
import { endedRecord, type EndedRow } from './ended.columns.js';
import {
  type Condition,
  conditionsOf,
  conditionsOfSelection,
  countEnded,
  selectEnded,
  type SqlValue,
} from './ended.query.js';
import type { EngineFileReader } from './engine-file.reader.js';
import { LazyHistory } from './lazy.history.js';
import type { StoredInstance } from './stored.instance.js';
import type { StoredInstances } from './stored.instances.js';

/** An instance with its place in the order of starts. */
interface Placed {
  readonly seq: number;
  readonly record: HistoricInstanceRecord;
}

/**
 * History of the instances in memory, which run or ended since the last write, and of those in the file. One that is
 * in both, because something changed of it after its end, counts as it is in memory.
 */
export class SqliteHistory extends HistoryService {
  constructor(
    private readonly db: Database,
    private readonly file: EngineFileReader,
    private readonly held: StoredInstances,
  ) {
    super();
    db.function('is_like', { deterministic: true }, (text: unknown, pattern: unknown) =>
      isLike(fromColumn(text as string | null), pattern as string) ? 1 : 0,
    );
  }

  override findInstance(id: string): HistoricInstanceRecord | null {
    const held = this.held.get(id);
    if (held !== undefined) return held.record;
    const row = this.file.endedRow(id);
    return row === undefined || this.held.deleted.has(row.seq) ? null : endedRecord(row);
  }

  /** Pages and sorts in SQL, unless the filters need more than the columns. */
  protected override findInstances(query: HistoricInstanceQuery): readonly HistoricInstanceRecord[] {
    const { conditions, complete } = conditionsOf(query);
    if (!complete) return super.findInstances(query);
    const { sorting, firstResult = 0, maxResults = Infinity } = query;
    const { sql, values } = selectEnded(this.notHeld(conditions), sorting, firstResult + maxResults);
    const rows = this.db.prepare<SqlValue[], EndedRow>(sql).all(...values);
    const ended: readonly Placed[] = rows.map((row) => ({ seq: row.seq, record: endedRecord(row) }));
    const found = [...ended, ...this.matchingHeld(query)].sort(bySeq).map(({ record }) => record);
    return HISTORIC_PROCESS_INSTANCE_QUERY.page(found, query);
  }

  protected override countInstances(query: HistoricInstanceQuery): number {
    const { conditions, complete } = conditionsOf(query);
    if (!complete) return super.countInstances(query);
    const { sql, values } = countEnded(this.notHeld(conditions));
    const ended =
      this.db
        .prepare<SqlValue[], number>(sql)
        .pluck()
        .get(...values) ?? 0;
    return ended + this.matchingHeld(query).length;
  }

  protected override histories(selection: HistorySelection): Iterable<InstanceHistory> {
    return this.inOrder(this.heldOf(selection), conditionsOfSelection(selection));
  }

  /** Leaves to the filters in memory only what SQL cannot decide. */
  protected override matchingInstances(query: HistoricInstanceQuery): Iterable<InstanceHistory> {
    const held = this.heldOf(selectionOfInstances(query));
    return matchingHistories(this.inOrder(held, conditionsOf(query).conditions), query);
  }

  /** Those in memory and those of the file that meet the conditions, in the order of their start. */
  private *inOrder(
    held: readonly StoredInstance[],
    conditions: readonly Condition[],
  ): Iterable<InstanceHistory> {
    let next = 0;
    const { sql, values } = selectEnded(this.notHeld(conditions));
    for (const row of this.db.prepare<SqlValue[], EndedRow>(sql).iterate(...values)) {
      for (let first = held[next]; first !== undefined && first.seq < row.seq; first = held[next]) {
        next += 1;
        yield this.historyOf(first);
      }
      yield this.file.historyOf(row);
    }
    for (const instance of held.slice(next)) yield this.historyOf(instance);
  }

  private historyOf(instance: StoredInstance): InstanceHistory {
    const { record, hadIncident } = instance;
    return new LazyHistory(record, hadIncident, () => instance.history(this.file));
  }

  private matchingHeld(query: HistoricInstanceQuery): readonly Placed[] {
    const held = this.heldOf(selectionOfInstances(query));
    const seqs = new Map(held.map(({ id, seq }) => [id, seq]));
    const histories = held.map((instance) => this.historyOf(instance));
    return Array.from(matchingHistories(histories, query), ({ record }) => ({
      seq: seqs.get(record.id) ?? 0,
      record,
    }));
  }

  /** The instances in memory that a selection leaves, in the order of their start. */
  private heldOf({ ids, businessKeys }: HistorySelection): readonly StoredInstance[] {
    const held =
      ids?.flatMap((id) => this.held.get(id) ?? []) ??
      businessKeys?.flatMap((key) => [...this.held.ofBusinessKey(key)]) ??
      this.held.all();
    return [...new Set(held)].sort(bySeq);
  }

  /** Leaves out those rows of the file that memory knows better. */
  private notHeld(conditions: readonly Condition[]): readonly Condition[] {
    const changed = this.held.changedInFile();
    if (changed.length === 0) return conditions;
    return [
      ...conditions,
      { sql: 'seq NOT IN (SELECT value FROM json_each(?))', values: [JSON.stringify(changed)] },
    ];
  }
}

function bySeq(a: { readonly seq: number }, b: { readonly seq: number }): number {
  return a.seq - b.seq;
}
