import type { ChangeSet } from '../state/change-set.js';
import type { HistorySelection } from './history.selection.js';
import {
  type HistoricKind,
  type HistoricRecord,
  type InstanceHistory,
  newInstanceHistory,
  putHistoric,
} from '../state/instance-history.types.js';
import type { HistoricInstanceRecord } from '../state/records.types.js';

/** Histories of instances in memory, by id and by business key. */
export class HistoryCollection {
  private readonly instances = new Map<string, InstanceHistory>();
  private readonly byBusinessKey = new Map<string, Set<string>>();

  get(id: string): InstanceHistory | undefined {
    return this.instances.get(id);
  }

  /** Applies the history changes of a command. The owner removes histories. */
  apply(changes: ChangeSet): void {
    for (const record of changes.historicInstances.values()) this.putRecord(record);
    for (const record of changes.historicActivities.values()) this.putDetail('activities', record);
    for (const record of changes.historicVariables.values()) this.putDetail('variables', record);
    for (const record of changes.historicUserTasks.values()) this.putDetail('userTasks', record);
    for (const record of changes.externalTaskLog.values()) this.putDetail('taskLog', record);
    for (const record of changes.historicIncidents.values()) this.putDetail('incidents', record);
    for (const incident of changes.incidents.values()) {
      const history = incident === null ? undefined : this.instances.get(incident.processInstanceId);
      if (history !== undefined) history.hadIncident = true;
    }
  }

  put(history: InstanceHistory): void {
    const { id, businessKey } = history.record;
    this.instances.set(id, history);
    if (businessKey === null) return;
    const ids = this.byBusinessKey.get(businessKey) ?? new Set();
    this.byBusinessKey.set(businessKey, ids.add(id));
  }

  delete(id: string): void {
    const businessKey = this.instances.get(id)?.record.businessKey ?? null;
    this.instances.delete(id);
    if (businessKey === null) return;
    const ids = this.byBusinessKey.get(businessKey);
    ids?.delete(id);
    if (ids?.size === 0) this.byBusinessKey.delete(businessKey);
  }

  /** Returns the histories that a selection allows, by id or business key if it has any. */
  select({ ids, businessKeys }: HistorySelection): Iterable<InstanceHistory> {
    const named = ids ?? businessKeys?.flatMap((key) => [...(this.byBusinessKey.get(key) ?? [])]);
    if (named === undefined) return this.instances.values();
    return [...new Set(named)].flatMap((id) => this.instances.get(id) ?? []);
  }

  private putRecord(record: HistoricInstanceRecord): void {
    const known = this.instances.get(record.id);
    if (known === undefined) this.put(newInstanceHistory(record));
    else known.record = record;
  }

  private putDetail<K extends HistoricKind>(kind: K, record: HistoricRecord<K>): void {
    const history = this.instances.get(record.processInstanceId);
    if (history === undefined) return;
    putHistoric(history, kind, record);
    if (kind === 'incidents') history.hadIncident = true;
  }
}
