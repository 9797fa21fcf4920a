import type { ChangeSet } from '../../state/change-set.js';
import type {
  EventSubscriptionRecord,
  ExternalTaskRecord,
  IncidentRecord,
  JobRecord,
  UserTaskRecord,
} from '../../state/records.types.js';
import type { InstanceFields, RecordCodec } from './record.codec.js';
import {
  EXTERNAL_TASK_CODEC,
  INCIDENT_CODEC,
  JOB_CODEC,
  SUBSCRIPTION_CODEC,
  USER_TASK_CODEC,
} from './record.codecs.js';

/** A record with its number in the order of creation. */
export interface Created<R> {
  readonly order: number;
  readonly record: R;
}

/** The records that an instance waits for, by kind; the keys are those of {@link ChangeSet}. */
export interface WaitRecords {
  readonly tasks: ExternalTaskRecord;
  readonly incidents: IncidentRecord;
  readonly jobs: JobRecord;
  readonly subscriptions: EventSubscriptionRecord;
  readonly userTasks: UserTaskRecord;
}

export type WaitKind = keyof WaitRecords;

/** By id; null while empty, because most instances have one kind only. */
export type WaitStates = { [K in WaitKind]: Map<string, Created<WaitRecords[K]>> | null };

const WAIT_KINDS = ['tasks', 'incidents', 'jobs', 'subscriptions', 'userTasks'] as const;

export function newWaitStates(): WaitStates {
  return { tasks: null, incidents: null, jobs: null, subscriptions: null, userTasks: null };
}

export function encodeWaitStates(states: WaitStates, instance: InstanceFields): unknown {
  return [
    encodeKind(EXTERNAL_TASK_CODEC, states.tasks, instance),
    encodeKind(INCIDENT_CODEC, states.incidents, instance),
    encodeKind(JOB_CODEC, states.jobs, instance),
    encodeKind(SUBSCRIPTION_CODEC, states.subscriptions, instance),
    encodeKind(USER_TASK_CODEC, states.userTasks, instance),
  ];
}

function encodeKind<R extends object>(
  codec: RecordCodec<R>,
  records: ReadonlyMap<string, Created<R>> | null,
  instance: InstanceFields,
): unknown {
  if (records === null) return 0;
  return Array.from(records.values(), ({ order, record }) => [order, codec.encode(record, instance)]);
}

export function decodeWaitStates(encoded: unknown, states: WaitStates, instance: InstanceFields): void {
  const [tasks, incidents, jobs, subscriptions, userTasks] = encoded as readonly unknown[];
  states.tasks = decodeKind(EXTERNAL_TASK_CODEC, tasks, instance);
  states.incidents = decodeKind(INCIDENT_CODEC, incidents, instance);
  states.jobs = decodeKind(JOB_CODEC, jobs, instance);
  states.subscriptions = decodeKind(SUBSCRIPTION_CODEC, subscriptions, instance);
  states.userTasks = decodeKind(USER_TASK_CODEC, userTasks, instance);
}

function decodeKind<R extends { readonly id: string }>(
  codec: RecordCodec<R>,
  encoded: unknown,
  instance: InstanceFields,
): Map<string, Created<R>> | null {
  if (!Array.isArray(encoded)) return null;
  const records = new Map<string, Created<R>>();
  for (const [order, values] of encoded as readonly (readonly [number, unknown])[]) {
    const record = codec.decode(values, instance);
    records.set(record.id, { order, record });
  }
  return records;
}

/** Maps wait records to their instances, so that a removed record is found by its id alone. */
export class WaitStateIndex<Owner extends { readonly waitStates: WaitStates }> {
  private readonly owners = new Map<string, Owner>();
  private created = 0;

  /**
   * Applies the records of a change set.
   *
   * @param ownerOf returns the running instance with an id; records of ended instances were removed with them
   * @param touched receives each changed instance
   */
  apply(
    changes: Pick<ChangeSet, WaitKind>,
    ownerOf: (processInstanceId: string) => Owner | undefined,
    touched: (owner: Owner) => void,
  ): void {
    for (const kind of WAIT_KINDS) this.applyKind(kind, changes[kind], ownerOf, touched);
  }

  /** Adds the records of an instance that was read back. */
  restore(owner: Owner): void {
    for (const kind of WAIT_KINDS) {
      for (const [id, { order }] of owner.waitStates[kind] ?? []) {
        this.owners.set(id, owner);
        this.created = Math.max(this.created, order);
      }
    }
  }

  /** Removes the records of an ended instance. */
  delete(owner: Owner): void {
    for (const kind of WAIT_KINDS) {
      for (const id of owner.waitStates[kind]?.keys() ?? []) this.owners.delete(id);
      owner.waitStates[kind] = null;
    }
  }

  private applyKind<K extends WaitKind>(
    kind: K,
    changes: ReadonlyMap<string, WaitRecords[K] | null>,
    ownerOf: (processInstanceId: string) => Owner | undefined,
    touched: (owner: Owner) => void,
  ): void {
    for (const [id, record] of changes) {
      const owner = record === null ? this.owners.get(id) : ownerOf(record.processInstanceId);
      if (owner === undefined) continue;
      touched(owner);
      if (record === null) this.remove(kind, id, owner);
      else this.put(kind, record, owner);
    }
  }

  private put<K extends WaitKind>(kind: K, record: WaitRecords[K], owner: Owner): void {
    const states = owner.waitStates as Record<K, Map<string, Created<WaitRecords[K]>> | null>;
    const records = (states[kind] ??= new Map<string, Created<WaitRecords[K]>>());
    const order = records.get(record.id)?.order ?? (this.created += 1);
    records.set(record.id, { order, record });
    this.owners.set(record.id, owner);
  }

  private remove(kind: WaitKind, id: string, owner: Owner): void {
    this.owners.delete(id);
    const records = owner.waitStates[kind];
    records?.delete(id);
    if (records?.size === 0) owner.waitStates[kind] = null;
  }
}
