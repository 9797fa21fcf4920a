import type { Database, Statement } from 'better-sqlite3';
import type { DeploymentBundle } from '../../state/change-set.js';
import type { InstanceHistory } from '../../state/instance-history.types.js';
import type { ResourceRecord } from '../../state/records.types.js';
import { fromColumn } from './column.text.js';
import { ENDED_COLUMNS, endedRecord, type EndedRow } from './ended.columns.js';
import { readHistory } from './history.text.js';
import { LazyHistory } from './lazy.history.js';
import type { HistorySource } from './stored.instance.js';

/** Reads rows of the file by number or id. */
export class EngineFileReader implements HistorySource {
  private readonly parts: Statement<[number], string>;
  private readonly text: Statement<[number], string>;
  private readonly ended: Statement<[string], EndedRow>;

  constructor(private readonly db: Database) {
    this.parts = db
      .prepare<[number], string>('SELECT records FROM history_part WHERE seq = ? ORDER BY id')
      .pluck();
    this.text = db.prepare<[number], string>('SELECT content FROM large_text WHERE id = ?').pluck();
    this.ended = db.prepare(`SELECT ${ENDED_COLUMNS.join(', ')} FROM ended WHERE id = ?`);
  }

  partsOf(seq: number): readonly string[] {
    return this.parts.all(seq);
  }

  /** Returns a large text; empty if it was removed with a replaced record. */
  textOf(id: number): string {
    return fromColumn(this.text.get(id) ?? '');
  }

  /** The large texts of an instance, by number. */
  textsOf(seq: number): ReadonlyMap<number, string> {
    const rows = this.db
      .prepare<[number], { id: number; content: string }>('SELECT id, content FROM large_text WHERE seq = ?')
      .all(seq);
    return new Map(rows.map(({ id, content }) => [id, fromColumn(content)]));
  }

  endedRow(id: string): EndedRow | undefined {
    return this.ended.get(id);
  }

  /** The history of an ended instance; everything beyond its row is read on demand. */
  historyOf(row: EndedRow): InstanceHistory {
    const record = endedRecord(row);
    const hadIncident = row.had_incident === 1;
    return new LazyHistory(record, hadIncident, () =>
      readHistory(record, hadIncident, this.partsOf(row.seq), (id) => this.textOf(id)),
    );
  }

  lastNumber(table: 'running' | 'ended' | 'large_text', column: 'seq' | 'id'): number {
    return this.db.prepare<[], number>(`SELECT coalesce(max(${column}), 0) FROM ${table}`).pluck().get() ?? 0;
  }

  runningRows(): Iterable<{ readonly seq: number; readonly snapshot: string; readonly state: string }> {
    return this.db
      .prepare<[], { seq: number; snapshot: string; state: string }>(
        'SELECT seq, snapshot, state FROM running ORDER BY seq',
      )
      .iterate();
  }

  /** Sequence numbers of the running instances that have large texts. */
  runningWithTexts(): ReadonlySet<number> {
    const seqs = this.db
      .prepare<[], number>('SELECT DISTINCT seq FROM large_text WHERE seq IN (SELECT seq FROM running)')
      .pluck()
      .all();
    return new Set(seqs);
  }

  deployments(): readonly DeploymentBundle[] {
    const resources = this.db.prepare<[string], { document: string; bytes: Buffer }>(
      'SELECT document, bytes FROM resource WHERE deployment_id = ? ORDER BY position',
    );
    const documents = this.db
      .prepare<[], string>('SELECT document FROM deployment ORDER BY seq')
      .pluck()
      .all();
    return documents.map((document) => {
      const bundle = JSON.parse(document) as Omit<DeploymentBundle, 'resources'>;
      return {
        ...bundle,
        resources: resources
          .all(bundle.deployment.id)
          .map(({ document: resource, bytes }) => ({ ...(JSON.parse(resource) as ResourceRecord), bytes })),
      };
    });
  }
}
