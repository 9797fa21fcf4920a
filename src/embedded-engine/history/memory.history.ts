import type { ChangeSet } from '../state/change-set.js';
import { HistoryCollection } from './history.collection.js';
import { HistoryService } from './history.service.js';
import type { HistorySelection } from './history.selection.js';
import type { InstanceHistory } from '../state/instance-history.types.js';
import type { HistoricInstanceRecord } from '../state/records.types.js';

/**
 * Default number of ended instances whose history is kept. One of four tasks takes about 3.5 kB (measured by `npm run
 * bench:engine`), so 20 000 take about 70 MB.
 */
const DEFAULT_MAX_ENDED = 20_000;

/** Default memory limit of ended instances, in bytes, approximately: their variables may be large. */
const DEFAULT_MAX_ENDED_BYTES = 96 * 1_024 * 1_024;

/** Approximate size of an instance or record in memory, without its texts. */
const RECORD_BYTES = 300;

/** History in memory, by instance. Beyond a limit the oldest ended instances are removed. */
export class MemoryHistory extends HistoryService {
  private readonly collection = new HistoryCollection();
  /** Ids of ended instances in the order of their end, with their size in bytes. */
  private readonly ended = new Map<string, number>();
  private endedBytes = 0;

  /**
   * @param maxEnded ended instances that are kept
   * @param maxEndedBytes what they may take
   */
  constructor(
    private readonly maxEnded = DEFAULT_MAX_ENDED,
    private readonly maxEndedBytes = DEFAULT_MAX_ENDED_BYTES,
  ) {
    super();
  }

  apply(changes: ChangeSet): void {
    this.collection.apply(changes);
    for (const id of changes.deletedHistories) this.delete(id);
    for (const { id, endTime } of changes.historicInstances.values())
      if (endTime !== null) this.noteEnded(id);
    for (const id of this.ended.keys()) {
      if (this.ended.size <= this.maxEnded && this.endedBytes <= this.maxEndedBytes) break;
      this.delete(id);
    }
  }

  override findInstance(id: string): HistoricInstanceRecord | null {
    return this.collection.get(id)?.record ?? null;
  }

  protected override histories(selection: HistorySelection): Iterable<InstanceHistory> {
    return this.collection.select(selection);
  }

  private noteEnded(id: string): void {
    const history = this.collection.get(id);
    if (history === undefined) return;
    const bytes = bytesOf(history);
    this.endedBytes += bytes - (this.ended.get(id) ?? 0);
    this.ended.set(id, bytes);
  }

  private delete(id: string): void {
    this.collection.delete(id);
    this.endedBytes -= this.ended.get(id) ?? 0;
    this.ended.delete(id);
  }
}

function bytesOf({ activities, variables, incidents, userTasks, taskLog }: InstanceHistory): number {
  const records =
    activities.size + variables.size + (incidents?.size ?? 0) + (userTasks?.size ?? 0) + (taskLog?.size ?? 0);
  let bytes = RECORD_BYTES * (1 + records);
  for (const { value } of variables.values()) bytes += bytesOfText(value.value);
  for (const { errorDetails } of taskLog?.values() ?? []) bytes += bytesOfText(errorDetails);
  return bytes;
}

function bytesOfText(value: unknown): number {
  return typeof value === 'string' ? 2 * value.length : 0;
}
