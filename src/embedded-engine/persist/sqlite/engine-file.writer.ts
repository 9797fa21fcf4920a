import type { Database, Statement } from 'better-sqlite3';
import type { DeploymentBundle } from '../../state/change-set.js';
import { toColumn } from './column.text.js';
import { ENDED_COLUMNS, endedValues } from './ended.columns.js';
import type { StoredInstance } from './stored.instance.js';

/** Writes changes to the file; the caller has opened a transaction. */
export class EngineFileWriter {
  private readonly putRunning: Statement<[number, string, string]>;
  private readonly putState: Statement<[string, number]>;
  private readonly deleteRunning: Statement<[number]>;
  private readonly putEnded: Statement;
  private readonly deleteEnded: Statement<[number]>;
  private readonly insertPart: Statement<[number, string]>;
  private readonly deleteParts: Statement<[number]>;
  private readonly insertText: Statement<[number, number, string]>;
  private readonly deleteText: Statement<[number]>;
  private readonly deleteTexts: Statement<[number]>;
  private readonly putDeployment: Statement<[string, string]>;
  private readonly deleteDeployment: Statement<[string]>;
  private readonly putResource: Statement<[string, number, string, Buffer]>;
  private readonly deleteResources: Statement<[string]>;

  constructor(db: Database) {
    this.putRunning = db.prepare(
      'INSERT INTO running (seq, snapshot, state) VALUES (?, ?, ?) ' +
        'ON CONFLICT (seq) DO UPDATE SET snapshot = excluded.snapshot, state = excluded.state',
    );
    this.putState = db.prepare('UPDATE running SET state = ? WHERE seq = ?');
    this.deleteRunning = db.prepare('DELETE FROM running WHERE seq = ?');
    this.putEnded = db.prepare(
      `REPLACE INTO ended (${ENDED_COLUMNS.join(', ')}) VALUES (${ENDED_COLUMNS.map(() => '?').join(', ')})`,
    );
    this.deleteEnded = db.prepare('DELETE FROM ended WHERE seq = ?');
    this.insertPart = db.prepare('INSERT INTO history_part (seq, records) VALUES (?, ?)');
    this.deleteParts = db.prepare('DELETE FROM history_part WHERE seq = ?');
    this.insertText = db.prepare('INSERT INTO large_text (id, seq, content) VALUES (?, ?, ?)');
    this.deleteText = db.prepare('DELETE FROM large_text WHERE id = ?');
    this.deleteTexts = db.prepare('DELETE FROM large_text WHERE seq = ?');
    this.putDeployment = db.prepare(
      'INSERT INTO deployment (id, document) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document',
    );
    this.deleteDeployment = db.prepare('DELETE FROM deployment WHERE id = ?');
    this.putResource = db.prepare(
      'INSERT INTO resource (deployment_id, position, document, bytes) VALUES (?, ?, ?, ?)',
    );
    this.deleteResources = db.prepare('DELETE FROM resource WHERE deployment_id = ?');
  }

  /** Writes an instance: one row while it runs, a row of columns after its end, and its new history. */
  write(instance: StoredInstance): void {
    if (instance.isRunning) this.writeRunning(instance);
    else this.writeEnded(instance);
    const history = instance.unwrittenHistory();
    if (history !== '') this.insertPart.run(instance.seq, history);
    instance.texts?.flush({
      insert: (id, text) => this.insertText.run(id, instance.seq, toColumn(text)),
      remove: (id) => this.deleteText.run(id),
    });
    instance.markWritten();
  }

  /** Removes everything of an instance. */
  remove(seq: number): void {
    this.deleteRunning.run(seq);
    this.deleteEnded.run(seq);
    this.deleteParts.run(seq);
    this.deleteTexts.run(seq);
  }

  writeDeployment(id: string, bundle: DeploymentBundle | null): void {
    this.deleteResources.run(id);
    if (bundle === null) {
      this.deleteDeployment.run(id);
      return;
    }
    const { deployment, definitions } = bundle;
    this.putDeployment.run(id, JSON.stringify({ deployment, definitions }));
    bundle.resources.forEach(({ bytes, ...resource }, position) => {
      this.putResource.run(id, position, JSON.stringify(resource), bytes);
    });
  }

  private writeRunning(instance: StoredInstance): void {
    const snapshot = instance.unwrittenSnapshot();
    if (snapshot === null) this.putState.run(instance.stateDocument(), instance.seq);
    else this.putRunning.run(instance.seq, snapshot, instance.stateDocument());
  }

  private writeEnded({ seq, record, hadIncident, isWritten, texts }: StoredInstance): void {
    this.putEnded.run(...endedValues(seq, record, hadIncident));
    if (isWritten) this.deleteRunning.run(seq);
    for (const part of ['snapshot', 'state']) texts?.setReferences(part, []);
  }
}
