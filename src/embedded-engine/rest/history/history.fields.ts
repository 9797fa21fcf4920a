import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { formatNullableDate } from '../http/date.format.js';

/** Fields of the process instance that each historic DTO repeats. */
export interface InstanceFields {
  readonly tenantId: string | null;
  readonly removalTime: string | null;
  readonly rootProcessInstanceId: string;
}

/** @param instance null if the history no longer has it */
export function instanceFields(
  processInstanceId: string,
  instance: HistoricInstanceRecord | null,
): InstanceFields {
  return {
    tenantId: instance?.tenantId ?? null,
    removalTime: formatNullableDate(instance?.removalTime ?? null),
    rootProcessInstanceId: instance?.rootProcessInstanceId ?? processInstanceId,
  };
}
