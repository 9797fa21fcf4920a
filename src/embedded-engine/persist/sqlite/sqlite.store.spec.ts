import {
  chmodSync,
  chownSync,
  closeSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import {
  DEFINITION,
  DEPLOYMENT,
  HISTORIC_ACTIVITY,
  OPEN_INCIDENT,
  OPEN_TASK,
  HISTORIC_VARIABLE,
  INCIDENT,
  TASK,
  CREATED_LOG,
} from '../../rest/testing/records.js';
import type { ActivitySnapshotV1 } from '../../state/activity.snapshot.v1.js';
import type { ChangeSet } from '../../state/change-set.js';
import type {
  EventSubscriptionRecord,
  ExternalTaskRecord,
  JobRecord,
  UserTaskRecord,
} from '../../state/records.types.js';
import { EngineFileError } from './engine-file.errors.js';
import { SqliteStore } from './sqlite.store.js';
import {
  changes,
  ended,
  instanceRecord,
  snapshot,
  source,
  started,
  StoreFolder,
} from './testing/store.fixture.js';

/** Runs as a user who owns the files but has no more rights than their modes give: root may write anything. */
function asOwner(paths: readonly string[], run: () => void): void {
  if (process.geteuid?.() !== 0) {
    run();
    return;
  }
  const nobody = 65_534;
  for (const path of paths) chownSync(path, nobody, nobody);
  process.seteuid?.(nobody);
  try {
    run();
  } finally {
    process.seteuid?.(0);
  }
}

const JOB: JobRecord = {
  id: 'J',
  dueDate: 5,
  retries: 3,
  exceptionMessage: null,
  exceptionStacktrace: null,
  failedActivityId: null,
  createTime: 1,
  suspended: false,
  priority: 0,
  activityId: 'Wait',
  activityInstanceId: 'Wait:u',
  executionId: 'E',
  processInstanceId: 'a',
  processDefinitionId: DEFINITION.id,
  processDefinitionKey: DEFINITION.key,
  tenantId: null,
};

const SUBSCRIPTION: EventSubscriptionRecord = {
  id: 'S',
  eventType: 'message',
  eventName: 'paid',
  createTime: 1,
  suspended: false,
  activityId: 'Paid',
  activityInstanceId: 'a',
  executionId: 'a',
  processInstanceId: 'a',
  processDefinitionId: DEFINITION.id,
  tenantId: null,
};

const USER_TASK: UserTaskRecord = {
  id: 'U',
  name: 'Approve',
  description: 'please',
  assignee: null,
  owner: null,
  candidateUsers: ['mary'],
  candidateGroups: ['sales'],
  priority: 50,
  createTime: 1,
  dueDate: 9,
  followUpDate: null,
  formKey: 'form',
  suspended: false,
  activityId: 'Approve',
  activityInstanceId: 'Approve:u',
  executionId: 'E',
  processInstanceId: 'a',
  processDefinitionId: DEFINITION.id,
  tenantId: 'another tenant than the instance has',
};

const task = (
  id: string,
  processInstanceId: string,
  more: Partial<ExternalTaskRecord> = {},
): ExternalTaskRecord => ({
  ...TASK,
  id,
  processInstanceId,
  businessKey: `key-${processInstanceId}`,
  ...more,
});

let files: StoreFolder;

beforeEach(() => {
  files = new StoreFolder();
});

afterEach(async () => {
  await files.remove();
});

describe('a process that dies', () => {
  it('finds the last commit, and nothing of a group that was not written', async () => {
    const store = files.open();
    await store.commit(started('a'));
    const lost = store.commit(started('b'));
    const after = files.open(files.crash());
    expect(after.recover().instances.map(({ header }) => header.id)).toEqual(['a']);
    expect(after.history.instances.count({})).toBe(1);
    await lost;
    expect(files.open(files.crash()).recover().instances).toHaveLength(2);
  });

  it('finds the last whole group when one is torn', async () => {
    const store = files.open();
    await store.commit(started('a'));
    const whole = statSync(`${files.path()}-wal`).size;
    await Promise.all([store.commit(started('b')), store.commit(ended('a'))]);
    const copy = files.crash();
    truncateSync(`${files.path(copy)}-wal`, whole + 6_000);
    const after = files.open(copy);
    expect(after.recover().instances.map(({ header }) => header.id)).toEqual(['a']);
    expect(after.history.findInstance('a')?.state).toBe('ACTIVE');
    expect(after.history.findInstance('b')).toBeNull();
  });

  it('finds the instances with their wait states', async () => {
    const store = files.open();
    await store.commit(
      started('a', {}, (set) => {
        set.tasks.set(
          'T',
          task('T', 'a', { workerId: 'w', lockExpirationTime: 77, retries: 2, errorMessage: 'no' }),
        );
        set.incidents.set('I', { ...INCIDENT, processInstanceId: 'a' });
        set.jobs.set('J', JOB);
        set.subscriptions.set('S', SUBSCRIPTION);
        set.userTasks.set('U', USER_TASK);
      }),
    );
    await store.commit(changes((set) => set.jobs.set('J', { ...JOB, retries: 1, exceptionMessage: 'boom' })));
    const recovered = files.open(files.crash()).recover();
    expect(recovered.instances).toEqual([snapshot('a')]);
    expect(recovered.tasks).toEqual([
      task('T', 'a', { workerId: 'w', lockExpirationTime: 77, retries: 2, errorMessage: 'no' }),
    ]);
    expect(recovered.incidents).toEqual([{ ...INCIDENT, processInstanceId: 'a' }]);
    expect(recovered.jobs).toEqual([{ ...JOB, retries: 1, exceptionMessage: 'boom' }]);
    expect(recovered.subscriptions).toEqual([SUBSCRIPTION]);
    expect(recovered.userTasks).toEqual([USER_TASK]);
  });

  it('finds the tasks of all instances in the order of their creation', async () => {
    const store = files.open();
    await store.commit(started('a', {}, (set) => set.tasks.set('t1', task('t1', 'a'))));
    await store.commit(started('b', {}, (set) => set.tasks.set('t2', task('t2', 'b'))));
    await store.commit(
      changes((set) => set.tasks.set('t3', task('t3', 'a')).set('t1', task('t1', 'a', { retries: 1 }))),
    );
    const after = files.open(files.crash());
    expect(after.recover().tasks.map(({ id }) => id)).toEqual(['t1', 't2', 't3']);
    await after.commit(changes((set) => set.tasks.set('t4', task('t4', 'b')).set('t1', null)));
    const { tasks } = files.open(files.crash('crashed-1-engine.sqlite')).recover();
    expect(tasks.map(({ id }) => id)).toEqual(['t2', 't3', 't4']);
  });

  it('finds no wait states of an ended instance', async () => {
    const store = files.open();
    await store.commit(started('a', {}, (set) => set.tasks.set('T', task('T', 'a'))));
    await store.commit(ended('a', {}, (set) => set.tasks.set('late', task('late', 'a'))));
    const recovered = files.open(files.crash()).recover();
    expect(recovered).toMatchObject({ instances: [], tasks: [] });
  });

  it('finds the deployments in order, with their resources and latest state', async () => {
    const store = files.open();
    const bundle = (id: string) => ({
      deployment: { ...DEPLOYMENT, id },
      resources: [
        { id: `r-${id}`, name: 'b.bpmn', deploymentId: id, bytes: Buffer.from([0, 255, 7]) },
        { id: `s-${id}`, name: 'a.txt', deploymentId: id, bytes: Buffer.alloc(0) },
      ],
      definitions: [{ ...DEFINITION, id: `order:1:${id}`, deploymentId: id }],
    });
    for (const id of ['z', 'y', 'x'])
      await store.commit(changes((set) => set.deployments.set(id, bundle(id))));
    const suspended = { ...bundle('z'), definitions: [{ ...DEFINITION, suspended: true }] };
    await store.commit(changes((set) => set.deployments.set('z', suspended).set('y', null)));
    expect(files.open(files.crash()).recover().deployments).toEqual([suspended, bundle('x')]);
  });
});

describe('a commit that the disk rejects', () => {
  async function full(store: SqliteStore): Promise<PromiseSettledResult<void>[]> {
    const text = { type: 'String', value: 'x'.repeat(20_000_000), valueInfo: {} } as const;
    return Promise.allSettled([
      store.commit(started('b')),
      store.commit(
        started('c', {}, (set) =>
          set.historicVariables.set('v', { ...HISTORIC_VARIABLE, processInstanceId: 'c', value: text }),
        ),
      ),
      store.commit(started('d')),
    ]);
  }

  it('rejects its whole group and all that follow; the file keeps the last group', async () => {
    const store = SqliteStore.open(files.path(), { maxPages: 100 });
    await store.commit(started('a'));
    const results = await full(store);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(store.commit(started('e'))).rejects.toThrow('full');
    await store.close();
    const after = files.open();
    expect(after.recover().instances.map(({ header }) => header.id)).toEqual(['a']);
    expect(after.history.instances.count({})).toBe(1);
  });

  it('rejects a value that cannot be written', async () => {
    const store = files.open();
    const broken: ChangeSet = changes((set) => set.instances.set('a', source('a')));
    await expect(store.commit(broken)).rejects.toThrow('The process instance a has no history.');
    await expect(store.commit(started('b'))).rejects.toThrow('has no history');
  });
});

describe('a deferred lock', () => {
  let store: SqliteStore;

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    store = files.open();
    for (const id of ['a', 'b'])
      await store.commit(started(id, {}, (set) => set.tasks.set(`T${id}`, free(id))));
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const free = (id: string): ExternalTaskRecord =>
    task(`T${id}`, id, { workerId: null, lockExpirationTime: null });

  const lock = (id: string, workerId = 'w'): ChangeSet =>
    changes((set) => set.tasks.set(`T${id}`, task(`T${id}`, id, { workerId, lockExpirationTime: 77 })));

  /** Writes pending changes, without new ones. */
  const turn = (): Promise<void> => store.commit(changes(() => undefined));

  /** The workers of the tasks of a and b, as an engine reads them from a copy of the file. */
  function holders(name = files.crash()): readonly (string | null)[] {
    const { tasks } = files.open(name).recover();
    return tasks.map(({ workerId }) => workerId);
  }

  it('is written with the next commit of its instance, and with no other', async () => {
    await store.commitDeferrable(lock('a'));
    await turn();
    expect(holders()).toEqual([null, null]);
    await store.commit(
      changes((set) =>
        set.historicActivities.set('A', { ...HISTORIC_ACTIVITY, id: 'A', processInstanceId: 'b' }),
      ),
    );
    expect(holders()).toEqual([null, null]);
    await store.commit(
      changes((set) =>
        set.historicActivities.set('A', { ...HISTORIC_ACTIVITY, id: 'A', processInstanceId: 'a' }),
      ),
    );
    expect(holders()).toEqual(['w', null]);
  });

  it('is written a second after it was deferred, with those that were deferred since', async () => {
    await store.commitDeferrable(lock('a'));
    jest.advanceTimersByTime(999);
    await store.commitDeferrable(lock('b'));
    await turn();
    expect(holders()).toEqual([null, null]);
    jest.advanceTimersByTime(1);
    await turn();
    expect(holders()).toEqual(['w', 'w']);
    await store.commitDeferrable(lock('b', 'v'));
    jest.advanceTimersByTime(1_000);
    await turn();
    expect(holders()).toEqual(['w', 'v']);
  });

  it('is written when the store is closed, and no timer remains', async () => {
    await store.commitDeferrable(lock('a'));
    await store.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(holders('engine.sqlite')).toEqual(['w', null]);
  });

  it('settles only when earlier commits are in the file', async () => {
    const settled: string[] = [];
    const commit = store.commit(started('c')).then(() => settled.push('start'));
    const deferred = store.commitDeferrable(lock('a')).then(() => settled.push('lock'));
    expect(files.open(files.crash()).recover().instances).toHaveLength(2);
    await deferred;
    expect(settled).toEqual(['start', 'lock']);
    expect(files.open(files.crash()).recover().instances).toHaveLength(3);
    await commit;
  });

  it('is replaced by a later commit', async () => {
    await store.commitDeferrable(lock('a'));
    await store.commit(changes((set) => set.tasks.set('Ta', task('Ta', 'a', { retries: 1 }))));
    jest.advanceTimersByTime(1_000);
    await turn();
    expect(files.open(files.crash()).recover().tasks[0]).toEqual(task('Ta', 'a', { retries: 1 }));
  });

  it('is removed when its instance ends or its history is deleted', async () => {
    await store.commitDeferrable(lock('a'));
    await store.commitDeferrable(lock('b'));
    await store.commit(ended('a'));
    await store.commit(
      changes((set) => {
        set.instances.set('b', null);
        set.deletedHistories.add('b');
      }),
    );
    await store.commit(changes((set) => set.deletedHistories.add('a')));
    jest.advanceTimersByTime(1_000);
    await turn();
    const after = files.open(files.crash());
    expect(after.recover()).toMatchObject({ instances: [], tasks: [] });
    expect(after.history.instances.find({})).toEqual([]);
    expect(store.history.instances.find({})).toEqual([]);
  });

  it('fails all later commits if it cannot be written', async () => {
    const db = new BetterSqlite3(files.path());
    db.exec("CREATE TRIGGER stop BEFORE UPDATE ON running BEGIN SELECT RAISE(ABORT, 'stuck'); END");
    await store.commitDeferrable(lock('a'));
    jest.advanceTimersByTime(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    db.exec('DROP TRIGGER stop');
    db.close();
    await expect(store.commit(started('c'))).rejects.toThrow('stuck');
    await expect(store.commitDeferrable(lock('b'))).rejects.toThrow('stuck');
    expect(files.open(files.crash()).recover().instances).toHaveLength(2);
  });
});

describe('a file that cannot be used', () => {
  const opening = (): unknown => {
    try {
      files.open();
    } catch (error) {
      return error;
    }
    return null;
  };

  it('is rejected while another engine has it, and available after that has closed', async () => {
    const store = files.open();
    expect(opening()).toBeInstanceOf(EngineFileError);
    expect(String(opening())).toContain(`${files.path()} is in use by another engine. Stop that one first`);
    await store.close();
    expect(opening()).toBeNull();
  });

  it('is rejected if a newer or older engine wrote it, with both format numbers', async () => {
    for (const [format, remedy] of [
      [2, 'Run the newer version'],
      [0, 'Move it away'],
    ] as const) {
      await files.open().close();
      const db = new BetterSqlite3(files.path());
      db.pragma(`user_version = ${format}`);
      db.close();
      expect(String(opening())).toMatch(
        new RegExp(`has format ${format}; this engine reads and writes format 1\\. ${remedy}`),
      );
      writeFileSync(files.path(), '');
    }
  });

  it('is rejected if it is not a database, belongs to another program, or is damaged', async () => {
    writeFileSync(files.path(), 'no database at all, but long enough to be taken for one'.repeat(100));
    expect(String(opening())).toContain("is damaged or not an engine's file (SQLITE_NOTADB)");
    writeFileSync(files.path(), '');
    const other = new BetterSqlite3(files.path());
    other.exec('CREATE TABLE t (x)');
    other.close();
    expect(String(opening())).toContain("is another program's SQLite file");
    const store = files.open('damaged.sqlite');
    for (let n = 0; n < 300; n += 1) void store.commit(started(`i${n}`));
    await store.close();
    const damaged = openSync(files.path('damaged.sqlite'), 'r+');
    const { size } = statSync(files.path('damaged.sqlite'));
    for (let at = 4_096; at < size; at += 4_096) writeSync(damaged, Buffer.alloc(200, 0xff), 0, 200, at);
    closeSync(damaged);
    expect(() => files.open('damaged.sqlite')).toThrow(
      /damaged\.sqlite is damaged or not an engine's file \(SQLITE_CORRUPT/,
    );
  });

  it('is rejected if its texts are damaged', async () => {
    const store = files.open();
    await store.commit(started('a'));
    await store.close();
    const db = new BetterSqlite3(files.path());
    db.exec("UPDATE running SET state = '{'");
    db.close();
    expect(String(opening())).toContain('is damaged');
  });

  it('is rejected if its folder cannot be created', () => {
    writeFileSync(files.path('file'), '');
    expect(() => files.open('file/engine.sqlite')).toThrow(
      /The folder .* cannot be made \((EEXIST|ENOTDIR)\)/,
    );
  });
});

describe('values', () => {
  const LONG = 'long \ud800 text '.repeat(2_000);
  const values = [
    ['__proto__', { type: 'String', value: 'own', valueInfo: { ['__proto__']: 1, $t: { $n: 'x' } } }],
    ['half \ud83d', { type: 'String', value: 'lone \udc00 surrogate\0 and null', valueInfo: {} }],
    ['nan', { type: 'Double', value: NaN, valueInfo: {} }],
    ['infinity', { type: 'Double', value: -Infinity, valueInfo: {} }],
    ['minus zero', { type: 'Double', value: -0, valueInfo: {} }],
    ['long', { type: 'String', value: LONG, valueInfo: {} }],
    ['mark', { type: 'Json', value: '{"$t":1}', valueInfo: {} }],
  ] as const;

  it('are restored unchanged, in the state and in history', async () => {
    const store = files.open();
    const variables = values.map(([name, value], at) => [name, { id: `v${at}`, value, createTime: 1 }]);
    await store.commit(
      changes((set) => {
        set.instances.set('a', source('a', { variables }));
        set.historicInstances.set('a', instanceRecord('a', { businessKey: 'key \ud800' }));
        values.forEach(([name, value], at) => {
          const id = `v${at}`;
          set.historicVariables.set(id, { ...HISTORIC_VARIABLE, processInstanceId: 'a', id, name, value });
        });
      }),
    );
    const after = files.open(files.crash());
    const { root } = after.recover().instances[0]!;
    expect((root as ActivitySnapshotV1).variables).toEqual(variables);
    const kept = (): unknown => after.history.variables.find({}).map(({ name, value }) => [name, value]);
    expect(kept()).toEqual(values);
    await after.commit(ended('a', { businessKey: 'key \ud800' }));
    expect(kept()).toEqual(values);
    expect(after.history.instances.find({ processInstanceBusinessKey: 'key \ud800' })[0]?.businessKey).toBe(
      'key \ud800',
    );
    expect(after.history.instances.count({ processInstanceBusinessKey: 'key \ud801' })).toBe(0);
  });

  it('that are large are written once, and removed when nothing refers to them', async () => {
    const store = files.open();
    const texts = (): number => {
      const db = new BetterSqlite3(files.path(), { readonly: true });
      const count = db.prepare('SELECT count(*) FROM large_text').pluck().get() as number;
      db.close();
      return count;
    };
    const large = { type: 'String', value: 'x'.repeat(1_000_000), valueInfo: {} } as const;
    const step = (value: typeof large | null): ChangeSet =>
      changes((set) => {
        const shown = value ?? { type: 'Null', value: null, valueInfo: {} };
        set.instances.set('a', source('a', { variables: [['v', { id: 'v', value: shown, createTime: 1 }]] }));
        set.historicInstances.set('a', instanceRecord('a'));
        set.historicVariables.set('v', {
          ...HISTORIC_VARIABLE,
          id: 'v',
          processInstanceId: 'a',
          value: shown,
        });
      });
    for (let n = 0; n < 10; n += 1) await store.commit(step(large));
    expect(statSync(`${files.path()}-wal`).size).toBeLessThan(2_000_000);
    expect(texts()).toBe(1);
    const after = files.open(files.crash());
    await after.close();
    await store.commit(step({ ...large, value: 'y'.repeat(10_000) }));
    expect(texts()).toBe(1);
    expect(store.history.variables.find({})[0]?.value.value).toHaveLength(10_000);
    await store.commit(step(null));
    expect(texts()).toBe(0);
  });

  it('that are large are restored after a restart', async () => {
    const store = files.open();
    const large = { type: 'String', value: 'x'.repeat(50_000), valueInfo: {} } as const;
    const state = { variables: [['v', { id: 'v', value: large, createTime: 1 }]] };
    await store.commit(
      changes((set) => {
        set.instances.set('a', source('a', state));
        set.historicInstances.set('a', instanceRecord('a'));
        set.historicVariables.set('v', {
          ...HISTORIC_VARIABLE,
          id: 'v',
          processInstanceId: 'a',
          value: large,
        });
      }),
    );
    await store.close();
    const again = files.open();
    const [kept] = again.recover().instances;
    await again.commit(changes((set) => set.instances.set('a', { snapshot: () => kept! })));
    expect(again.history.variables.find({})[0]?.value.value).toHaveLength(50_000);
    await again.commit(ended('a'));
    expect(again.history.variables.find({})[0]?.value.value).toHaveLength(50_000);
    await again.commit(changes((set) => set.deletedHistories.add('a')));
    await again.close();
    const db = new BetterSqlite3(files.path());
    expect(db.prepare('SELECT count(*) FROM large_text').pluck().get()).toBe(0);
    expect(db.prepare('SELECT count(*) FROM history_part').pluck().get()).toBe(0);
  });
});

describe('the life of a store', () => {
  it('writes one row for an instance that starts and ends within a turn', async () => {
    const store = files.open();
    await Promise.all([store.commit(started('a')), store.commit(ended('a'))]);
    const after = files.open(files.crash());
    expect(after.recover().instances).toEqual([]);
    expect(after.history.findInstance('a')?.state).toBe('COMPLETED');
  });

  it('settles the commits of a turn in order, when all are in the file', async () => {
    const store = files.open();
    const settled: string[] = [];
    const commits = ['a', 'b', 'c'].map(async (id) => {
      await store.commit(started(id));
      settled.push(id);
    });
    await Promise.all(commits);
    expect(settled).toEqual(['a', 'b', 'c']);
    expect(files.open(files.crash()).recover().instances).toHaveLength(3);
  });

  it('writes pending commits when it is closed', async () => {
    const store = files.open();
    const commit = store.commit(started('a'));
    await store.close();
    await store.close();
    await commit;
    expect(files.open().recover().instances).toHaveLength(1);
    await expect(store.commit(started('b'))).rejects.toThrow();
  });

  it('rejects a read-only file when it is opened, not at the first commit', async () => {
    await files.open().close();
    chmodSync(files.path(), 0o444);
    const refusal = `No permission to write ${files.path()}`;
    asOwner([files.folder, files.path(), `${files.path()}.lock`], () => {
      expect(() => files.open()).toThrow(refusal);
    });
  });

  it('returns the recovered state only once', () => {
    const store = files.open();
    expect(store.recover().instances).toEqual([]);
    expect(() => store.recover()).toThrow('The state was recovered before.');
  });

  it('runs with a write-ahead log that is flushed with every commit', () => {
    files.open();
    expect(readFileSync(files.path())[18]).toBe(2);
  });
});

describe('an instance that has ended', () => {
  it('may still change: its caller has ended, or a record arrives late', async () => {
    const store = files.open();
    await store.commit(
      ended('a', {}, (set) => set.externalTaskLog.set('L', { ...CREATED_LOG, processInstanceId: 'a' })),
    );
    await store.commit(ended('b'));
    const late = store.commit(
      changes((set) => {
        set.historicInstances.set('a', ended('a', { removalTime: 99 }).historicInstances.get('a')!);
        set.historicIncidents.set('I', { ...OPEN_INCIDENT, processInstanceId: 'a', state: 'RESOLVED' });
        set.externalTaskLog.set('none', { ...CREATED_LOG, id: 'none', processInstanceId: 'unknown' });
      }),
    );
    const seen = ({ history }: SqliteStore): unknown => [
      history.instances.find({}).map(({ id, removalTime }) => [id, removalTime]),
      history.instances.count({}),
      history.taskLog.find({}).map(({ id }) => id),
      history.incidents.find({}).map(({ id }) => id),
      history.instances.find({ withIncidents: true }).map(({ id }) => id),
    ];
    const expected = [
      [
        ['a', 99],
        ['b', null],
      ],
      2,
      ['L'],
      ['I'],
      ['a'],
    ];
    expect(seen(store)).toEqual(expected);
    await late;
    expect(seen(store)).toEqual(expected);
    await store.commit(started('c'));
    expect(seen(files.open(files.crash()))).toEqual([
      [...(expected[0] as unknown[]), ['c', null]],
      3,
      ...expected.slice(2),
    ]);
  });

  it('is invisible as soon as its history is deleted, before that is written', async () => {
    const store = files.open();
    await store.commit(ended('a'));
    await store.commit(started('b', {}, (set) => set.tasks.set('T', task('T', 'b'))));
    const forgotten = store.commit(
      changes((set) => {
        set.instances.set('b', null);
        for (const id of ['a', 'b', 'none']) set.deletedHistories.add(id);
      }),
    );
    expect(store.history.findInstance('a')).toBeNull();
    expect(store.history.instances.find({})).toEqual([]);
    expect(store.history.instances.count({ processInstanceBusinessKeyIn: ['key-a', 'key-b'] })).toBe(0);
    await forgotten;
    const after = files.open(files.crash());
    expect(after.recover()).toMatchObject({ instances: [], tasks: [] });
    expect(after.history.instances.count({})).toBe(0);
  });

  it('is ordered by its start among running instances', async () => {
    const store = files.open();
    for (const id of ['a', 'b', 'c', 'd']) await store.commit(started(id));
    for (const id of ['d', 'b']) await store.commit(ended(id));
    const activity = (id: string) => ({ ...HISTORIC_ACTIVITY, id: `x${id}`, processInstanceId: id });
    await store.commit(
      changes((set) => {
        for (const id of ['a', 'b', 'c', 'd']) set.historicActivities.set(`x${id}`, activity(id));
      }),
    );
    for (const { history } of [store, files.open(files.crash())]) {
      expect(history.instances.find({}).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
      expect(history.instances.find({ firstResult: 1, maxResults: 2 }).map(({ id }) => id)).toEqual([
        'b',
        'c',
      ]);
      expect(history.activities.find({}).map(({ id }) => id)).toEqual(['xa', 'xb', 'xc', 'xd']);
      expect(history.activities.find({ activityInstanceId: 'xb' })).toEqual([activity('b')]);
      expect(history.instances.find({ finished: true }).map(({ id }) => id)).toEqual(['b', 'd']);
    }
  });
});

describe('expired history', () => {
  it('is removed when the file is opened, batch by batch, and the rest stays', async () => {
    const store = files.open();
    for (let n = 0; n < 450; n += 1) {
      void store.commit(ended(`old${n}`, { removalTime: 1_000 }));
    }
    await store.commit(ended('new', { removalTime: 5_000 }));
    await store.commit(ended('eternal'));
    await store.commit(started('running'));
    await store.close();
    const again = files.open(undefined, { clock: () => 4_999 });
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(again.history.instances.find({}).map(({ id }) => id)).toEqual(['new', 'eternal', 'running']);
  });

  it('is tried again later when it cannot be removed', async () => {
    const store = files.open();
    await store.commit(ended('old', { removalTime: 1_000 }));
    await store.close();
    const db = new BetterSqlite3(files.path());
    db.exec("CREATE TRIGGER stop BEFORE DELETE ON ended BEGIN SELECT RAISE(ABORT, 'stuck'); END");
    db.close();
    const failure = await new Promise((resolve) => {
      files.open(undefined, { clock: () => 5_000, onCleanUpFailure: resolve });
    });
    expect(String(failure)).toContain('stuck');
  });
});

it('keeps all kinds of history of an instance', async () => {
  const store = files.open();
  const of = { processInstanceId: 'a', processDefinitionId: 'order:3:u' };
  await store.commit(
    started('a', {}, (set) => {
      set.historicActivities.set('A', {
        ...HISTORIC_ACTIVITY,
        ...of,
        id: 'A',
        parentActivityInstanceId: 'a',
      });
      set.historicVariables.set('V', { ...HISTORIC_VARIABLE, ...of, executionId: 'a' });
      set.historicIncidents.set('I', { ...OPEN_INCIDENT, ...of });
      set.historicUserTasks.set('U', { ...OPEN_TASK, ...of });
      set.externalTaskLog.set('L', { ...CREATED_LOG, ...of, errorDetails: 'stack '.repeat(5_000) });
    }),
  );
  const all = ({ history }: SqliteStore): unknown => [
    history.activities.find({}),
    history.variables.find({}),
    history.incidents.find({}),
    history.userTasks.find({}),
    history.taskLog.find({}),
    history.instances.find({ withIncidents: true }).length,
  ];
  const expected = [
    [{ ...HISTORIC_ACTIVITY, ...of, id: 'A', parentActivityInstanceId: 'a' }],
    [{ ...HISTORIC_VARIABLE, ...of, executionId: 'a' }],
    [{ ...OPEN_INCIDENT, ...of, processDefinitionKey: 'order' }],
    [{ ...OPEN_TASK, ...of }],
    [{ ...CREATED_LOG, ...of, errorDetails: 'stack '.repeat(5_000) }],
    1,
  ];
  expect(all(store)).toEqual(expected);
  expect(all(files.open(files.crash()))).toEqual(expected);
  await store.commit(ended('a'));
  expect(all(store)).toEqual(expected);
  expect(store.history.findTaskLogEntry('L')?.errorDetails).toHaveLength(30_000);
  expect(store.history.findTaskLogEntry('none')).toBeNull();
});
