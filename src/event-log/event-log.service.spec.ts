import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type DatabaseFixture, failNextCommit, openDatabase } from '../database/testing/database.fixture.js';
import { refuseEvents } from '../database/testing/database.obstacle.js';
import { EventLogRepository } from './event-log.repository.js';
import { EventLogService } from './event-log.service.js';
import { DEFAULT_REDACTED_NAMES } from './event.redactor.js';
import type { NewEvent } from './event.types.js';

describe('EventLogService', () => {
  let fixture: DatabaseFixture;
  let repository: EventLogRepository;
  let log: EventLogService;

  function makeLog(config = fixture.config): void {
    repository = new EventLogRepository(fixture.database);
    log = new EventLogService(repository, fixture.queue, fixture.database, config, DEFAULT_REDACTED_NAMES, {
      paths: [],
    });
  }

  beforeEach(async () => {
    fixture = await openDatabase({ eventLogMaxBytes: 300 });
    makeLog();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await fixture.remove();
  });

  const logStep = (correlationId: string, stepName: string, more: Partial<NewEvent> = {}): Promise<void> =>
    log.logEvent({ correlationId, stepName, status: 'ok', ...more });

  const trail = async (correlationId: string): Promise<[number, string][]> =>
    (await log.findEvents(correlationId)).map(({ seq, stepName }) => [seq, stepName]);

  it('reads many large pages over several turns of the event loop', async () => {
    const large = 200_000;
    makeLog({ ...fixture.config, eventLogMaxBytes: large + 1_000 });
    await logStep('a', 'large', { responseData: 'x'.repeat(large) });
    const turns: number[] = [];
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn += 1;
      if (!isOver) setImmediate(count);
    };
    jest.spyOn(repository, 'findEvents').mockImplementation(() => {
      turns.push(turn);
      return Promise.resolve([]);
    });
    setImmediate(count);
    const query = { after: 0, limit: 10, maxBytes: 1_000_000 };
    await Promise.all(Array.from({ length: 5 }, () => log.findPage('a', query)));
    isOver = true;
    // One page of 200 kB has room in a turn, two have not.
    expect(new Set(turns).size).toBe(5);
  });

  it('stores every column and reads it back', async () => {
    const event = {
      correlationId: 'a',
      stepName: 'call-onboarding-api',
      status: 'error',
      step: 3,
      httpMethod: 'POST',
      endpoint: 'https://partner.example/onboard',
      httpStatusCode: 502,
      requestData: { userId: 'u', nested: [1, null, { deep: '😀' }] },
      responseData: { ok: false },
      errorMessage: 'Bad gateway',
      batchId: 'b',
      traceabilityId: 't',
      applicationId: 'ap',
      targetSystem: 'CamundaEngine',
      originatingSystem: 'FastifyAPI',
      processName: 'onboard-user',
      identifiers: { customerId: 'c' },
      result: 'The partner failed',
      metadata: { attempt: 1 },
      executionTime: 12.4,
      createdAt: new Date('2026-01-02T03:04:05.678Z'),
    } as const;
    await log.logEvent(event);
    const [stored] = await log.findEvents('a');
    expect(stored).toEqual({
      ...event,
      executionTime: 12,
      seq: 1,
      id: '1',
      eventKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('numbers each trail from 1 without gaps, however the events are mixed', async () => {
    await Promise.all(['a', 'b', 'a', 'c', 'b', 'a'].map((id, index) => logStep(id, `s${index}`)));
    await logStep('a', 's6');
    expect(await trail('a')).toEqual([
      [1, 's0'],
      [2, 's2'],
      [3, 's5'],
      [4, 's6'],
    ]);
    expect(await trail('b')).toEqual([
      [1, 's1'],
      [2, 's4'],
    ]);
  });

  it('continues the trail after a restart of the service', async () => {
    await logStep('a', 'first');
    fixture = await fixture.reopen();
    makeLog();
    await logStep('a', 'second');
    expect(await trail('a')).toEqual([
      [1, 'first'],
      [2, 'second'],
    ]);
  });

  it('numbers a trail through, however many statements its events take', async () => {
    await logStep('a', 's0');
    await Promise.all(Array.from({ length: 300 }, (_, index) => logStep('a', `s${index + 1}`)));
    const events = await log.findEvents('a', { limit: 500 });
    expect(events.map(({ seq, stepName }) => [seq, stepName])).toEqual(
      Array.from({ length: 301 }, (_, index) => [index + 1, `s${index}`]),
    );
  });

  it('puts events that are written together in the order of their times, and of their steps', async () => {
    const at = (ms: number) => ({ createdAt: new Date(Date.UTC(2026, 0, 1) + ms) });
    await logStep('a', 'claim', at(9));
    await Promise.all([
      logStep('a', 'second attempt', at(1)),
      logStep('a', 'second step', { ...at(0), step: 2 }),
      logStep('b', 'other', at(0)),
      logStep('a', 'start', at(0)),
      logStep('a', 'first step', { ...at(0), step: 1 }),
      logStep('a', 'third attempt', at(1)),
    ]);
    // What was there stays in its place.
    expect((await trail('a')).map(([, stepName]) => stepName)).toEqual([
      'claim',
      'start',
      'first step',
      'second step',
      'second attempt',
      'third attempt',
    ]);
  });

  it('writes each event once when the commit of its group was in doubt', async () => {
    await logStep('a', 'before');
    failNextCommit(fixture, true);
    await Promise.all([logStep('a', 'one'), logStep('a', 'two')]);
    await logStep('a', 'after');
    expect(await trail('a')).toEqual([
      [1, 'before'],
      [2, 'one'],
      [3, 'two'],
      [4, 'after'],
    ]);
  });

  it('writes one event of several with the same key, in one group or later', async () => {
    const eventKey = '0a1b2c3d-0000-5000-8000-000000000001';
    await Promise.all([
      logStep('a', 'first', { eventKey }),
      logStep('a', 'again', { eventKey }),
      logStep('b', 'other'),
    ]);
    await Promise.all([logStep('a', 'later', { eventKey }), logStep('a', 'next')]);
    expect(await trail('a')).toEqual([
      [1, 'first'],
      [2, 'next'],
    ]);
    expect(await trail('b')).toEqual([[1, 'other']]);
  });

  it('takes the next free place when another writer took the expected one', async () => {
    await logStep('a', 'ours');
    await fixture.connection.transaction((sql) =>
      sql.execute(
        "INSERT INTO event_log (correlation_id, seq, event_key, step_name, status, created_at) VALUES ('a', 2, 'k', 'theirs', 'ok', '2026-01-01 00:00:00.000')",
      ),
    );
    await logStep('a', 'ours again');
    expect(await trail('a')).toEqual([
      [1, 'ours'],
      [2, 'theirs'],
      [3, 'ours again'],
    ]);
  });

  it('writes a marker in the place of an event that the database refuses, and the others as they are', async () => {
    await refuseEvents(fixture, 'poison');
    await Promise.all([
      logStep('a', 'one'),
      logStep('a', 'twö', { result: 'poison', requestData: { secretive: 1 } }),
      logStep('a', 'three'),
    ]);
    const events = await log.findEvents('a');
    expect(events.map(({ seq, stepName, status }) => [seq, stepName, status])).toEqual([
      [1, 'one', 'ok'],
      [2, 'tw?', 'error'],
      [3, 'three', 'ok'],
    ]);
    expect(events[1]).toMatchObject({ requestData: null, errorMessage: expect.stringContaining('refused') });
  });

  it('cuts texts to their columns and keeps NUL characters visible', async () => {
    await logStep('a', 's'.repeat(300), {
      endpoint: `${'e'.repeat(499)}😀`,
      errorMessage: `a\0${'m'.repeat(400)}`,
      httpStatusCode: Number.NaN,
    });
    const [event] = await log.findEvents('a');
    expect(event).toMatchObject({
      stepName: 's'.repeat(255),
      endpoint: 'e'.repeat(499),
      httpStatusCode: null,
    });
    expect(event!.errorMessage).toMatch(/^a\\u0000m+…$/);
    expect(Buffer.byteLength(event!.errorMessage!)).toBe(300);
  });

  it('writes a deferrable event with the next group', async () => {
    const transaction = jest.spyOn(fixture.connection, 'transaction');
    await Promise.all([
      log.logEvent({ correlationId: 'a', stepName: 'start', status: 'ok' }, { deferrable: true }),
      logStep('a', 'first'),
    ]);
    expect(transaction).toHaveBeenCalledTimes(1);
    expect(await trail('a')).toEqual([
      [1, 'start'],
      [2, 'first'],
    ]);
  });

  it('reads a part of a trail', async () => {
    await Promise.all(['1', '2', '3', '4'].map((name) => logStep('a', name)));
    const events = await log.findEvents('a', { after: 1, limit: 2 });
    expect(events.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it('shows the latest attempts of a step, the last one first', async () => {
    const createdAt = new Date('2026-01-01T00:00:00.123Z');
    await logStep('a', 'step', { status: 'error', errorMessage: 'Busy', createdAt });
    await Promise.all([logStep('a', 'other'), logStep('b', 'step')]);
    for (let n = 0; n < 20; n += 1) await logStep('a', 'step', { createdAt });
    const attempts = await log.findAttempts('a', 'step');
    expect(attempts.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => 22 - n));
    expect(attempts[0]).toEqual({ seq: 22, status: 'ok', errorMessage: null, createdAt });
  });

  it('calls observers for each process with a committed row, until they are removed', async () => {
    const seen: string[] = [];
    const reads: Promise<[number, string][]>[] = [];
    const leave = log.observe((correlationId) => {
      seen.push(correlationId);
      reads.push(trail(correlationId));
    });
    await logStep('a', 'first');
    expect([seen, await Promise.all(reads)]).toEqual([['a'], [[[1, 'first']]]]);
    leave();
    await logStep('b', 'first');
    expect(seen).toHaveLength(1);
  });

  it('reads JSON columns that others wrote as text', async () => {
    await logStep('a', 'x', { metadata: {} });
    await fixture.connection.transaction((sql) => sql.execute("UPDATE event_log SET metadata = 'no json'"));
    expect((await log.findEvents('a'))[0]?.metadata).toBe('no json');
  });
});
