import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HISTORIC_ACTIVITY, HISTORIC_VARIABLE, TASK } from '../../rest/testing/records.js';
import { RecordingStore } from '../../testing/recording.store.js';
import type { ChangeSet } from '../../state/change-set.js';
import type { EngineStore } from '../../embedded-engine.js';
import type { ExternalTaskRecord } from '../../state/records.types.js';
import { changes, ended, source, started, StoreFolder } from './testing/store.fixture.js';

/** What may happen to one of a few instances. */
const KINDS = ['start', 'step', 'task', 'note', 'end', 'late', 'forget'] as const;

interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly id: string;
  /** Whether the next step waits for its commit. */
  readonly settles: boolean;
  readonly size: number;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  settles: fc.boolean(),
  size: fc.constantFrom(1, 100, 9_000),
});

/** Makes the change sets of a run: only what an engine would commit, so that nothing happens to what is not there. */
class Changes {
  private readonly state = new Map<string, 'running' | 'ended'>();
  private readonly tasks = new Map<string, Set<string>>();
  private made = 0;

  of({ kind, id, size }: Step): ChangeSet | null {
    const now = this.state.get(id);
    const at = (this.made += 1);
    const value = { type: 'String', value: `${'x'.repeat(size)}${at % 3}`, valueInfo: {} } as const;
    const history = (set: ChangeSet): void => {
      set.historicActivities.set(`act${at}`, { ...HISTORIC_ACTIVITY, id: `act${at}`, processInstanceId: id });
      set.historicVariables.set(`v-${id}`, {
        ...HISTORIC_VARIABLE,
        id: `v-${id}`,
        processInstanceId: id,
        value,
      });
    };
    const state = { variables: [['v', { id: `v-${id}`, value, createTime: 1 }]] };
    if (kind === 'start' && now === undefined) {
      this.state.set(id, 'running');
      this.tasks.set(id, new Set());
      return started(id, {}, (set) => {
        set.instances.set(id, source(id, state));
        history(set);
      });
    }
    if (now === 'running' && kind === 'step') {
      return changes((set) => {
        set.instances.set(id, source(id, state));
        history(set);
      });
    }
    if (now === 'running' && kind === 'task') return this.taskChange(id, at);
    if (now === 'running' && kind === 'note') return this.lock(id, at);
    if (now === 'running' && kind === 'end') {
      this.state.set(id, 'ended');
      return ended(id, {}, (set) => {
        for (const task of this.tasks.get(id) ?? []) set.tasks.set(task, null);
        history(set);
      });
    }
    if (now === 'ended' && kind === 'late') {
      return changes((set) => {
        const record = ended(id, { removalTime: 9e15 + at }).historicInstances.get(id)!;
        set.historicInstances.set(id, record);
        set.historicActivities.set(`act${at}`, {
          ...HISTORIC_ACTIVITY,
          id: `act${at}`,
          processInstanceId: id,
        });
      });
    }
    if (now === 'ended' && kind === 'forget') {
      this.state.delete(id);
      return changes((set) => set.deletedHistories.add(id));
    }
    return null;
  }

  private lock(id: string, at: number): ChangeSet | null {
    const [task] = this.tasks.get(id) ?? [];
    return task === undefined ? null : changes((set) => set.tasks.set(task, taskRecord(task, id, at)));
  }

  private taskChange(id: string, at: number): ChangeSet {
    const tasks = this.tasks.get(id) ?? new Set();
    const [oldest] = tasks;
    return changes((set) => {
      if (oldest !== undefined && at % 3 === 0) {
        tasks.delete(oldest);
        set.tasks.set(oldest, null);
        return;
      }
      const task = oldest !== undefined && at % 3 === 1 ? oldest : `t${at}`;
      tasks.add(task);
      set.tasks.set(task, taskRecord(task, id, at));
    });
  }
}

function taskRecord(id: string, processInstanceId: string, at: number): ExternalTaskRecord {
  return {
    ...TASK,
    id,
    processInstanceId,
    businessKey: `key-${processInstanceId}`,
    createTime: Number(id.slice(1)),
    priority: at,
  };
}

/** The content of a file: the commits, and the deferred changes that were written with their instances. */
class KeptModel {
  readonly store = new RecordingStore();
  private readonly deferred = new Map<string, ExternalTaskRecord>();
  /** Instances in the next write. */
  private readonly touched = new Set<string>();

  commit(id: string, set: ChangeSet): void {
    void this.store.commit(set);
    for (const task of set.tasks.keys()) this.deferred.delete(task);
    this.touched.add(id);
  }

  defer(set: ChangeSet): void {
    for (const task of set.tasks.values()) if (task !== null) this.deferred.set(task.id, task);
  }

  /** Applies a write of the touched instances or of all. */
  written(all: boolean): void {
    for (const task of this.deferred.values()) {
      if (!all && !this.touched.has(task.processInstanceId)) continue;
      this.deferred.delete(task.id);
      void this.store.commit(changes((set) => set.tasks.set(task.id, task)));
    }
    this.touched.clear();
  }

  crashed(): void {
    this.deferred.clear();
  }
}

function historyOf({ history }: EngineStore): unknown {
  return {
    instances: history.instances.find({}),
    count: history.instances.count({}),
    keys: ['a', 'b', 'c', 'd'].map((id) =>
      history.instances.count({ processInstanceBusinessKey: `key-${id}` }),
    ),
    activities: history.activities.find({}),
    variables: history.variables.find({ sorting: [{ sortBy: 'instanceId', sortOrder: 'asc' }] }),
  };
}

describe('for any sequence of changes and any time of a crash', () => {
  it('the file has all commits, and the store always returns what memory would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
        const files = new StoreFolder();
        const model = new KeptModel();
        let store = files.open();
        let name = 'engine.sqlite';
        const made = new Changes();
        try {
          for (const step of steps) {
            const set = made.of(step);
            if (set === null) continue;
            const isDeferred = step.kind === 'note';
            if (isDeferred) model.defer(set);
            else model.commit(step.id, set);
            const taken = isDeferred ? store.commitDeferrable(set) : store.commit(set);
            expect(historyOf(store)).toEqual(historyOf(model.store));
            if (!step.settles) continue;
            await taken;
            const isClosed = step.size === 1;
            if (isClosed) await store.close();
            else name = files.crash(name);
            model.written(isClosed);
            model.crashed();
            store = files.open(name);
            expect(store.recover()).toEqual(model.store.kept());
            expect(historyOf(store)).toEqual(historyOf(model.store));
          }
        } finally {
          await files.remove();
        }
      }),
      { numRuns: 15 },
    );
  }, 300_000);
});
