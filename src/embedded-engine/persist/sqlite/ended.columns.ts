import type { HistoricInstanceRecord, HistoricInstanceState } from '../../state/records.types.js';
import { fromColumn, toColumn } from './column.text.js';

/** A row of the table `ended`. */
export interface EndedRow {
  readonly seq: number;
  readonly id: string;
  readonly business_key: string | null;
  readonly definition_id: string;
  readonly definition_key: string;
  readonly definition_name: string | null;
  readonly definition_version: number;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly removal_time: number | null;
  readonly start_activity_id: string;
  readonly end_activity_id: string | null;
  readonly delete_reason: string | null;
  readonly super_id: string | null;
  readonly root_id: string;
  readonly tenant_id: string | null;
  readonly state: string;
  readonly had_incident: number;
}

/** The column of each field that a query compares or sorts by. */
const COLUMN_OF = {
  id: 'id',
  businessKey: 'business_key',
  processDefinitionId: 'definition_id',
  processDefinitionKey: 'definition_key',
  processDefinitionName: 'definition_name',
  processDefinitionVersion: 'definition_version',
  startTime: 'start_time',
  endTime: 'end_time',
  removalTime: 'removal_time',
  startActivityId: 'start_activity_id',
  endActivityId: 'end_activity_id',
  deleteReason: 'delete_reason',
  superProcessInstanceId: 'super_id',
  rootProcessInstanceId: 'root_id',
  tenantId: 'tenant_id',
  state: 'state',
} as const satisfies Readonly<Record<keyof HistoricInstanceRecord, keyof EndedRow>>;

const FIELDS = Object.keys(COLUMN_OF) as readonly (keyof HistoricInstanceRecord)[];

const SQL_OF: ReadonlyMap<string, string> = new Map([
  ...Object.entries(COLUMN_OF),
  ['hadIncident', 'had_incident'],
  ['duration', '(end_time - start_time)'],
]);

/** What stands for a field, or for a computed sort key, in SQL. @throws Error for a field without a column */
export function columnOf(field: string): string {
  const sql = SQL_OF.get(field);
  if (sql === undefined) throw new Error(`ended has no column for ${field}`);
  return sql;
}

export const ENDED_COLUMNS = ['seq', ...Object.values(COLUMN_OF), 'had_incident'];

export function endedValues(
  seq: number,
  record: HistoricInstanceRecord,
  hadIncident: boolean,
): readonly (string | number | null)[] {
  const values = FIELDS.map((field) => {
    const value = record[field];
    return typeof value === 'string' ? toColumn(value) : value;
  });
  return [seq, ...values, hadIncident ? 1 : 0];
}

export function endedRecord(row: EndedRow): HistoricInstanceRecord {
  return {
    id: row.id,
    businessKey: fromColumn(row.business_key),
    processDefinitionId: row.definition_id,
    processDefinitionKey: row.definition_key,
    processDefinitionName: fromColumn(row.definition_name),
    processDefinitionVersion: row.definition_version,
    startTime: row.start_time,
    endTime: row.end_time,
    removalTime: row.removal_time,
    startActivityId: row.start_activity_id,
    endActivityId: row.end_activity_id,
    deleteReason: fromColumn(row.delete_reason),
    superProcessInstanceId: row.super_id,
    rootProcessInstanceId: row.root_id,
    tenantId: fromColumn(row.tenant_id),
    state: row.state as HistoricInstanceState,
  };
}
