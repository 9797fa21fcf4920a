import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceSnapshot } from '../../../state/instance.snapshot.js';
import { HISTORIC_INSTANCE } from '../../../rest/testing/records.js';
import { type ChangeSet, emptyChangeSet, type SnapshotSource } from '../../../state/change-set.js';
import type { HistoricInstanceRecord } from '../../../state/records.types.js';
import { SqliteStore, type SqliteStoreOptions } from '../sqlite.store.js';

/** A folder for the files of one test, with the stores that it opened. */
export class StoreFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'engine-store-'));
  private readonly stores: SqliteStore[] = [];

  path(name = 'engine.sqlite'): string {
    return join(this.folder, name);
  }

  open(name?: string, options?: SqliteStoreOptions): SqliteStore {
    const store = SqliteStore.open(this.path(name), options);
    this.stores.push(store);
    return store;
  }

  /** The files as a process leaves them that dies now. */
  crash(name = 'engine.sqlite'): string {
    const copy = `crashed-${this.stores.length}-${name}`;
    for (const suffix of ['', '-wal']) {
      if (existsSync(this.path(name) + suffix))
        copyFileSync(this.path(name) + suffix, this.path(copy) + suffix);
    }
    return copy;
  }

  async remove(): Promise<void> {
    for (const store of this.stores) await store.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Fills an empty change set. */
export function changes(fill: (set: ChangeSet) => void): ChangeSet {
  const set = emptyChangeSet();
  fill(set);
  return set;
}

/** A record of an instance that runs, unless the change says otherwise. */
export function instanceRecord(
  id: string,
  change: Partial<HistoricInstanceRecord> = {},
): HistoricInstanceRecord {
  return {
    ...HISTORIC_INSTANCE,
    id,
    rootProcessInstanceId: id,
    businessKey: `key-${id}`,
    endTime: null,
    endActivityId: null,
    state: 'ACTIVE',
    ...change,
  };
}

export function snapshot(id: string, more: object = {}): InstanceSnapshot {
  return {
    format: 1,
    header: {
      id,
      definitionId: HISTORIC_INSTANCE.processDefinitionId,
      businessKey: `key-${id}`,
      tenantId: null,
      startTime: HISTORIC_INSTANCE.startTime,
      startActivityId: 'Start',
      caller: null,
    },
    root: {
      id,
      nodeId: 'order',
      executionId: id,
      startTime: HISTORIC_INSTANCE.startTime,
      isVariableScope: true,
      sequence: 0,
      ...more,
    },
  };
}

export function source(id: string, more: object = {}): SnapshotSource {
  return { snapshot: () => snapshot(id, more) };
}

/** An instance starts. */
export function started(
  id: string,
  more: Partial<HistoricInstanceRecord> = {},
  fill: (set: ChangeSet) => void = () => undefined,
): ChangeSet {
  return changes((set) => {
    set.instances.set(id, source(id));
    set.historicInstances.set(id, instanceRecord(id, more));
    fill(set);
  });
}

/** An instance ends, a millisecond after it started unless the change says otherwise. */
export function ended(
  id: string,
  more: Partial<HistoricInstanceRecord> = {},
  fill: (set: ChangeSet) => void = () => undefined,
): ChangeSet {
  return changes((set) => {
    set.instances.set(id, null);
    set.historicInstances.set(
      id,
      instanceRecord(id, {
        endTime: HISTORIC_INSTANCE.startTime + 1,
        endActivityId: 'End',
        state: 'COMPLETED',
        ...more,
      }),
    );
    fill(set);
  });
}
