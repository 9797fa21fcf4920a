import { beforeEach, describe, expect, it } from '@jest/globals';
import { deletion, EngineHarness, plain, variables } from '../testing/engine.harness.js';
import { bpmn, io, path, process, sequence, start, subProcess, task } from '../testing/process.builder.js';
import type { IncidentQuery } from '../query/incident.query.js';
import type { ProcessInstanceQuery } from '../query/process-instance.query.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open();
});

describe('variables of an execution', () => {
  beforeEach(async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          subProcess('sub', [start('s2'), task('A', io({ own: '1' })), path('s2', 'A')], io({ inner: '2' })),
          path('start', 'sub'),
        ]),
      ),
    );
  });

  it('are those of its scope and the scopes around it', async () => {
    const { id } = await h.start('p', { outer: 3 });
    const { executionId } = await h.take('A');
    const { runtime } = h.engine;
    expect(plain(runtime.findVariables(executionId))).toEqual({ own: '1', inner: '2', outer: 3 });
    expect(plain(runtime.findVariables(executionId, { local: true }))).toEqual({ own: '1' });
    const [sub] = runtime.findActivityInstanceTree(id)!.childActivityInstances;
    expect(plain(runtime.findVariables(sub!.executionIds[0]!, { local: true }))).toEqual({ inner: '2' });
    expect(runtime.findVariables('none')).toBeNull();
    expect(runtime.findActivityInstanceTree('none')).toBeNull();
  });

  it('are changed and deleted in their scope', async () => {
    const { id } = await h.start('p', { outer: 3, gone: 1 });
    const { executionId } = await h.take('A');
    const { runtime } = h.engine;
    await runtime.changeVariables(executionId, variables({ own: 'o', outer: 'x', fresh: 'f' }), ['gone']);
    expect(plain(runtime.findVariables(id))).toEqual({ outer: 'x', fresh: 'f' });
    expect(plain(runtime.findVariables(executionId, { local: true }))).toEqual({ own: 'o' });
    await expect(runtime.changeVariables('none', variables(), [])).rejects.toMatchObject({
      kind: 'NullValue',
      message: "execution none doesn't exist: execution is null",
    });
  });
});

describe('an instance', () => {
  it('that does not exist cannot be deleted', async () => {
    await expect(h.engine.runtime.deleteProcessInstance('none', deletion())).rejects.toMatchObject({
      kind: 'NotFound',
      message: 'Process instance with id none does not exist',
    });
  });

  it('has its incidents in its activity instance tree', async () => {
    await h.deploy(bpmn(sequence('p', 'A')));
    const { id } = await h.start('p');
    await h.fail((await h.take('A')).id, 0);
    const [incident] = h.engine.runtime.incidents.find({});
    expect(h.engine.runtime.findActivityInstanceTree(id)?.childActivityInstances).toMatchObject([
      {
        activityId: 'A',
        incidents: [{ id: incident!.id, activityId: 'A' }],
        executionIds: [incident!.executionId],
      },
    ]);
    expect(h.engine.runtime.findIncident(incident!.id)).toEqual(incident);
    expect(h.engine.runtime.findIncident('none')).toBeNull();
    await h.engine.runtime.deleteProcessInstance(id, deletion());
    expect(h.engine.runtime.incidents.count({})).toBe(0);
  });
});

