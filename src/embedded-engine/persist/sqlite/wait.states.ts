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

/** A record with its place in the order of creation. */
export interface Created<R> {
  readonly order: number;
  readonly record: R;
}

/** The records of what an instance waits for, by kind, under the names that {@link ChangeSet} gives them. */
export interface WaitRecords {
  readonly tasks: ExternalTaskRecord;
  readonly incidents: IncidentRecord;
  readonly jobs: JobRecord;
  readonly subscriptions: EventSubscriptionRecord;
  readonly userTasks: UserTaskRecord;
}

export type WaitKind = keyof WaitRecords;

/** By id; null while there is none, because most instances have only one kind. */
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

/** Whose the records are that a change set names, so that a removed one is found by its id alone. */
export class WaitStateIndex<Owner extends { readonly waitStates: WaitStates }> {
  private readonly owners = new Map<string, Owner>();
  private created = 0;

  /**
   * Puts and removes the records of a change set.
   *
   * @param ownerOf the running instance of an id; records of another have gone with it
   * @param touched is told of each instance that changed
   */
  apply(
    changes: Pick<ChangeSet, WaitKind>,
    ownerOf: (processInstanceId: string) => Owner | undefined,
    touched: (owner: Owner) => void,
  ): void {
    for (const kind of WAIT_KINDS) this.applyKind(kind, changes[kind], ownerOf, touched);
  }

  /** Takes over what was read back. */
  restore(owner: Owner): void {
    for (const kind of WAIT_KINDS) {
      for (const [id, { order }] of owner.waitStates[kind] ?? []) {
        this.owners.set(id, owner);
        this.created = Math.max(this.created, order);
      }
    }
  }

  /** The instance has ended, and all that it waited for. */
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
