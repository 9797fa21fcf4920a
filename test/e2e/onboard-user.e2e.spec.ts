import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, RunningService } from '../support/service.js';

const OUTCOME = (userId: string) => ({
  success: true,
  userId,
  validationResult: { valid: true },
  backgroundCheckResult: { cleared: true },
  onboardingResult: { success: true, userId },
});

describe('onboard-user, end to end', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({ SYNC_TIMEOUT_MS: '50000' });
  });

  afterAll(async () => {
    await service.destroy();
  });

  it('responds to the first call of the README with 200 and the result of the process', async () => {
    const started = await service.post(
      '/api/process/start',
      '{"processKey":"onboard-user","correlationId":"user-123","variables":{"userId":"user-123","email":"user@example.com"}}',
    );
    expect(started.status).toBe(200);
    expect(started.headers.get('content-type')).toMatch(/^application\/json/);
    expect(started.headers.get('process-status')).toBe('ok');
    expect(started.headers.get('cache-control')).toBe('private, no-cache');
    expect(started.body).toEqual({
      correlationId: 'user-123',
      processKey: 'onboard-user',
      status: 'ok',
      data: OUTCOME('user-123'),
      error: null,
      errorCode: null,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      statusUrl: '/api/process/status/user-123',
    });

    const status = await service.status('user-123');
    expect(status.status).toBe(200);
    expect(status.text).toBe(started.text);
  });

  it('accepts the call of the callback strategy, which has no email', async () => {
    const started = await service.post(
      '/api/process/start',
      '{"processKey":"onboard-user","correlationId":"test-123","variables":{"userId":"test"}}',
    );
    expect([started.status, started.body.data]).toEqual([200, OUTCOME('test')]);
  });

  it('keeps the row and the trail of the process in the database', async () => {
    await service.start('audit-1', { userId: 'Audit-1', email: 'a@example.com' });

    const [row] = await service.rows('SELECT * FROM process_store WHERE correlation_id = ?', 'audit-1');
    expect(row).toMatchObject({
      process_key: 'onboard-user',
      status: 'ok',
      error: null,
      outcome_step: 'prepare-response',
    });
    expect(JSON.parse(String(row?.data))).toMatchObject({ success: true });

    const trail = await service.wholeTrail('audit-1', 5);
    expect(trail.map(({ step, step_name, status }) => [step, step_name, status])).toEqual([
      [0, 'start', 'ok'],
      [1, 'validate-user-information', 'ok'],
      [2, 'run-background-check', 'ok'],
      [3, 'call-onboarding-api', 'ok'],
      [4, 'prepare-response', 'ok'],
    ]);
    expect(trail.map(({ seq }) => seq).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(trail[1]).toMatchObject({
      http_method: null,
      endpoint: null,
      http_status_code: 200,
      process_name: 'onboard-user',
      target_system: 'CamundaEngine',
      originating_system: 'FastifyAPI',
      result: 'User information validated',
      batch_id: row?.batch_id,
      traceability_id: row?.traceability_id,
      application_id: row?.application_id,
    });
    expect(JSON.parse(String(trail[1]?.request_data))).toEqual({
      userId: 'Audit-1',
      email: 'a@example.com',
    });
    expect(JSON.parse(String(trail[1]?.response_data))).toEqual({
      validated: true,
      normalizedUserId: 'audit-1',
    });
    expect(trail[2]).toMatchObject({
      http_method: 'POST',
      http_status_code: 200,
      target_system: 'BackgroundCheck',
    });
    expect(String(trail[2]?.endpoint)).toMatch(/\/background-checks$/);
  });

  it('returns 500 with the code of a business error, and its trail has the error path', async () => {
    const started = await service.start('blocked-1');
    expect(started.status).toBe(500);
    expect(started.headers.get('content-type')).toMatch(/^application\/json/);
    expect(started.body).toMatchObject({
      status: 'error',
      data: null,
      error: 'The background check did not clear the user',
      errorCode: 'NOT_CLEARED',
    });
    const trail = await service.wholeTrail('blocked-1', 4);
    expect(trail.map(({ step_name, status }) => [step_name, status])).toEqual([
      ['start', 'ok'],
      ['validate-user-information', 'ok'],
      ['run-background-check', 'error'],
      ['handle-error', 'ok'],
    ]);
  });

  it('refuses an invalid email on the error path of step 1', async () => {
    const started = await service.start('bad-email', { userId: 'u', email: 'not an address' });
    expect([started.status, started.body.errorCode]).toEqual([500, 'INVALID_EMAIL']);
  });

  it('retries a step that fails twice, with a row for each attempt', async () => {
    const started = await service.start('flaky-1');
    expect([started.status, started.body.status]).toEqual([200, 'ok']);
    const checks = (await service.trail('flaky-1')).filter(
      ({ step_name }) => step_name === 'run-background-check',
    );
    expect(checks.map(({ status, http_status_code }) => [status, http_status_code])).toEqual([
      ['error', 500],
      ['error', 500],
      ['ok', 200],
    ]);
    expect(
      checks.map(({ metadata }) => (JSON.parse(String(metadata)) as { attempt: number }).attempt),
    ).toEqual([1, 2, 3]);
  });

  it('ends as an incident in less than ten seconds when no retries are left', async () => {
    const started = await service.start('broken-1');
    expect(started.status).toBe(500);
    expect(started.body).toMatchObject({ status: 'error', errorCode: 'INCIDENT' });
    expect((await service.trail('broken-1')).filter(({ status }) => status === 'error')).toHaveLength(4);
  });

  it('accepts a userId of 255 characters and variables of every JSON type', async () => {
    const variables = {
      userId: 'u'.repeat(255),
      text: 'ü🙂\u0000',
      long: 2 ** 40,
      half: 0.5,
      yes: false,
      nothing: null,
      list: [1, { a: 'b' }],
      novel: 'x'.repeat(10_000),
    };
    const started = await service.start('wide', variables);
    expect([started.status, started.body.status]).toEqual([200, 'ok']);
  });

  it('creates an id if the client sends none', async () => {
    const started = await service.post('/api/process/start', {
      processKey: 'onboard-user',
      variables: { userId: 'x' },
    });
    expect(started.status).toBe(200);
    const id = String(started.body.correlationId);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await service.status(id)).status).toBe(200);
  });

  it('responds to 200 concurrent starts, each with its own result, row and complete trail', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => `load-${n}`);
    const answers = await Promise.all(ids.map((id) => service.start(id)));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    expect(answers.map(({ body }) => (body.data as { userId: string }).userId)).toEqual(ids);
    expect(
      await service.rows(
        "SELECT CAST(COUNT(*) AS INTEGER) AS n FROM process_store WHERE correlation_id LIKE 'load-%' AND status = 'ok'",
      ),
    ).toEqual([{ n: 200 }]);
    // The answer to a start does not wait for its row.
    const trails = await eventually(
      () =>
        service.rows(
          "SELECT CAST(COUNT(*) AS INTEGER) AS n, MIN(seq) AS first, MAX(seq) AS last FROM event_log WHERE correlation_id LIKE 'load-%' GROUP BY correlation_id",
        ),
      (rows) => rows.every(({ n }) => n === 5),
    );
    expect(trails).toHaveLength(200);
    expect(
      new Set(trails.map(({ n, first, last }) => `${String(n)} ${String(first)} ${String(last)}`)),
    ).toEqual(new Set(['5 1 5']));
  });
});

describe('a process that takes longer than the wait', () => {
  it('returns 202 with a status URL, and 200 after its end', async () => {
    const service = await RunningService.start({ SYNC_TIMEOUT_MS: '150' });
    try {
      const started = await service.start('slow-1');
      expect(started.status).toBe(202);
      expect(started.body).toMatchObject({
        status: 'pending',
        data: null,
        statusUrl: '/api/process/status/slow-1',
      });
      expect(started.headers.get('location')).toBe('/api/process/status/slow-1');
      expect(Number(started.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await service.status('slow-1')).status).toBe(202);

      const finished = await service.finished('slow-1');
      expect([finished.status, finished.body.data]).toEqual([200, OUTCOME('slow-1')]);
      expect(finished.body.startedAt).toBe(started.body.startedAt);
    } finally {
      await service.destroy();
    }
  });
});
