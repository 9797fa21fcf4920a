import type {
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricVariableRecord,
} from './records.types.js';

/** Everything that is remembered of one instance. */
export interface InstanceHistory {
  record: HistoricInstanceRecord;
  readonly activities: Map<string, HistoricActivityRecord>;
  readonly variables: Map<string, HistoricVariableRecord>;
  /** Whether it ever had an incident, open or resolved. */
  hadIncident: boolean;
}
