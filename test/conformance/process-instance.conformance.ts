import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import { and, end, path, start, subProcess, task } from './support/bpmn.js';
import type { Scenario } from './support/scenario.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];

describe('process instance', () => {
  it('is a 404 when it is unknown', async () => {
    expect(await engine.get('/process-instance/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', 'Process instance with id nope does not exist'),
    );
    expect(await engine.get('/process-instance/nope/activity-instances')).toMatchObject(
      refused(404, 'InvalidRequestException', 'Process instance with id nope does not exist'),
    );
    expect(await engine.delete('/process-instance/nope')).toMatchObject(
      refused(
        404,
        'InvalidRequestException',
        "No process instance found for id 'nope': processInstance is null",
        0,
      ),
    );
  });

  it('is a 404 as soon as it has ended', async () => {
    const process = await engine.process(ONE_TASK);
    const id = await process.start();
    await process.complete('A');
    expect(await engine.get(`/process-instance/${id}`)).toMatchObject({ status: 404 });
    expect(await engine.delete(`/process-instance/${id}`)).toMatchObject({ status: 404 });
  });

  it('is read by its id', async () => {
    const process = await engine.process(ONE_TASK);
    const id = await process.start({}, { businessKey: 'bk' });
    expect(await engine.read(`/process-instance/${id}`)).toEqual({
      links: [],
      id,
      definitionId: process.definitionId,
      definitionKey: process.key,
      businessKey: 'bk',
      caseInstanceId: null,
      ended: false,
      suspended: false,
      tenantId: null,
    });
  });

  it('is deleted, with its tasks', async () => {
    const process = await engine.process(ONE_TASK);
    const id = await process.start();
    expect(await engine.delete(`/process-instance/${id}`)).toMatchObject({ status: 204, body: null });
    expect(await engine.get(`/process-instance/${id}`)).toMatchObject({ status: 404 });
    expect(await process.fetch('A')).toEqual([]);
    expect(await engine.read(`/history/process-instance/${id}`)).toMatchObject({
      state: 'EXTERNALLY_TERMINATED',
    });
    expect(await process.trail(id)).toEqual(['!A', 'start']);
  });

  it('can be deleted if it is unknown and failIfNotExists is false', async () => {
    expect(await engine.delete('/process-instance/nope?failIfNotExists=false')).toMatchObject({
      status: 204,
    });
  });

  it.each<[string, (process: Scenario, id: string) => string, number]>([
    ['processInstanceIds', (_, id) => `processInstanceIds=${id},x`, 1],
    ['businessKey', (p) => `processDefinitionKey=${p.key}&businessKey=bk-1`, 1],
    ['another businessKey', (p) => `processDefinitionKey=${p.key}&businessKey=bk`, 0],
    ['businessKeyLike', (p) => `processDefinitionKey=${p.key}&businessKeyLike=bk-%25`, 2],
    ['processDefinitionId', (p) => `processDefinitionId=${p.definitionId}`, 2],
    ['processDefinitionKey', (p) => `processDefinitionKey=${p.key}`, 2],
    ['processDefinitionKeyIn', (p) => `processDefinitionKeyIn=x,${p.key}`, 2],
    ['deploymentId', (p) => `deploymentId=${p.deploymentId}`, 2],
    ['active', (p) => `processDefinitionKey=${p.key}&active=true`, 2],
    ['suspended', (p) => `processDefinitionKey=${p.key}&suspended=true`, 0],
    ['a text that is equal', (p) => `processDefinitionKey=${p.key}&variables=s_eq_text`, 1],
    ['a text that is not equal', (p) => `processDefinitionKey=${p.key}&variables=s_neq_text`, 1],
    ['a text that is alike', (p) => `processDefinitionKey=${p.key}&variables=s_like_te%25`, 2],
    ['two texts', (p) => `processDefinitionKey=${p.key}&variables=s_eq_text,t_eq_x`, 1],
    [
      'a number, which an address gives as a text',
      (p) => `processDefinitionKey=${p.key}&variables=n_eq_1`,
      0,
    ],
    ['withIncident', (p) => `processDefinitionKey=${p.key}&withIncident=true`, 0],
    ['activityIdIn', (p) => `processDefinitionKey=${p.key}&activityIdIn=A,B`, 2],
    ['another activityIdIn', (p) => `processDefinitionKey=${p.key}&activityIdIn=B`, 0],
    ['rootProcessInstances', (p) => `processDefinitionKey=${p.key}&rootProcessInstances=true`, 2],
    ['leafProcessInstances', (p) => `processDefinitionKey=${p.key}&leafProcessInstances=true`, 2],
    ['withoutTenantId', (p) => `processDefinitionKey=${p.key}&withoutTenantId=true`, 2],
    ['tenantIdIn', (p) => `processDefinitionKey=${p.key}&tenantIdIn=t`, 0],
  ])('is listed by %s', async (_name, filter, count) => {
    const process = await engine.process(ONE_TASK);
    const id = await process.start({ n: 1, s: 'text', t: 'x' }, { businessKey: 'bk-1' });
    await process.start({ n: 2, s: 'test', t: 'x' }, { businessKey: 'bk-2' });
    expect(await engine.list(`/process-instance?${filter(process, id)}`)).toHaveLength(count);
    expect(await engine.count(`/process-instance/count?${filter(process, id)}`)).toBe(count);
  });

  it('is listed by its incident', async () => {
    const process = await engine.process(ONE_TASK);
    const id = await process.start();
    await process.start();
    const [job] = await process.fetch('A', {}, { maxTasks: 1 });
    await process.report(job!, 'failure', { errorMessage: 'because', retries: 0 });
    for (const filter of [
      'withIncident=true',
      'incidentType=failedExternalTask',
      'incidentMessage=because',
    ]) {
      const found = await engine.list(`/process-instance?processDefinitionKey=${process.key}&${filter}`);
      expect(found.map((instance) => instance.id)).toEqual([job?.processInstanceId]);
    }
    expect(typeof id).toBe('string');
  });

  it.each<[string, unknown, number]>([
    ['eq', 1, 1],
    ['neq', 1, 2],
    ['gt', 1, 2],
    ['gteq', 2, 2],
    ['lt', 3, 2],
    ['lteq', 1, 1],
    ['eq', 1.5, 0],
  ])('is listed by a variable %s %s', async (operator, value, count) => {
    const process = await engine.process(ONE_TASK);
    for (const n of [1, 2, 3]) await process.start({ n });
    const { body } = await engine.post('/process-instance/count', {
      processDefinitionKey: process.key,
      variables: [{ name: 'n', operator, value }],
    });
    expect(body).toEqual({ count });
  });

  it('takes its filters from a body', async () => {
    const process = await engine.process(ONE_TASK);
    const id = await process.start({ n: 1 });
    await process.start({ n: 2 });
    const filter = {
      processDefinitionKey: process.key,
      variables: [{ name: 'n', operator: 'eq', value: 1 }],
    };
    expect((await engine.post('/process-instance', filter)).body).toMatchObject([{ id }]);
    expect((await engine.post('/process-instance/count', filter)).body).toEqual({ count: 1 });
  });

  it('is sorted by business key', async () => {
    const process = await engine.process(ONE_TASK);
    for (const businessKey of ['b', 'c', 'a']) await process.start({}, { businessKey });
    const { body } = await engine.post<{ businessKey: string }[]>('/process-instance', {
      processDefinitionKey: process.key,
      sorting: [{ sortBy: 'businessKey', sortOrder: 'desc' }],
    });
    expect(body.map(({ businessKey }) => businessKey)).toEqual(['c', 'b', 'a']);
  });

  describe('activity instances', () => {
    it('are a tree under the instance', async () => {
      const process = await engine.process([
        start(),
        task('A', '', 'name="The task"'),
        end(),
        path('start', 'A', 'end'),
      ]);
      const id = await process.start();
      const job = await process.fetchOne('A');
      expect(await engine.read(`/process-instance/${id}/activity-instances`)).toEqual({
        id,
        parentActivityInstanceId: null,
        activityId: process.definitionId,
        activityType: 'processDefinition',
        processInstanceId: id,
        processDefinitionId: process.definitionId,
        childActivityInstances: [
          {
            id: job.activityInstanceId,
            parentActivityInstanceId: id,
            activityId: 'A',
            activityType: 'serviceTask',
            processInstanceId: id,
            processDefinitionId: process.definitionId,
            childActivityInstances: [],
            childTransitionInstances: [],
            executionIds: [job.executionId],
            activityName: 'The task',
            incidentIds: [],
            incidents: [],
            name: 'The task',
          },
        ],
        childTransitionInstances: [],
        executionIds: [id],
        activityName: null,
        incidentIds: [],
        incidents: [],
        name: null,
      });
    });

    it('nest sub-processes', async () => {
      const process = await engine.process([
        start(),
        subProcess('S', [
          start('s'),
          and('fork'),
          task('A'),
          task('B'),
          end('e'),
          path('s', 'fork', 'A', 'e'),
          path('fork', 'B', 'e'),
        ]),
        end(),
        path('start', 'S', 'end'),
      ]);
      const id = await process.start();
      const tree = await engine.read<{
        childActivityInstances: {
          activityId: string;
          activityType: string;
          id: string;
          childActivityInstances: { activityId: string; parentActivityInstanceId: string }[];
        }[];
      }>(`/process-instance/${id}/activity-instances`);
      const [inner] = tree.childActivityInstances;
      expect(inner).toMatchObject({ activityId: 'S', activityType: 'subProcess' });
      expect(inner?.childActivityInstances.map(({ activityId }) => activityId).sort()).toEqual(['A', 'B']);
      expect(inner?.childActivityInstances[0]?.parentActivityInstanceId).toBe(inner?.id);
    });

    it('name their incidents', async () => {
      const process = await engine.process(ONE_TASK);
      const id = await process.start();
      await process.report(await process.fetchOne('A'), 'failure', { retries: 0 });
      const [incident] = await engine.list(`/incident?processInstanceId=${id}`);
      const tree = await engine.read(`/process-instance/${id}/activity-instances`);
      expect(tree.childActivityInstances).toMatchObject([
        { activityId: 'A', incidentIds: [incident?.id], incidents: [{ id: incident?.id, activityId: 'A' }] },
      ]);
    });
  });
});
