import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import { end, path, start, task } from './support/bpmn.js';
import type { Json } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();

async function failed() {
  const process = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);
  const instance = await process.start();
  const job = await process.fetchOne('A');
  await process.report(job, 'failure', { errorMessage: 'broken', errorDetails: 'stack', retries: 0 });
  const [incident] = await engine.list(`/incident?processInstanceId=${instance}`);
  return { process, instance, job, incident: incident! as Json & { id: string } };
}

describe('incident', () => {
  it('has all its members', async () => {
    const { process, instance, job, incident } = await failed();
    expect(incident).toEqual({
      id: expect.any(String),
      processDefinitionId: process.definitionId,
      processInstanceId: instance,
      executionId: job.executionId,
      incidentTimestamp: expect.stringMatching(DATE),
      incidentType: 'failedExternalTask',
      activityId: 'A',
      failedActivityId: null,
      causeIncidentId: incident.id,
      rootCauseIncidentId: incident.id,
      configuration: job.id,
      incidentMessage: 'broken',
      tenantId: null,
      jobDefinitionId: null,
      annotation: null,
    });
    expect(await engine.read(`/incident/${incident.id}`)).toEqual(incident);
  });

  it('leaves the instance active', async () => {
    const { process, instance } = await failed();
    expect(await process.state(instance)).toBe('ACTIVE');
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });

  it('is a 404 when it is unknown', async () => {
    expect(await engine.get('/incident/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', 'No matching incident with id nope'),
    );
  });

  it.each<[string, (made: Awaited<ReturnType<typeof failed>>) => string, number]>([
    ['incidentId', ({ incident }) => `incidentId=${incident.id}`, 1],
    ['incidentType', ({ instance }) => `processInstanceId=${instance}&incidentType=failedExternalTask`, 1],
    ['another incidentType', ({ instance }) => `processInstanceId=${instance}&incidentType=failedJob`, 0],
    ['incidentMessage', ({ instance }) => `processInstanceId=${instance}&incidentMessage=broken`, 1],
    ['incidentMessageLike', ({ instance }) => `processInstanceId=${instance}&incidentMessageLike=bro%25`, 1],
    ['activityId', ({ instance }) => `processInstanceId=${instance}&activityId=A`, 1],
    [
      'failedActivityId, which external tasks do not set',
      ({ instance }) => `processInstanceId=${instance}&failedActivityId=A`,
      0,
    ],
    ['executionId', ({ job }) => `executionId=${String(job.executionId)}`, 1],
    ['configuration', ({ job }) => `configuration=${job.id}`, 1],
    ['processDefinitionId', ({ process }) => `processDefinitionId=${process.definitionId}`, 1],
    ['processDefinitionKeyIn', ({ process }) => `processDefinitionKeyIn=x,${process.key}`, 1],
    ['causeIncidentId', ({ incident }) => `causeIncidentId=${incident.id}`, 1],
    ['rootCauseIncidentId', ({ incident }) => `rootCauseIncidentId=${incident.id}`, 1],
    ['tenantIdIn', ({ instance }) => `processInstanceId=${instance}&tenantIdIn=t`, 0],
  ])('is listed by %s', async (_name, filter, count) => {
    const made = await failed();
    expect(await engine.list(`/incident?${filter(made)}`)).toHaveLength(count);
    expect(await engine.count(`/incident/count?${filter(made)}`)).toBe(count);
  });

  it('has not come up after the very moment at which it did, but after the millisecond before', async () => {
    const { instance, incident } = await failed();
    const moment = Date.parse(String(incident.incidentTimestamp));
    const countAfter = (ms: number) => {
      const time = encodeURIComponent(new Date(ms).toISOString().replace('Z', '+0000'));
      return engine.count(`/incident/count?processInstanceId=${instance}&incidentTimestampAfter=${time}`);
    };
    expect([await countAfter(moment), await countAfter(moment - 1)]).toEqual([0, 1]);
  });

  it('is resolved by new retries', async () => {
    const { instance, job } = await failed();
    await engine.put(`/external-task/${job.id}/retries`, { retries: 1 });
    expect(await engine.list(`/incident?processInstanceId=${instance}`)).toEqual([]);
    expect(await engine.list(`/history/incident?processInstanceId=${instance}`)).toMatchObject([
      { open: false, deleted: false, resolved: true, endTime: expect.stringMatching(DATE) },
    ]);
  });

  it('is gone when its task is completed after all', async () => {
    const { process, instance, job } = await failed();
    expect(await process.report(job, 'complete')).toMatchObject({ status: 204 });
    expect(await engine.list(`/incident?processInstanceId=${instance}`)).toEqual([]);
    expect(await engine.list(`/history/incident?processInstanceId=${instance}`)).toMatchObject([
      { open: false },
    ]);
  });

  it('is removed with its instance', async () => {
    const { instance } = await failed();
    await engine.delete(`/process-instance/${instance}`);
    expect(await engine.list(`/incident?processInstanceId=${instance}`)).toEqual([]);
    expect(await engine.list(`/history/incident?processInstanceId=${instance}`)).toMatchObject([
      { open: false, deleted: true, resolved: false },
    ]);
  });

  it('is not made twice by a second failure', async () => {
    const { process, instance, job } = await failed();
    await process.report(job, 'failure', { errorMessage: 'again', retries: 0 });
    expect(await engine.count(`/incident/count?processInstanceId=${instance}`)).toBe(1);
  });

  it('shows in history with all its members', async () => {
    const { process, instance, job, incident } = await failed();
    const [row] = await engine.list(`/history/incident?processInstanceId=${instance}`);
    expect(row).toEqual({
      id: incident.id,
      processDefinitionKey: process.key,
      processDefinitionId: process.definitionId,
      processInstanceId: instance,
      executionId: job.executionId,
      rootProcessInstanceId: instance,
      createTime: expect.stringMatching(DATE),
      endTime: null,
      removalTime: null,
      incidentType: 'failedExternalTask',
      activityId: 'A',
      failedActivityId: null,
      causeIncidentId: incident.id,
      rootCauseIncidentId: incident.id,
      configuration: job.id,
      historyConfiguration: expect.any(String),
      incidentMessage: 'broken',
      tenantId: null,
      jobDefinitionId: null,
      open: true,
      deleted: false,
      resolved: false,
      annotation: null,
    });
  });

  it('marks its instance in lists', async () => {
    const { process, instance } = await failed();
    const ids = async (list: string) => (await engine.list(list)).map(({ id }) => id);
    expect(await ids(`/process-instance?processDefinitionKey=${process.key}&withIncident=true`)).toEqual([
      instance,
    ]);
    expect(
      await ids(`/history/process-instance?processDefinitionKey=${process.key}&withIncidents=true`),
    ).toEqual([instance]);
    expect(
      await ids(`/history/process-instance?processDefinitionKey=${process.key}&incidentStatus=open`),
    ).toEqual([instance]);
  });
});
