import type { HistoricInstanceRecord, HistoricInstanceState } from '../../state/records.types.js';
import { fromColumn, toColumn } from './column.text.js';

/** A row of the table `ended`, in the order of {@link ENDED_COLUMNS}. */
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

export const ENDED_COLUMNS = [
  'seq',
  'id',
  'business_key',
  'definition_id',
  'definition_key',
  'definition_name',
  'definition_version',
  'start_time',
  'end_time',
  'removal_time',
  'start_activity_id',
  'end_activity_id',
  'delete_reason',
  'super_id',
  'root_id',
  'tenant_id',
  'state',
  'had_incident',
] as const satisfies readonly (keyof EndedRow)[];

export function endedValues(
  seq: number,
  record: HistoricInstanceRecord,
  hadIncident: boolean,
): readonly (string | number | null)[] {
  return [
    seq,
    record.id,
    toColumn(record.businessKey),
    record.processDefinitionId,
    record.processDefinitionKey,
    toColumn(record.processDefinitionName),
    record.processDefinitionVersion,
    record.startTime,
    record.endTime,
    record.removalTime,
    record.startActivityId,
    record.endActivityId,
    toColumn(record.deleteReason),
    record.superProcessInstanceId,
    record.rootProcessInstanceId,
    toColumn(record.tenantId),
    record.state,
    hadIncident ? 1 : 0,
  ];
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