describe('queries', () => {
  let deploymentId: string;
  const ids = new Map<string, string>();

  beforeEach(async () => {
    deploymentId = (await h.deploy(bpmn(sequence('p', 'A')))).deployment.id;
    const tenant = await h.deploy(bpmn(sequence('q', 'B')), { tenantId: 't' });
    const one = await h.start('p', { n: 1, s: 'alpha' }, 'one');
    const two = await h.start('p', { n: 2, s: 'beta' }, 'two');
    const three = await h.start(tenant.definitions[0]!.id, { n: 3 });
    for (const [name, { id }] of Object.entries({ one, two, three })) ids.set(name, id);
    const [task] = h.engine.externalTasks.find({ processInstanceId: two.id });
    await h.engine.externalTasks.lock(task!.id, 'w', 1_000);
    await h.fail(task!.id, 0);
  });

  const nameOf = (wanted: string) => [...ids].find(([, id]) => id === wanted)?.[0];

  const plainQueries: readonly [ProcessInstanceQuery, readonly string[]][] = [
    [{}, ['one', 'two', 'three']],
    [{ processInstanceIds: ['none'] }, []],
    [{ businessKey: 'one' }, ['one']],
    [{ businessKeyLike: '%o%' }, ['one', 'two']],
    [{ processDefinitionKey: 'p' }, ['one', 'two']],
    [{ processDefinitionKeyIn: ['q'] }, ['three']],
    [{ processDefinitionKeyNotIn: ['q'] }, ['one', 'two']],
    [{ active: true }, ['one', 'two', 'three']],
    [{ suspended: true }, []],
    [{ withIncident: true }, ['two']],
    [{ incidentType: 'failedExternalTask' }, ['two']],
    [{ incidentMessage: 'boom' }, ['two']],
    [{ incidentMessageLike: 'b%' }, ['two']],
    [{ incidentId: 'none' }, []],
    [{ activityIdIn: ['B', 'C'] }, ['three']],
    [{ activityIdIn: ['p'] }, []],
    [{ tenantIdIn: ['t'] }, ['three']],
    [{ withoutTenantId: true }, ['one', 'two']],
    [{ variables: [{ name: 'n', operator: 'eq', value: 2 }] }, ['two']],
    [{ variables: [{ name: 'n', operator: 'neq', value: 2 }] }, ['one', 'three']],
    [{ variables: [{ name: 'n', operator: 'gt', value: 2 }] }, ['three']],
    [{ variables: [{ name: 'n', operator: 'gteq', value: 2 }] }, ['two', 'three']],
    [{ variables: [{ name: 'n', operator: 'lt', value: 2 }] }, ['one']],
    [{ variables: [{ name: 'n', operator: 'lteq', value: 2 }] }, ['one', 'two']],
    [{ variables: [{ name: 's', operator: 'lt', value: 'b' }] }, ['one']],
    [{ variables: [{ name: 's', operator: 'like', value: '%a' }] }, ['one', 'two']],
    [{ variables: [{ name: 's', operator: 'notLike', value: 'b%' }] }, ['one']],
    [{ variables: [{ name: 's', operator: 'gt', value: 1 }] }, []],
    [{ variables: [{ name: 'n', operator: 'like', value: '2' }] }, []],
    [{ sorting: [{ sortBy: 'businessKey', sortOrder: 'asc' }] }, ['three', 'one', 'two']],
    [{ sorting: [{ sortBy: 'definitionKey', sortOrder: 'desc' }] }, ['three', 'one', 'two']],
    [{ sorting: [{ sortBy: 'definitionId', sortOrder: 'desc' }] }, ['three', 'one', 'two']],
    [{ sorting: [{ sortBy: 'tenantId', sortOrder: 'desc' }] }, ['three', 'one', 'two']],
    [
      {
        sorting: [
          { sortBy: 'definitionKey', sortOrder: 'asc' },
          { sortBy: 'businessKey', sortOrder: 'desc' },
        ],
      },
      ['two', 'one', 'three'],
    ],
  ];

  it.each(plainQueries)('of instances by %j', (query, found) => {
    expect(h.engine.runtime.processInstances.find(query).map(({ id }) => nameOf(id))).toEqual(found);
    expect(h.engine.runtime.processInstances.count(query)).toBe(found.length);
  });

  it('of instances by ids', () => {
    const { runtime } = h.engine;
    const [incident] = runtime.incidents.find({});
    const one = ids.get('one')!;
    expect(runtime.processInstances.count({ processInstanceIds: [one, one, 'none'] })).toBe(1);
    expect(runtime.processInstances.count({ incidentId: incident!.id })).toBe(1);
    expect(runtime.processInstances.count({ deploymentId })).toBe(2);
    const processDefinitionId = runtime.findProcessInstance(one)!.definitionId;
    expect(runtime.processInstances.count({ processDefinitionId })).toBe(2);
    const sorted = runtime.processInstances.find({ sorting: [{ sortBy: 'instanceId', sortOrder: 'asc' }] });
    expect(sorted.map(({ id }) => id)).toEqual([...ids.values()].sort());
  });

  it('of incidents by every filter', () => {
    const { runtime } = h.engine;
    const [incident] = runtime.incidents.find({});
    const matching: IncidentQuery = {
      incidentId: incident!.id,
      incidentType: 'failedExternalTask',
      incidentMessage: 'boom',
      incidentMessageLike: '_oom',
      processDefinitionId: incident!.processDefinitionId,
      processDefinitionKeyIn: ['p'],
      processInstanceId: ids.get('two'),
      executionId: incident!.executionId,
      activityId: 'A',
      causeIncidentId: incident!.id,
      rootCauseIncidentId: incident!.id,
      configuration: incident!.configuration!,
      incidentTimestampBefore: h.clock.now + 1,
      incidentTimestampAfter: h.clock.now - 1,
    };
    expect(runtime.incidents.count(matching)).toBe(1);
    for (const [name, value] of Object.entries(matching)) {
      const other =
        typeof value === 'number' ? { [name]: h.clock.now } : { [name]: Array.isArray(value) ? ['x'] : 'x' };
      expect([name, runtime.incidents.count(other)]).toEqual([name, 0]);
    }
    expect(runtime.incidents.count({ tenantIdIn: ['t'] })).toBe(0);
  });

  it.each([
    'incidentId',
    'incidentTimestamp',
    'incidentType',
    'activityId',
    'processInstanceId',
    'processDefinitionId',
  ] as const)('of incidents sorted by %s', async (sortBy) => {
    h.clock.now += 5;
    const [other] = h.engine.externalTasks.find({ activityId: 'B' });
    await h.engine.externalTasks.setRetries(other!.id, 0);
    const ascending = h.engine.runtime.incidents.find({ sorting: [{ sortBy, sortOrder: 'asc' }] });
    const keys = ascending.map((incident) => String(incident[sortBy === 'incidentId' ? 'id' : sortBy]));
    expect(keys).toEqual([...keys].sort());
    expect(keys).toHaveLength(2);
    expect(h.engine.runtime.incidents.count({ tenantIdIn: ['t'] })).toBe(1);
  });
});
