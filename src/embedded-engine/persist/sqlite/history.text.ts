import {
  type HistoricKind,
  type HistoricRecord,
  type InstanceHistory,
  newInstanceHistory,
  putHistoric,
} from '../../state/instance-history.types.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { parseJsonText, type LargeTextReader } from './json.text.js';
import { fieldsOf, type InstanceFields, type RecordCodec } from './record.codec.js';
import {
  HISTORIC_ACTIVITY_CODEC,
  HISTORIC_INCIDENT_CODEC,
  HISTORIC_USER_TASK_CODEC,
  HISTORIC_VARIABLE_CODEC,
  TASK_LOG_CODEC,
} from './record.codecs.js';

/** By kind: its letter in the text, and how its records are written. */
const KINDS: {
  readonly [K in HistoricKind]: { readonly letter: string; readonly codec: RecordCodec<HistoricRecord<K>> };
} = {
  activities: { letter: 'a', codec: HISTORIC_ACTIVITY_CODEC },
  variables: { letter: 'v', codec: HISTORIC_VARIABLE_CODEC },
  incidents: { letter: 'i', codec: HISTORIC_INCIDENT_CODEC },
  userTasks: { letter: 'u', codec: HISTORIC_USER_TASK_CODEC },
  taskLog: { letter: 'l', codec: TASK_LOG_CODEC },
};

const KIND_NAMES = Object.keys(KINDS) as readonly HistoricKind[];

/**
 * Encodes a record for the history of its instance. That history is an append-only text in which a later record
 * replaces an earlier one with the same id, so a step costs only what it changed, however long the process is.
 */
export function encodeHistoricRecord<K extends HistoricKind>(
  kind: K,
  record: HistoricRecord<K>,
  instance: InstanceFields,
): unknown {
  const { letter, codec } = KINDS[kind];
  return [letter, codec.encode(record, instance)];
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
    for (const [letter, values] of encoded) {
      const kind = KIND_NAMES.find((name) => KINDS[name].letter === letter);
      if (kind === undefined)
        throw new SyntaxError(`the history of ${instance.processInstanceId} has a record of unknown kind`);
      putHistoric(history, kind, KINDS[kind].codec.decode(values, instance));
    }
  }
  return history;
}

/** Calls back with all records of a history and their kinds. */
export function visitHistory(
  history: InstanceHistory,
  visit: <K extends HistoricKind>(kind: K, record: HistoricRecord<K>) => void,
): void {
  for (const kind of KIND_NAMES) for (const record of history[kind]?.values() ?? []) visit(kind, record);
}
