import type { InstanceSnapshot } from '../../state/instance.snapshot.js';
import type { RecoveredState } from '../../state/state-store.js';
import type { EngineFileReader } from './engine-file.reader.js';
import { parseJsonText } from './json.text.js';
import type { TextNumbers } from './large.texts.js';
import { fieldsOf } from './record.codec.js';
import { INSTANCE_CODEC } from './record.codecs.js';
import { StoredInstance, type StateDocument } from './stored.instance.js';
import { type Created, decodeWaitStates, type WaitKind, type WaitRecords } from './wait.states.js';

/** The state that was read back, for the store and for the engine. */
export interface Recovery {
  readonly instances: readonly StoredInstance[];
  readonly state: RecoveredState;
}

/** Reads everything that has not ended. @throws SyntaxError for damaged texts; SQLite's errors */
export function recoverState(file: EngineFileReader, numbers: TextNumbers): Recovery {
  const instances: StoredInstance[] = [];
  const snapshots: InstanceSnapshot[] = [];
  const withTexts = file.runningWithTexts();
  for (const row of file.runningRows()) {
    const texts = withTexts.has(row.seq) ? file.textsOf(row.seq) : NO_TEXTS;
    const read = (id: number): string => texts.get(id) ?? '';
    const [, encodedRecord, hadIncident, waitStates] = parseJsonText(row.state, read) as StateDocument;
    const snapshot = parseJsonText(row.snapshot, read) as InstanceSnapshot;
    const record = INSTANCE_CODEC.decode(encodedRecord, NO_FIELDS);
    const instance = new StoredInstance(row.seq, record, numbers);
    instance.hadIncident = hadIncident;
    instance.isRunning = true;
    instance.isWritten = true;
    decodeWaitStates(waitStates, instance.waitStates, fieldsOf(record));
    if (texts.size > 0) instance.restoreTexts(texts, snapshot, file);
    instances.push(instance);
    snapshots.push(snapshot);
  }
  return {
    instances,
    state: { deployments: file.deployments(), instances: snapshots, ...recordsOf(instances) },
  };
}

const NO_TEXTS: ReadonlyMap<number, string> = new Map();

/** The record of an instance shares no fields with others. */
const NO_FIELDS = {
  processInstanceId: '',
  processDefinitionId: '',
  processDefinitionKey: '',
  businessKey: null,
  tenantId: null,
};

function recordsOf(instances: readonly StoredInstance[]): {
  readonly [K in WaitKind]: readonly WaitRecords[K][];
} {
  const created = <R>(pick: (instance: StoredInstance) => ReadonlyMap<string, Created<R>> | null): R[] =>
    instances
      .flatMap((instance) => [...(pick(instance)?.values() ?? [])])
      .sort((a, b) => a.order - b.order)
      .map(({ record }) => record);
  return {
    tasks: created(({ waitStates }) => waitStates.tasks),
    incidents: created(({ waitStates }) => waitStates.incidents),
    jobs: created(({ waitStates }) => waitStates.jobs),
    subscriptions: created(({ waitStates }) => waitStates.subscriptions),
    userTasks: created(({ waitStates }) => waitStates.userTasks),
  };
}
