import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import { and, boundaryTimer, catchTimer, end, evaluate, path, start, task } from './support/bpmn.js';
import type { Json } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';
import { eventually } from './support/scenario.js';

const engine = useEngine();
const HOUR_MS = 3_600_000;

const waiting = (value: string, kind?: string) => [
  start(),
  catchTimer('T', value, kind),
  task('A'),
  end(),
  path('start', 'T', 'A', 'end'),
];

async function onlyJob(instance: string): Promise<Json & { id: string; dueDate: string }> {
  const jobs = await engine.list(`/job?processInstanceId=${instance}`);
  expect(jobs).toHaveLength(1);
  return jobs[0] as Json & { id: string; dueDate: string };
}

describe('timer catch event', () => {
  it('waits for its duration', async () => {
    const process = await engine.process(waiting('PT1H'));
    const before = Date.now();
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['T']);
    const due = Date.parse((await onlyJob(instance)).dueDate);
    expect(due).toBeGreaterThanOrEqual(before + HOUR_MS - 1_000);
    expect(due).toBeLessThanOrEqual(Date.now() + HOUR_MS + 1_000);
  });

  it('waits until its date', async () => {
    const process = await engine.process(waiting('2099-01-02T03:04:05Z', 'timeDate'));
    const instance = await process.start();
    expect(Date.parse((await onlyJob(instance)).dueDate)).toBe(Date.parse('2099-01-02T03:04:05Z'));
  });

  it('fires by itself when it is due', async () => {
    const process = await engine.process(waiting('PT1S'));
    const instance = await process.start();
    const seen = await eventually(
      () => process.waitsIn(instance),
      (ids) => ids?.[0] === 'A',
    );
    expect(seen).toEqual(['A']);
    expect(await engine.list(`/job?processInstanceId=${instance}`)).toEqual([]);
  });

  it('fires at once when its date is past', async () => {
    const process = await engine.process(waiting('2001-01-01T00:00:00Z', 'timeDate'));
    const instance = await process.start();
    const seen = await eventually(
      () => process.waitsIn(instance),
      (ids) => ids?.[0] === 'A',
    );
    expect(seen).toEqual(['A']);
  });

  it.each([
    ['a duration', '${wait}', 'timeDuration', 'PT2H'],
    ['a date', '${wait}', 'timeDate', '2099-01-02T03:04:05'],
  ])('takes %s from an expression', async (_name, expression, kind, wait) => {
    const process = await engine.process(waiting(expression, kind));
    const instance = await process.start({ wait });
    expect((await onlyJob(instance)).dueDate).toMatch(DATE);
  });

  it('takes a date from a variable of that type', async () => {
    const process = await engine.process(waiting('${when}', 'timeDate'));
    const instance = await process.start({
      when: { type: 'Date', value: '2098-07-06T05:04:03.000+0000' },
    });
    expect(Date.parse((await onlyJob(instance)).dueDate)).toBe(Date.parse('2098-07-06T05:04:03Z'));
  });

  it('fails the start when its duration cannot be read', async () => {
    const process = await engine.process(waiting('${wait}'));
    expect(await process.launch({ variables: { wait: { value: 'soon' } } })).toMatchObject({
      status: 500,
      body: { type: 'RestException', message: expect.stringMatching(/soon/) },
    });
  });

  it('shows in history', async () => {
    const process = await engine.process(waiting('PT1H'));
    const instance = await process.start();
    await engine.post(`/job/${(await onlyJob(instance)).id}/execute`);
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=T`),
    ).toMatchObject([{ activityType: 'intermediateTimer', canceled: false }]);
  });

  it('is removed with its instance', async () => {
    const process = await engine.process(waiting('PT1H'));
    const instance = await process.start();
    const { id } = await onlyJob(instance);
    await engine.delete(`/process-instance/${instance}`);
    expect(await engine.get(`/job/${id}`)).toMatchObject({ status: 404 });
  });
});

describe('timer boundary event', () => {
  const limited = (interrupting: boolean, value = 'PT1H') => [
    start(),
    task('A'),
    boundaryTimer('b', 'A', value, interrupting),
    task('X'),
    end(),
    path('start', 'A', 'end'),
    path('b', 'X', 'end'),
  ];

  it('cancels its activity when it interrupts', async () => {
    const process = await engine.process(limited(true));
    const instance = await process.start();
    const job = await process.fetchOne('A');
    await engine.post(`/job/${(await onlyJob(instance)).id}/execute`);
    expect(await process.waitsIn(instance)).toEqual(['X']);
    expect(await process.report(job, 'complete')).toMatchObject({ status: 404 });
    expect(await process.trail(instance)).toEqual(['!A', 'b', 'start']);
  });

  it('fires once and keeps its activity if it does not interrupt', async () => {
    const process = await engine.process(limited(false));
    const instance = await process.start();
    await engine.post(`/job/${(await onlyJob(instance)).id}/execute`);
    expect(await process.waitsIn(instance)).toEqual(['A', 'X']);
    expect(await engine.list(`/job?processInstanceId=${instance}`)).toEqual([]);
  });

  it('is removed when its activity has ended', async () => {
    const process = await engine.process(limited(true));
    const instance = await process.start();
    const { id } = await onlyJob(instance);
    await process.complete('A');
    expect(await engine.get(`/job/${id}`)).toMatchObject({ status: 404 });
  });

  it('fires by itself when it is due', async () => {
    const process = await engine.process(limited(true, 'PT1S'));
    const instance = await process.start();
    const seen = await eventually(
      () => process.waitsIn(instance),
      (ids) => ids?.[0] === 'X',
    );
    expect(seen).toEqual(['X']);
  });
});

describe('job', () => {
  it('has all its members', async () => {
    const process = await engine.process(waiting('PT1H'));
    const instance = await process.start();
    const job = await onlyJob(instance);
    expect(job).toEqual({
      id: expect.any(String),
      jobDefinitionId: expect.any(String),
      processInstanceId: instance,
      processDefinitionId: process.definitionId,
      processDefinitionKey: process.key,
      executionId: expect.any(String),
      exceptionMessage: null,
      failedActivityId: null,
      retries: 3,
      dueDate: expect.stringMatching(DATE),
      suspended: false,
      priority: 0,
      tenantId: null,
      createTime: expect.stringMatching(DATE),
      batchId: null,
    });
    expect(await engine.read(`/job/${job.id}`)).toEqual(job);
  });

  it('is a 404 when it is unknown', async () => {
    expect(await engine.get('/job/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', 'Job with id nope does not exist'),
    );
    expect(await engine.post('/job/nope/execute')).toMatchObject(
      refused(404, 'InvalidRequestException', "ENGINE-14026 No job found with id 'nope'"),
    );
    expect(await engine.put('/job/nope/retries', { retries: 1 })).toMatchObject({ status: 500 });
  });

  it.each<[string, number]>([
    ['timers=true', 2],
    ['messages=true', 0],
    ['withRetriesLeft=true', 2],
    ['noRetriesLeft=true', 0],
    ['active=true', 2],
    ['suspended=true', 0],
    ['withException=true', 0],
    ['executable=true', 0],
    ['tenantIdIn=t', 0],
    ['withoutTenantId=true', 2],
    ['dueDates=gt_2020-01-01T00:00:00.000%2B0000', 2],
    ['dueDates=lt_2020-01-01T00:00:00.000%2B0000', 0],
    ['activityId=T', 1],
  ])('is listed by %s', async (filter, count) => {
    const process = await engine.process([
      start(),
      and('fork'),
      catchTimer('T', 'PT1H'),
      catchTimer('U', 'PT2H'),
      end(),
      path('start', 'fork', 'T', 'end'),
      path('fork', 'U', 'end'),
    ]);
    const instance = await process.start();
    const query = `processInstanceId=${instance}&${filter}`;
    expect(await engine.list(`/job?${query}`)).toHaveLength(count);
    expect(await engine.count(`/job/count?${query}`)).toBe(count);
  });

  it('is listed by its definition, and sorted by due date', async () => {
    const process = await engine.process(waiting('${wait}'));
    for (const wait of ['PT3H', 'PT1H', 'PT2H']) await process.start({ wait });
    const dates = async (order: string) =>
      (
        await engine.list(`/job?processDefinitionKey=${process.key}&sortBy=jobDueDate&sortOrder=${order}`)
      ).map(({ dueDate }) => String(dueDate));
    const ascending = await dates('asc');
    expect(ascending).toEqual([...ascending].sort());
    expect(await dates('desc')).toEqual([...ascending].reverse());
    expect(await engine.count(`/job/count?processDefinitionId=${process.definitionId}`)).toBe(3);
  });

  describe('that fails', () => {
    const FAILING = [
      start(),
      catchTimer('T', 'PT1H'),
      evaluate('X', '${needed}'),
      task('A'),
      end(),
      path('start', 'T', 'X', 'A', 'end'),
    ];
    const CAUSE = "Unknown property used in expression: ${needed}. Cause: Cannot resolve identifier 'needed'";

    it('reports the reason, and keeps the instance in its place with one retry less', async () => {
      const process = await engine.process(FAILING);
      const instance = await process.start();
      const { id, dueDate } = await onlyJob(instance);
      expect(await engine.post(`/job/${id}/execute`)).toMatchObject(
        refused(404, 'InvalidRequestException', CAUSE),
      );
      expect(await engine.read(`/job/${id}`)).toMatchObject({
        retries: 2,
        dueDate,
        exceptionMessage: CAUSE,
        failedActivityId: 'X',
      });
      expect(await process.waitsIn(instance)).toEqual(['T']);
    });

    it('becomes an incident when its retries are used up', async () => {
      const process = await engine.process(FAILING);
      const instance = await process.start();
      const { id } = await onlyJob(instance);
      for (let n = 0; n < 3; n++) await engine.post(`/job/${id}/execute`);
      expect(await engine.list(`/incident?processInstanceId=${instance}`)).toMatchObject([
        {
          incidentType: 'failedJob',
          activityId: 'T',
          failedActivityId: 'X',
          configuration: id,
          incidentMessage: CAUSE,
        },
      ]);
      expect(await engine.count(`/job/count?processInstanceId=${instance}&noRetriesLeft=true`)).toBe(1);
    });

    it('gets new retries, which resolves the incident', async () => {
      const process = await engine.process(FAILING);
      const instance = await process.start();
      const { id } = await onlyJob(instance);
      for (let n = 0; n < 3; n++) await engine.post(`/job/${id}/execute`);
      expect(await engine.put(`/job/${id}/retries`, { retries: 2 })).toMatchObject({ status: 204 });
      expect(await engine.list(`/incident?processInstanceId=${instance}`)).toEqual([]);
      await engine.put(`/process-instance/${instance}/variables/needed`, { value: 1 });
      expect(await engine.post(`/job/${id}/execute`)).toMatchObject({ status: 204 });
      expect(await process.waitsIn(instance)).toEqual(['A']);
    });

    it('becomes an incident when its retries are set to zero', async () => {
      const process = await engine.process(FAILING);
      const instance = await process.start();
      const { id } = await onlyJob(instance);
      await engine.put(`/job/${id}/retries`, { retries: 0 });
      expect(await engine.list(`/incident?processInstanceId=${instance}`)).toMatchObject([
        { incidentType: 'failedJob', configuration: id },
      ]);
    });

    it('refuses negative retries', async () => {
      const process = await engine.process(FAILING);
      const { id } = await onlyJob(await process.start());
      expect(await engine.put(`/job/${id}/retries`, { retries: -1 })).toMatchObject(
        refused(
          500,
          'InvalidRequestException',
          "ENGINE-13054 The number of job retries must be a non-negative Integer, but '-1' has been provided.",
        ),
      );
    });

    it('is tried again by itself until it is an incident', async () => {
      const process = await engine.process([
        start(),
        catchTimer('T', 'PT0S'),
        evaluate('X', '${needed}'),
        end(),
        path('start', 'T', 'X', 'end'),
      ]);
      const instance = await process.start();
      const incidents = await eventually(
        () => engine.list(`/incident?processInstanceId=${instance}`),
        (rows) => rows.length > 0,
      );
      expect(incidents).toMatchObject([{ incidentType: 'failedJob', incidentMessage: CAUSE }]);
    });
  });
});
