import type {
  ExternalTaskLogRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
} from './records.types.js';

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
