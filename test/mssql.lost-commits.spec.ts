import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProcessMessageRepository } from '../src/process-message/index.js';
import { TaskDeliveryRepository } from '../src/task-delivery/task-delivery.repository.js';
import { claimOf, type Instance, openInstance } from './db/support/instance.js';
import { CapturedMssql, type CapturedStatement, serverError } from './support/tds/captured.mssql.js';
import { ProcessRows } from './support/tds/process.rows.js';

type Value = CapturedStatement['parameters'][number]['value'];

/** Rows of the other tables by their keys, with the part of SQL that these tests need. */
class OtherRows {
  readonly events: Value[] = [];
  readonly messages = new Map<Value, object>();
  readonly crashes = new Map<Value, { deaths: number; life: Value }>();

  readonly answer = ({ sql, parameters }: CapturedStatement): ReturnType<CapturedMssql['answer']> => {
    const values = parameters.map(({ value }) => value);
    const [first = null] = values;
    if (sql.startsWith('INSERT INTO event_log')) this.events.push(values[3] ?? null);
    if (sql.startsWith('SELECT event_key'))
      return this.events.filter((key) => values.includes(key)).map((key) => ({ event_key: key }));
    if (sql.startsWith('INSERT INTO process_message')) {
      const columns = /\(([^)]*)\)/.exec(sql)?.[1]?.split(', ') ?? [];
      if (this.messages.has(first)) return serverError(2627);
      const row = { ...Object.fromEntries(columns.map((name, place) => [name, values[place] ?? null])) };
      const times = { lease_until: new Date(), last_attempt_at: new Date() };
      this.messages.set(first, { ...row, ...times });
      return [{ ...row, ...times }];
    }
    if (sql.includes('FROM process_message')) {
      const row = this.messages.get(first);
      return row === undefined ? [] : [row];
    }
    if (sql.startsWith('SELECT last_life')) {
      const row = this.crashes.get(first);
      return row === undefined ? [] : [{ last_life: row.life }];
    }
    if (sql.startsWith('INSERT INTO task_delivery'))
      this.crashes.set(first, { deaths: 1, life: values[2] ?? null });
    if (sql.startsWith('UPDATE task_delivery')) {
      const row = this.crashes.get(values[2] ?? null)!;
      if (row.life !== first) this.crashes.set(values[2] ?? null, { deaths: row.deaths + 1, life: first });
    }
    return undefined;
  };
}

/** The rows are kept and the connection is cut in place of the answer, by the responder. */
describe('a COMMIT of SQL Server whose answer is lost', () => {
  let capture: CapturedMssql;
  let instance: Instance;
  let processes: ProcessRows;
  let others: OtherRows;

  beforeEach(async () => {
    capture = await CapturedMssql.open();
    processes = new ProcessRows();
    others = new OtherRows();
    capture.answer = (statement) => processes.answer(statement) ?? others.answer(statement);
    instance = await openInstance({ dataDir: 'unused', server: capture.config() });
    capture.take();
  });

  afterEach(async () => {
    await instance.fixture.stop();
    await capture.close();
  });

  /** Runs a write whose first commit gets no answer; the next attempt has another connection. */
  async function inDoubt<T>(write: () => Promise<T>): Promise<T> {
    capture.take();
    capture.lostCommits = 1;
    const result = await write();
    const begun = capture.take().filter(({ sql }) => sql === 'BEGIN');
    expect(new Set(begun.map(({ connection }) => connection)).size).toBe(2);
    expect(capture.lostCommits).toBe(0);
    return result;
  }

  it('leaves a claim with this request', async () => {
    expect((await inDoubt(() => instance.store.claim(claimOf('a')))).kind).toBe('claimed');
    expect(processes.rows.size).toBe(1);
  });

  it('leaves an outcome with the one who wrote it, at the next version', async () => {
    const { record } = await instance.store.claim(claimOf('a'));
    const outcome = { origin: 'step', status: 'ok', data: '{"x":1}' } as const;
    expect(await inDoubt(() => instance.store.save(record, { outcome }))).toMatchObject({
      saved: true,
      record: { version: 2, data: '{"x":1}' },
    });
  });

  it('adds no event a second time', async () => {
    await inDoubt(() => instance.events.logEvent({ correlationId: 'a', stepName: 's', status: 'ok' }));
    expect(others.events).toHaveLength(1);
  });

  it('leaves a message with this request', async () => {
    const messages = new ProcessMessageRepository(instance.fixture.database, instance.fixture.queue);
    const claimed = await inDoubt(() =>
      messages.claim({
        messageId: 'm',
        claimId: 'one',
        requestHash: 'hash',
        correlationId: 'a',
        processInstanceId: 'i',
        owner: 'o',
        leaseMs: 60_000,
      }),
    );
    expect(claimed).toMatchObject({ kind: 'claimed', record: { claimId: 'one' } });
  });

  it('counts no crash a second time', async () => {
    const deliveries = new TaskDeliveryRepository(instance.fixture.database, instance.fixture.queue);
    for (const life of ['life-1', 'life-2'])
      await inDoubt(() => deliveries.count(life, [{ taskId: 't', topic: 'p.s' }]));
    expect(others.crashes.get('t')).toEqual({ deaths: 2, life: 'life-2' });
  });
});
