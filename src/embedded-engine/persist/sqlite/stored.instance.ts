import type { InstanceSnapshot } from '../../state/instance.snapshot.js';
import type { SnapshotSource } from '../../state/change-set.js';
import type { HistoricKind, HistoricRecord, InstanceHistory } from '../../state/instance-history.types.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { encodeHistoricRecord, readHistory, visitHistory } from './history.text.js';
import { toJsonSafe } from './json.text.js';
import { LargeTexts, type TextNumbers } from './large.texts.js';
import { fieldsOf } from './record.codec.js';
import { encodeWaitStates, newWaitStates, type WaitStates } from './wait.states.js';
import { INSTANCE_CODEC } from './record.codecs.js';

/** Provides the history of a {@link StoredInstance} that is in the file. */
export interface HistorySource {
  partsOf(seq: number): readonly string[];
  textOf(id: number): string;
}

/** The state of a running instance in the file, without its snapshot. */
export type StateDocument = readonly [format: 1, record: unknown, hadIncident: boolean, waitStates: unknown];

/** One instance in the store: the records that it waits for, and its history as text. */
export class StoredInstance {
  /** Whether it has not ended. */
  isRunning = false;
  readonly waitStates: WaitStates = newWaitStates();
  hadIncident = false;
  /** Whether the file has a row for its state. */
  isWritten = false;
  /** Whether the file has it as an ended instance and it has changed since. */
  isReopened = false;
  /** The engine's state of it, if the file does not have that state yet. */
  private source: SnapshotSource | null = null;
  /** History that is not in the file yet. */
  private unwritten: unknown[] = [];
  private largeTexts: LargeTexts | null = null;

  constructor(
    /** Its number in the order of starts. */
    readonly seq: number,
    public record: HistoricInstanceRecord,
    private readonly numbers: TextNumbers,
  ) {}

  get id(): string {
    return this.record.id;
  }

  /** Takes a new state of the running instance. */
  update(source: SnapshotSource): void {
    this.isRunning = true;
    this.source = source;
  }

  ends(): void {
    this.isRunning = false;
    this.source = null;
  }

  addHistory<K extends HistoricKind>(kind: K, record: HistoricRecord<K>): void {
    this.unwritten.push(this.encodeHistoric(kind, record));
  }

  /** The history that is not in the file yet, as JSON without brackets. */
  unwrittenHistory(): string {
    return this.unwritten.length === 0 ? '' : JSON.stringify(this.unwritten).slice(1, -1);
  }

  /** The snapshot that is not in the file yet, as JSON; null if the file has the latest. */
  unwrittenSnapshot(): string | null {
    return this.source === null ? null : JSON.stringify(this.encode('snapshot', this.source.snapshot()));
  }

  /** The {@link StateDocument} as JSON. */
  stateDocument(): string {
    const fields = fieldsOf(this.record);
    const document: StateDocument = [
      1,
      INSTANCE_CODEC.encode(this.record, fields),
      this.hadIncident,
      encodeWaitStates(this.waitStates, fields),
    ];
    return JSON.stringify(this.encode('state', document));
  }

  /** Marks everything as written. */
  markWritten(): void {
    this.source = null;
    this.unwritten = [];
    this.isWritten = this.isRunning;
    this.isReopened = false;
  }

  /** Adds the large texts of the file and their references. */
  restoreTexts(texts: ReadonlyMap<number, string>, snapshot: InstanceSnapshot, file: HistorySource): void {
    for (const [id, text] of texts) this.ensureLargeTexts().add(id, text);
    this.encode('snapshot', snapshot);
    this.stateDocument();
    visitHistory(this.history(file), (kind, record) => {
      this.encodeHistoric(kind, record);
    });
  }

  /** Returns the large texts; created on first use. */
  ensureLargeTexts(): LargeTexts {
    this.largeTexts ??= new LargeTexts(this.numbers);
    return this.largeTexts;
  }

  get texts(): LargeTexts | null {
    return this.largeTexts;
  }

  /** Its history, parsed from its texts. */
  history(file: HistorySource): InstanceHistory {
    return readHistory(
      this.record,
      this.hadIncident,
      [...file.partsOf(this.seq), this.unwrittenHistory()],
      (id) => this.largeTexts?.read(id) ?? file.textOf(id),
    );
  }

  private encodeHistoric<K extends HistoricKind>(kind: K, record: HistoricRecord<K>): unknown {
    return this.encode(record.id, encodeHistoricRecord(kind, record, fieldsOf(this.record)));
  }

  /** @param part the part of the instance that refers to the large texts of the value */
  private encode(part: string, value: unknown): unknown {
    const used: number[] = [];
    const encoded = toJsonSafe(value, (text) => {
      const id = this.ensureLargeTexts().keep(text);
      used.push(id);
      return id;
    });
    this.largeTexts?.setReferences(part, used);
    return encoded;
  }
}
