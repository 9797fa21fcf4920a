import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import { and, end, io, path, start, task, xor } from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';
import type { Scenario } from './support/scenario.js';
import { eventually } from './support/scenario.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];

/** A time after all previous requests and before all later ones. */
async function now(): Promise<string> {
  const moment = Date.now() + 2;
  await eventually(
    async () => Date.now(),
    (time) => time > moment + 2,
  );
  return encodeURIComponent(new Date(moment).toISOString().replace('Z', '+0000'));
}

describe('history of process instances', () => {
  it('is a 404 for an unknown id', async () => {
    expect(await engine.get('/history/process-instance/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', 'Historic process instance with id nope does not exist'),
    );
  });

  it('has all members, while it runs and when it has ended', async () => {
    const process = await engine.process(ONE_TASK, { attributes: 'name="N"' });
    const instance = await process.start({}, { businessKey: 'bk' });
    const running = {
      id: instance,
      businessKey: 'bk',
      processDefinitionId: process.definitionId,
      processDefinitionKey: process.key,
      processDefinitionName: 'N',
      processDefinitionVersion: 1,
      startTime: expect.stringMatching(DATE),
      endTime: null,
      removalTime: null,
      durationInMillis: null,
      startUserId: null,
      startActivityId: 'start',
      deleteReason: null,
      rootProcessInstanceId: instance,
      superProcessInstanceId: null,
      superCaseInstanceId: null,
      caseInstanceId: null,
      tenantId: null,
      state: 'ACTIVE',
      restartedProcessInstanceId: null,
    };
    expect(await engine.read(`/history/process-instance/${instance}`)).toEqual(running);
    await process.complete('A');
    const ended = await engine.read(`/history/process-instance/${instance}`);
    expect(ended).toEqual({
      ...running,
      endTime: expect.stringMatching(DATE),
      removalTime: expect.stringMatching(DATE),
      durationInMillis: expect.any(Number),
      state: 'COMPLETED',
    });
    const days = (Date.parse(String(ended.removalTime)) - Date.parse(String(ended.endTime))) / 86_400_000;
    expect(days).toBe(30);
  });

  it.each<[string, (process: Scenario, ids: readonly string[]) => string, number]>([
    ['processInstanceId', (_, [id]) => `processInstanceId=${String(id)}`, 1],
    ['processInstanceIds', (_, ids) => `processInstanceIds=${ids.join(',')}`, 2],
    ['processDefinitionId', (p) => `processDefinitionId=${p.definitionId}`, 2],
    ['processDefinitionKey', (p) => `processDefinitionKey=${p.key}`, 2],
    ['processDefinitionKeyIn', (p) => `processDefinitionKeyIn=x,${p.key}`, 2],
    ['processInstanceBusinessKey', (p) => `processDefinitionKey=${p.key}&processInstanceBusinessKey=one`, 1],
    [
      'processInstanceBusinessKeyIn',
      (p) => `processDefinitionKey=${p.key}&processInstanceBusinessKeyIn=one,two`,
      2,
    ],
    [
      'processInstanceBusinessKeyLike',
      (p) => `processDefinitionKey=${p.key}&processInstanceBusinessKeyLike=%25o%25`,
      2,
    ],
    ['finished', (p) => `processDefinitionKey=${p.key}&finished=true`, 1],
    ['unfinished', (p) => `processDefinitionKey=${p.key}&unfinished=true`, 1],
    ['completed', (p) => `processDefinitionKey=${p.key}&completed=true`, 1],
    ['active', (p) => `processDefinitionKey=${p.key}&active=true`, 1],
    ['suspended', (p) => `processDefinitionKey=${p.key}&suspended=true`, 0],
    ['externallyTerminated', (p) => `processDefinitionKey=${p.key}&externallyTerminated=true`, 0],
    ['internallyTerminated', (p) => `processDefinitionKey=${p.key}&internallyTerminated=true`, 0],
    ['rootProcessInstances', (p) => `processDefinitionKey=${p.key}&rootProcessInstances=true`, 2],
    ['superProcessInstanceId', (_, [id]) => `superProcessInstanceId=${String(id)}`, 0],
    ['withIncidents', (p) => `processDefinitionKey=${p.key}&withIncidents=true`, 0],
    ['a variable', (p) => `processDefinitionKey=${p.key}&variables=s_eq_x`, 1],
    ['withoutTenantId', (p) => `processDefinitionKey=${p.key}&withoutTenantId=true`, 2],
    ['executedActivityIdIn', (p) => `processDefinitionKey=${p.key}&executedActivityIdIn=A`, 1],
    ['activeActivityIdIn', (p) => `processDefinitionKey=${p.key}&activeActivityIdIn=A`, 1],
    ['startedBefore', (p) => `processDefinitionKey=${p.key}&startedBefore=2020-01-01T00:00:00.000%2B0000`, 0],
    ['startedAfter', (p) => `processDefinitionKey=${p.key}&startedAfter=2020-01-01T00:00:00.000%2B0000`, 2],
    [
      'finishedBefore',
      (p) => `processDefinitionKey=${p.key}&finishedBefore=2020-01-01T00:00:00.000%2B0000`,
      0,
    ],
    ['finishedAfter', (p) => `processDefinitionKey=${p.key}&finishedAfter=2020-01-01T00:00:00.000%2B0000`, 1],
  ])('is listed by %s', async (_name, filter, count) => {
    const process = await engine.process(ONE_TASK);
    const one = await process.start({ s: 'x' }, { businessKey: 'one' });
    await process.complete('A');
    const two = await process.start({ s: 'y' }, { businessKey: 'two' });
    const query = filter(process, [one, two]);
    expect(await engine.list(`/history/process-instance?${query}`)).toHaveLength(count);
    expect(await engine.count(`/history/process-instance/count?${query}`)).toBe(count);
  });

  it('is cut by the times of start and end', async () => {
    const process = await engine.process(ONE_TASK);
    const first = await process.start();
    await process.complete('A');
    const between = await now();
    const second = await process.start();
    await process.complete('A');
    const ids = async (filter: string) =>
      (await engine.list(`/history/process-instance?processDefinitionKey=${process.key}&${filter}`)).map(
        ({ id }) => id,
      );
    expect(await ids(`startedAfter=${between}`)).toEqual([second]);
    expect(await ids(`startedBefore=${between}`)).toEqual([first]);
    expect(await ids(`finishedAfter=${between}`)).toEqual([second]);
    expect(await ids(`finishedBefore=${between}`)).toEqual([first]);
  });

  it('includes an end at exactly the time of finishedAfter', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start();
    await process.complete('A');
    const { endTime } = await engine.read(`/history/process-instance/${instance}`);
    const filter = `processInstanceId=${instance}&finishedAfter=${encodeURIComponent(String(endTime))}`;
    expect(await engine.count(`/history/process-instance/count?${filter}`)).toBe(1);
  });

  it.each(['startTime', 'endTime', 'businessKey', 'instanceId', 'definitionKey', 'duration'])(
    'is sorted by %s',
    async (sortBy) => {
      const process = await engine.process(ONE_TASK);
      for (const businessKey of ['b', 'a', 'c']) {
        await process.start({}, { businessKey });
        await now();
        await process.complete('A');
      }
      const rows = (order: string) =>
        engine.list(
          `/history/process-instance?processDefinitionKey=${process.key}&sortBy=${sortBy}&sortOrder=${order}`,
        );
      const column = {
        instanceId: 'id',
        definitionKey: 'processDefinitionKey',
        duration: 'durationInMillis',
      }[sortBy];
      const values = (await rows('asc')).map((row) => row[column ?? sortBy] as string | number);
      expect(values).toHaveLength(3);
      expect(values).toEqual([...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      expect((await rows('desc')).map((row) => row[column ?? sortBy])).toEqual([...values].reverse());
    },
  );

  it('accepts many ids in a body', async () => {
    const process = await engine.process(ONE_TASK);
    const instances = [await process.start(), await process.start()];
    const [job] = await process.fetch('A');
    await process.report(job!, 'complete');
    const { body } = await engine.post('/history/process-instance', {
      processInstanceIds: instances,
      finished: true,
      sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }],
    });
    expect(body).toMatchObject([{ id: job?.processInstanceId, state: 'COMPLETED' }]);
    expect(
      (await engine.post('/history/process-instance/count', { processInstanceIds: instances })).body,
    ).toEqual({ count: 2 });
  });

  it('keeps an instance that was deleted', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({ v: 1 });
    await engine.delete(`/process-instance/${instance}`);
    expect(await engine.read(`/history/process-instance/${instance}`)).toMatchObject({
      state: 'EXTERNALLY_TERMINATED',
      deleteReason: null,
      endTime: expect.stringMatching(DATE),
    });
    expect(await process.values(instance)).toEqual({ v: 1 });
  });

  it('is deleted only when its instance has ended', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({ v: 1 });
    expect(await engine.delete(`/history/process-instance/${instance}`)).toMatchObject({
      status: 404,
      body: {
        type: 'InvalidRequestException',
        message: `Historic process instance with id ${instance} does not exist`,
      },
    });
    await process.complete('A');
    expect(await engine.delete(`/history/process-instance/${instance}`)).toMatchObject({ status: 204 });
    expect(await engine.get(`/history/process-instance/${instance}`)).toMatchObject({ status: 404 });
    expect(await process.values(instance)).toEqual({});
  });
});

