import type {
  ExternalTaskLogRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
} from './records.types.js';

/** The records of an instance's history, by kind; the kinds are members of {@link InstanceHistory}. */
interface HistoricRecords {
  readonly activities: HistoricActivityRecord;
  readonly variables: HistoricVariableRecord;
  readonly incidents: HistoricIncidentRecord;
  readonly userTasks: HistoricUserTaskRecord;
  readonly taskLog: ExternalTaskLogRecord;
}

export type HistoricKind = keyof HistoricRecords;
export type HistoricRecord<K extends HistoricKind = HistoricKind> = HistoricRecords[K];

/** The history of one instance. */
export interface InstanceHistory {
  record: HistoricInstanceRecord;
  readonly activities: Map<string, HistoricActivityRecord>;
  readonly variables: Map<string, HistoricVariableRecord>;
  /** Null while empty: without empty maps a waiting instance takes less memory. */
  incidents: Map<string, HistoricIncidentRecord> | null;
  userTasks: Map<string, HistoricUserTaskRecord> | null;
  taskLog: Map<string, ExternalTaskLogRecord> | null;
  /** Whether it ever had an incident, open or resolved. */
  hadIncident: boolean;
}

export function newInstanceHistory(record: HistoricInstanceRecord): InstanceHistory {
  return {
    record,
    activities: new Map(),
    variables: new Map(),
    incidents: null,
    userTasks: null,
    taskLog: null,
    hadIncident: false,
  };
}

/** Adds a record, or replaces the one with its id. */
export function putHistoric<K extends HistoricKind>(
  history: InstanceHistory,
  kind: K,
  record: HistoricRecord<K>,
): void {
  const records = history as Record<K, Map<string, HistoricRecord<K>> | null>;
  (records[kind] ??= new Map<string, HistoricRecord<K>>()).set(record.id, record);
}
