import type { ChangeSet } from '../../state/change-set.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';
import type { HistoricKind, HistoricRecord } from '../../state/instance-history.types.js';
import { StoredInstance } from './stored.instance.js';
import type { TextNumbers } from './large.texts.js';
import { WaitStateIndex } from './wait.states.js';

/** Loads an ended instance from the file to change it; undefined for an unknown id. */
type Reopen = (id: string) => StoredInstance | undefined;

/**
 * The instances that the store holds in memory: running ones, and those that ended since the last write. `touched`
 * holds the instances that a group of commands changed, in the order of their first change. Deferred changes of an
 * instance are written with its next commit, or with all other deferred changes.
 */
export class StoredInstances {
  private readonly instances = new Map<string, StoredInstance>();
  private readonly byBusinessKey = new Map<string, Set<StoredInstance>>();
  private readonly waitStates = new WaitStateIndex<StoredInstance>();
  readonly touched = new Set<StoredInstance>();
  private readonly deferred = new Set<StoredInstance>();
  /** Numbers of the instances whose history is deleted. */
  readonly deleted = new Set<number>();

  constructor(
    private readonly numbers: TextNumbers,
    private readonly reopen: Reopen,
    private lastSeq: number,
  ) {}

  get(id: string): StoredInstance | undefined {
    return this.instances.get(id);
  }

  /** All instances, in the order of their start. */
  all(): Iterable<StoredInstance> {
    return this.instances.values();
  }

  ofBusinessKey(businessKey: string): Iterable<StoredInstance> {
    return this.byBusinessKey.get(businessKey) ?? [];
  }

  /** Adds an instance that was read back. */
  restore(instance: StoredInstance): void {
    this.add(instance);
    this.waitStates.restore(instance);
  }

  /** Applies the changes of a command. @throws Error for an instance without history */
  apply(changes: ChangeSet): void {
    for (const record of changes.historicInstances.values()) this.applyRecord(record, changes);
    for (const [id, source] of changes.instances) {
      const instance = this.instances.get(id);
      if (instance === undefined) {
        if (source === null) continue;
        throw new Error(`The process instance ${id} has no history.`);
      }
      if (source === null) instance.ends();
      else instance.update(source);
      this.touched.add(instance);
    }
    this.waitStates.apply(
      changes,
      (id) => this.running(id),
      (instance) => this.touched.add(instance),
    );
    this.applyHistory(changes);
    for (const id of changes.instances.keys()) this.endWaiting(id);
  }

  /** Applies wait states whose write may be deferred. */
  defer(changes: ChangeSet): void {
    this.waitStates.apply(
      changes,
      (id) => this.running(id),
      (instance) => this.deferred.add(instance),
    );
  }

  /** Includes the deferred changes in the next write. */
  touchDeferred(): void {
    for (const instance of this.deferred) this.touched.add(instance);
    this.deferred.clear();
  }

  /** Numbers of the instances that differ from the file. */
  changedInFile(): readonly number[] {
    const reopened = [...this.touched].filter(({ isReopened }) => isReopened).map(({ seq }) => seq);
    return [...reopened, ...this.deleted];
  }

  /** Deletes an instance. @param seqInFile returns its number in the file if it is not in memory */
  delete(id: string, seqInFile: (id: string) => number | undefined): void {
    const held = this.instances.get(id);
    if (held !== undefined) this.remove(held);
    const seq = held?.seq ?? seqInFile(id);
    if (seq !== undefined) this.deleted.add(seq);
  }

  /** Marks all touched and deleted instances as written. */
  markWritten(): void {
    for (const instance of this.touched) {
      this.deferred.delete(instance);
      if (!instance.isRunning) this.remove(instance);
    }
    this.touched.clear();
    this.deleted.clear();
  }

  /** Removes an instance that has ended and is written. */
  private remove(instance: StoredInstance): void {
    this.waitStates.delete(instance);
    this.instances.delete(instance.id);
    this.touched.delete(instance);
    this.deferred.delete(instance);
    const { businessKey } = instance.record;
    if (businessKey === null) return;
    const others = this.byBusinessKey.get(businessKey);
    others?.delete(instance);
    if (others?.size === 0) this.byBusinessKey.delete(businessKey);
  }

  private applyRecord(record: HistoricInstanceRecord, changes: ChangeSet): void {
    const isNew = record.endTime === null || changes.instances.has(record.id);
    const known = this.instances.get(record.id) ?? (isNew ? undefined : this.reopened(record.id));
    const instance = known ?? new StoredInstance((this.lastSeq += 1), record, this.numbers);
    if (known === undefined) this.add(instance);
    instance.record = record;
    this.touched.add(instance);
  }

  private applyHistory(changes: ChangeSet): void {
    for (const record of changes.historicActivities.values()) this.addHistory('activities', record);
    for (const record of changes.historicVariables.values()) this.addHistory('variables', record);
    for (const record of changes.historicIncidents.values()) this.addHistory('incidents', record);
    for (const record of changes.historicUserTasks.values()) this.addHistory('userTasks', record);
    for (const record of changes.externalTaskLog.values()) this.addHistory('taskLog', record);
    for (const incident of changes.incidents.values()) {
      const instance = incident === null ? undefined : this.instances.get(incident.processInstanceId);
      if (instance !== undefined) instance.hadIncident = true;
    }
  }

  private addHistory<K extends HistoricKind>(kind: K, record: HistoricRecord<K>): void {
    const { processInstanceId } = record;
    const instance = this.instances.get(processInstanceId) ?? this.reopened(processInstanceId);
    if (instance === undefined) return;
    instance.addHistory(kind, record);
    if (kind === 'incidents') instance.hadIncident = true;
    this.touched.add(instance);
  }

  private endWaiting(id: string): void {
    const instance = this.instances.get(id);
    if (instance?.isRunning === false) this.waitStates.delete(instance);
  }

  private running(id: string): StoredInstance | undefined {
    const instance = this.instances.get(id);
    return instance?.isRunning === true ? instance : undefined;
  }

  private reopened(id: string): StoredInstance | undefined {
    const instance = this.reopen(id);
    if (instance !== undefined) this.add(instance);
    return instance;
  }

  private add(instance: StoredInstance): void {
    this.instances.set(instance.id, instance);
    const { businessKey } = instance.record;
    if (businessKey === null) return;
    const others = this.byBusinessKey.get(businessKey) ?? new Set();
    this.byBusinessKey.set(businessKey, others.add(instance));
  }
}
