import { type InstanceHistory, newInstanceHistory } from '../../state/instance-history.types.js';
import type {
  ExternalTaskLogRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
} from '../../state/records.types.js';
import { parseJsonText, type LargeTextReader } from './json.text.js';
import { fieldsOf, type InstanceFields } from './record.codec.js';
import {
  HISTORIC_ACTIVITY_CODEC,
  HISTORIC_INCIDENT_CODEC,
  HISTORIC_USER_TASK_CODEC,
  HISTORIC_VARIABLE_CODEC,
  TASK_LOG_CODEC,
} from './record.codecs.js';

/** A record of an instance's history with its kind. */
export type HistoricRecord =
  | { readonly kind: 'activity'; readonly record: HistoricActivityRecord }
  | { readonly kind: 'variable'; readonly record: HistoricVariableRecord }
  | { readonly kind: 'incident'; readonly record: HistoricIncidentRecord }
  | { readonly kind: 'userTask'; readonly record: HistoricUserTaskRecord }
  | { readonly kind: 'taskLog'; readonly record: ExternalTaskLogRecord };

/**
 * Encodes a record for the history of its instance. That history is an append-only text in which a later record
 * replaces an earlier one with the same id, so a step costs only what it changed, however long the process is.
 */
export function encodeHistoricRecord(historic: HistoricRecord, instance: InstanceFields): unknown {
  switch (historic.kind) {
    case 'activity':
      return ['a', HISTORIC_ACTIVITY_CODEC.encode(historic.record, instance)];
    case 'variable':
      return ['v', HISTORIC_VARIABLE_CODEC.encode(historic.record, instance)];
    case 'incident':
      return ['i', HISTORIC_INCIDENT_CODEC.encode(historic.record, instance)];
    case 'userTask':
      return ['u', HISTORIC_USER_TASK_CODEC.encode(historic.record, instance)];
    case 'taskLog':
      return ['l', TASK_LOG_CODEC.encode(historic.record, instance)];
  }
}

/**
 * Merges JSON texts of encoded records into a history; each text is a list without its brackets. @throws SyntaxError
 */
export function readHistory(
  record: HistoricInstanceRecord,
  hadIncident: boolean,
  texts: readonly string[],
  read: LargeTextReader,
): InstanceHistory {
  const history = newInstanceHistory(record);
  history.hadIncident = hadIncident;
  const instance = fieldsOf(record);
  for (const text of texts) {
    const encoded = parseJsonText(`[${text}]`, read) as readonly (readonly [string, unknown])[];
    for (const [kind, values] of encoded) addRecord(history, kind, values, instance);
  }
  return history;
}

/** All records of a history, with their kinds. */
export function* historicRecords(history: InstanceHistory): Iterable<HistoricRecord> {
  for (const record of history.activities.values()) yield { kind: 'activity', record };
  for (const record of history.variables.values()) yield { kind: 'variable', record };
  for (const record of history.incidents?.values() ?? []) yield { kind: 'incident', record };
  for (const record of history.userTasks?.values() ?? []) yield { kind: 'userTask', record };
  for (const record of history.taskLog?.values() ?? []) yield { kind: 'taskLog', record };
}

function addRecord(history: InstanceHistory, kind: string, values: unknown, instance: InstanceFields): void {
  switch (kind) {
    case 'a':
      put(history.activities, HISTORIC_ACTIVITY_CODEC.decode(values, instance));
      break;
    case 'v':
      put(history.variables, HISTORIC_VARIABLE_CODEC.decode(values, instance));
      break;
    case 'i':
      put(
        (history.incidents ??= new Map<string, HistoricIncidentRecord>()),
        HISTORIC_INCIDENT_CODEC.decode(values, instance),
      );
      break;
    case 'u':
      put(
        (history.userTasks ??= new Map<string, HistoricUserTaskRecord>()),
        HISTORIC_USER_TASK_CODEC.decode(values, instance),
      );
      break;
    case 'l':
      put(
        (history.taskLog ??= new Map<string, ExternalTaskLogRecord>()),
        TASK_LOG_CODEC.decode(values, instance),
      );
      break;
    default:
      throw new SyntaxError(`the history of ${instance.processInstanceId} has a record of unknown kind`);
  }
}

function put<R extends { readonly id: string }>(records: Map<string, R>, record: R): void {
  records.set(record.id, record);
}
