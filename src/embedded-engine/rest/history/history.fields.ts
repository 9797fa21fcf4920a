import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { formatNullableDate } from '../http/date.format.js';

/** What each historic DTO repeats of its process instance. */
export interface InstanceFields {
  readonly tenantId: string | null;
  readonly removalTime: string | null;
  readonly rootProcessInstanceId: string;
}

/** @param instance null where history does not have it any more */
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