describe('history of activities', () => {
  it('has all members', async () => {
    const process = await engine.process([
      start(),
      task('A', '', 'name="N"'),
      end(),
      path('start', 'A', 'end'),
    ]);
    const instance = await process.start();
    const job = await process.fetchOne('A');
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${instance}&activityId=A`),
    ).toEqual([
      {
        id: job.activityInstanceId,
        parentActivityInstanceId: instance,
        activityId: 'A',
        activityName: 'N',
        activityType: 'serviceTask',
        processDefinitionKey: process.key,
        processDefinitionId: process.definitionId,
        processInstanceId: instance,
        executionId: job.executionId,
        taskId: null,
        calledProcessInstanceId: null,
        calledCaseInstanceId: null,
        assignee: null,
        startTime: expect.stringMatching(DATE),
        endTime: null,
        durationInMillis: null,
        canceled: false,
        completeScope: false,
        tenantId: null,
        removalTime: null,
        rootProcessInstanceId: instance,
      },
    ]);
  });

  it('has the type of each activity', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      xor('x'),
      task('A'),
      end(),
      path('start', 'fork', 'x', 'A', 'end'),
    ]);
    const instance = await process.start();
    await process.complete('A');
    const rows = await engine.list(`/history/activity-instance?processInstanceId=${instance}`);
    expect(new Map(rows.map((row) => [row.activityId, row.activityType]))).toEqual(
      new Map([
        ['start', 'startEvent'],
        ['fork', 'parallelGateway'],
        ['x', 'exclusiveGateway'],
        ['A', 'serviceTask'],
        ['end', 'noneEndEvent'],
      ]),
    );
    expect(rows.find((row) => row.activityId === 'end')).toMatchObject({ completeScope: true });
  });

  it.each<[string, string[]]>([
    ['activityId=A', ['A']],
    ['activityType=startEvent', ['start']],
    ['activityName=Name', ['A']],
    ['finished=true', ['fork', 'start']],
    ['unfinished=true', ['A', 'B']],
    ['canceled=true', []],
    ['completeScope=true', []],
    ['startedAfter=2020-01-01T00:00:00.000%2B0000', ['A', 'B', 'fork', 'start']],
    ['startedBefore=2020-01-01T00:00:00.000%2B0000', []],
    ['finishedAfter=2020-01-01T00:00:00.000%2B0000', ['fork', 'start']],
  ])('is listed by %s', async (filter, found) => {
    const process = await engine.process([
      start(),
      and('fork'),
      task('A', '', 'name="Name"'),
      task('B'),
      end(),
      path('start', 'fork', 'A', 'end'),
      path('fork', 'B', 'end'),
    ]);
    const instance = await process.start();
    const query = `processInstanceId=${instance}&${filter}`;
    const rows = await engine.list(`/history/activity-instance?${query}`);
    expect(rows.map((row) => row.activityId).sort()).toEqual(found);
    expect(await engine.count(`/history/activity-instance/count?${query}`)).toBe(found.length);
  });

  it('is in the order of execution', async () => {
    const process = await engine.process([
      start(),
      task('A'),
      task('B'),
      end(),
      path('start', 'A', 'B', 'end'),
    ]);
    const instance = await process.start();
    await process.complete('A');
    await process.complete('B');
    const ids = async (sortBy: string, order: string) =>
      (
        await engine.list(
          `/history/activity-instance?processInstanceId=${instance}&sortBy=${sortBy}&sortOrder=${order}`,
        )
      ).map((row) => row.activityId);
    expect(await ids('occurrence', 'asc')).toEqual(['start', 'A', 'B', 'end']);
    expect(await ids('occurrence', 'desc')).toEqual(['end', 'B', 'A', 'start']);
    expect(await ids('activityId', 'asc')).toEqual(['A', 'B', 'end', 'start']);
  });

  it('takes its filters from a body', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start();
    const answer = await engine.post('/history/activity-instance', {
      processInstanceId: instance,
      activityId: 'A',
    });
    expect(answer).toMatchObject({ status: 200, body: [{ activityId: 'A' }] });
  });
});

describe('history of variables', () => {
  it('has all members', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({ v: 1 });
    const [row] = await engine.list(`/history/variable-instance?processInstanceId=${instance}`);
    expect(row).toEqual({
      type: 'Integer',
      value: 1,
      valueInfo: {},
      id: expect.any(String),
      name: 'v',
      processDefinitionKey: process.key,
      processDefinitionId: process.definitionId,
      processInstanceId: instance,
      executionId: instance,
      activityInstanceId: instance,
      caseDefinitionKey: null,
      caseDefinitionId: null,
      caseInstanceId: null,
      caseExecutionId: null,
      taskId: null,
      errorMessage: null,
      tenantId: null,
      state: 'CREATED',
      createTime: expect.stringMatching(DATE),
      removalTime: null,
      rootProcessInstanceId: instance,
    });
    expect(await engine.read(`/history/variable-instance/${String(row?.id)}`)).toEqual(row);
  });

  it('keeps the last value of an ended instance', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({ v: 1 });
    await process.complete('A', { v: 2, w: 'x' });
    expect(await process.values(instance)).toEqual({ v: 2, w: 'x' });
  });

  it('omits deleted variables unless requested', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({ v: 1 });
    await engine.delete(`/process-instance/${instance}/variables/v`);
    const query = `/history/variable-instance?processInstanceId=${instance}`;
    expect(await engine.list(query)).toEqual([]);
    expect(await engine.list(`${query}&includeDeleted=true`)).toMatchObject([
      { name: 'v', state: 'DELETED' },
    ]);
  });

  it.each<[string, string[]]>([
    ['variableName=v', ['v']],
    ['variableName=nope', []],
    ['variableNameLike=v%25', ['v', 'vv']],
    ['variableName=s&variableValue=x', ['s']],
    ['variableName=s&variableValue=y', []],
    ['variableTypeIn=String', ['s']],
    ['variableTypeIn=integer,string', ['s', 'v', 'vv']],
  ])('is listed by %s', async (filter, found) => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({ v: 1, vv: 2, s: 'x' });
    const query = `processInstanceId=${instance}&${filter}`;
    const rows = await engine.list(`/history/variable-instance?${query}`);
    expect(rows.map(({ name }) => name).sort()).toEqual(found);
    expect(await engine.count(`/history/variable-instance/count?${query}`)).toBe(found.length);
  });

  it('is listed for many instances in a body', async () => {
    const process = await engine.process(ONE_TASK);
    const instances = [await process.start({ v: 1 }), await process.start({ v: 2 })];
    const { body } = await engine.post<{ value: number }[]>('/history/variable-instance', {
      processInstanceIdIn: instances,
      variableName: 'v',
    });
    expect(body.map(({ value }) => value).sort()).toEqual([1, 2]);
  });

  it('has the local variables of a task', async () => {
    const process = await engine.process([
      start(),
      task('A', io({ mine: 'x' })),
      end(),
      path('start', 'A', 'end'),
    ]);
    const instance = await process.start();
    const job = await process.fetchOne('A');
    await process.report(job, 'complete');
    expect(await engine.list(`/history/variable-instance?processInstanceId=${instance}`)).toMatchObject([
      { name: 'mine', value: 'x', activityInstanceId: job.activityInstanceId, executionId: job.executionId },
    ]);
  });

  it('serves the content of a file', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({
      v: { type: 'File', value: Buffer.from('old').toString('base64'), valueInfo: { filename: 'a.txt' } },
    });
    const [row] = await engine.list(`/history/variable-instance?processInstanceId=${instance}`);
    expect((await engine.get(`/history/variable-instance/${String(row?.id)}/data`)).body).toBe('old');
  });

  it('is a 404 for an unknown id', async () => {
    expect(await engine.get('/history/variable-instance/nope')).toMatchObject({ status: 404 });
  });
});

describe('log of external tasks', () => {
  it('records creation, failure and success', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start();
    const job = await process.fetchOne('A');
    await now();
    await process.report(job, 'failure', { errorMessage: 'm', errorDetails: 'd', retries: 1 });
    await now();
    await process.complete('A');
    const rows = await engine.list(
      `/history/external-task-log?processInstanceId=${instance}&sortBy=timestamp&sortOrder=asc`,
    );
    expect(rows).toHaveLength(3);
    expect(rows[0]).toEqual({
      id: expect.any(String),
      timestamp: expect.stringMatching(DATE),
      removalTime: expect.stringMatching(DATE),
      externalTaskId: job.id,
      topicName: 'A',
      workerId: null,
      priority: 0,
      retries: null,
      errorMessage: null,
      activityId: 'A',
      activityInstanceId: job.activityInstanceId,
      executionId: job.executionId,
      processInstanceId: instance,
      processDefinitionId: process.definitionId,
      processDefinitionKey: process.key,
      tenantId: null,
      rootProcessInstanceId: instance,
      creationLog: true,
      failureLog: false,
      successLog: false,
      deletionLog: false,
    });
    expect(rows[1]).toMatchObject({
      failureLog: true,
      errorMessage: 'm',
      retries: null,
      workerId: 'worker-1',
    });
    expect(rows[2]).toMatchObject({ successLog: true, retries: 1, workerId: 'worker-1' });
    const { body } = await engine.get(`/history/external-task-log/${String(rows[1]?.id)}/error-details`);
    expect(body).toBe('d');
  });

  it.each<[string, number]>([
    ['creationLog=true', 1],
    ['failureLog=true', 0],
    ['successLog=true', 0],
    ['deletionLog=true', 1],
    ['topicName=A', 2],
    ['topicName=B', 0],
    ['activityIdIn=A', 2],
    ['errorMessage=m', 0],
  ])('is listed by %s', async (filter, count) => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start();
    await engine.delete(`/process-instance/${instance}`);
    const query = `processInstanceId=${instance}&${filter}`;
    expect(await engine.list(`/history/external-task-log?${query}`)).toHaveLength(count);
    expect(await engine.count(`/history/external-task-log/count?${query}`)).toBe(count);
  });
});
