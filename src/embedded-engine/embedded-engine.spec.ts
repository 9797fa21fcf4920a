import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChangeSet, EngineStore, RecoveredState } from './persist/engine-store.js';
import { MemoryStore } from './persist/memory.store.js';
import { bpmn, EngineHarness, flows, task, variables } from './testing/engine.harness.js';

const BODY = `<startEvent id="s"/>${task('a')}${task('b')}<endEvent id="e"/>${flows('s->a', 'a->b', 'b->e')}`;

/** A store that keeps the change sets it got, recovers what it is given, and fails or waits on demand. */
class RecordingStore implements EngineStore {
  readonly commits: ChangeSet[] = [];
  private readonly memory = new MemoryStore();
  recovered: RecoveredState = this.memory.recover();
  hold: Promise<void> = Promise.resolve();
  closed = false;

  get history(): MemoryStore['history'] {
    return this.memory.history;
  }

  recover(): RecoveredState {
    return this.recovered;
  }

  async commit(changes: ChangeSet): Promise<void> {
    this.commits.push(changes);
    await this.hold;
    await this.memory.commit(changes);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** What another engine would find: the changes of all commits, one after the other. */
  replay(): RecoveredState {
    const deployments = new Map();
    const instances = new Map();
    const tasks = new Map();
    const incidents = new Map();
    for (const changes of this.commits) {
      for (const [from, to] of [
        [changes.deployments, deployments],
        [changes.instances, instances],
        [changes.tasks, tasks],
        [changes.incidents, incidents],
      ] as const) {
        for (const [id, value] of from) {
          if (value === null) to.delete(id);
          else to.set(id, value);
        }
      }
    }
    const snapshots = [...instances.values()].map((source: { snapshot(): unknown }) => source.snapshot());
    // Through JSON: what a store keeps is plain data.
    return {
      deployments: [...deployments.values()],
      instances: JSON.parse(JSON.stringify(snapshots)) as RecoveredState['instances'],
      tasks: JSON.parse(JSON.stringify([...tasks.values()])) as RecoveredState['tasks'],
      incidents: JSON.parse(JSON.stringify([...incidents.values()])) as RecoveredState['incidents'],
    };
  }
}

describe('the engine and its store', () => {
  let store: RecordingStore;
  let h: EngineHarness;

  beforeEach(async () => {
    store = new RecordingStore();
    h = await EngineHarness.open({ store });
    await h.deploy(BODY);
  });

  afterEach(async () => {
    await h.engine.close();
  });

  it('gives the store one change set for a completion, the next task and its lock by a parked poll', async () => {
    await h.start();
    const { id } = await h.take('a');
    const poll = h.poll('b', { workerId: 'v' });
    store.commits.length = 0;
    await h.engine.externalTasks.complete(id, {
      workerId: 'w',
      variables: variables({ n: 1 }),
      localVariables: new Map(),
    });
    const [next] = await poll.tasks;
    expect(store.commits).toHaveLength(1);
    const [{ tasks, historicVariables }] = store.commits as [ChangeSet];
    expect(tasks.get(id)).toBeNull();
    expect(tasks.get(next!.id)).toMatchObject({ topicName: 'b', workerId: 'v' });
    expect([...historicVariables.values()].map(({ name }) => name)).toEqual(['n']);
  });

  it('answers a command and the poll it serves only when the store has the change', async () => {
    let release = (): void => undefined;
    store.hold = new Promise((resolve) => (release = resolve));
    const answered: string[] = [];
    const poll = h.poll('a');
    const start = h.start().then(() => answered.push('start'));
    const served = poll.tasks.then(() => answered.push('poll'));
    await new Promise(setImmediate);
    expect(answered).toEqual([]);
    release();
    await Promise.all([start, served]);
    expect(answered.sort()).toEqual(['poll', 'start']);
  });

  it('stops when the store refuses a change: whoever waits is told, and nobody is served from what was lost', async () => {
    const told = (poll: { tasks: Promise<unknown> }): Promise<unknown> =>
      poll.tasks.catch((error: unknown) => error);
    const waiting = told(h.poll('b'));
    const served = told(h.poll('a'));
    store.hold = Promise.reject(new Error('disk full'));
    store.hold.catch(() => undefined);
    const stopped = { kind: 'Shutdown', message: expect.stringMatching(/stopped/) };
    await expect(h.start()).rejects.toMatchObject(stopped);
    expect(await served).toMatchObject(stopped);
    expect(await waiting).toMatchObject(stopped);
    await expect(h.start()).rejects.toMatchObject(stopped);
  });

  it('goes on where an earlier engine has left off: joins, locks, retries, incidents, variables, versions', async () => {
    await h.deployXml(
      bpmn(
        `<startEvent id="s"/><parallelGateway id="f"/>${task('x')}${task('y')}<parallelGateway id="j"/>${task('z')}<endEvent id="e"/>${flows('s->f', 'f->x', 'f->y', 'x->j', 'y->j', 'j->z', 'z->e')}`,
      ),
    );
    const { id } = await h.start({ n: 1, __proto__x: 'p' }, 'order-1');
    await h.complete('x', { x: 2 });
    const { id: taskY } = await h.take('y');
    await h.engine.externalTasks.handleFailure(taskY, {
      workerId: 'w',
      errorMessage: 'broken',
      errorDetails: null,
      retries: 0,
      retryTimeout: 0,
      variables: new Map(),
      localVariables: new Map(),
    });
    await h.start({}, 'order-2');

    const later = new RecordingStore();
    later.recovered = store.replay();
    const next = await EngineHarness.open({ store: later });
    try {
      next.now = h.now + 60_000;
      expect(next.topics()).toEqual(['x', 'y', 'y']);
      expect(next.engine.runtime.findIncidents({}).map(({ configuration }) => configuration)).toEqual([
        taskY,
      ]);
      expect(next.engine.runtime.findVariables(id)?.get('x')?.value).toBe(2);
      await next.engine.externalTasks.setRetries(taskY, 1);
      const [y] = await next.fetch([{ topicName: 'y', businessKey: 'order-1' }]);
      await next.engine.externalTasks.complete(y!.id, {
        workerId: 'w',
        variables: new Map(),
        localVariables: new Map(),
      });
      expect(next.topics()).toContain('z');
      expect(next.engine.repository.findLatestDefinition('p')?.version).toBe(2);
      await next.deploy(BODY);
      expect(next.engine.repository.findLatestDefinition('p')?.version).toBe(3);
    } finally {
      await next.engine.close();
    }
    expect(later.closed).toBe(true);
  });

  it('refuses an instance that was written in a format it does not know', async () => {
    await h.start();
    const { instances, ...rest } = store.replay();
    store.recovered = { ...rest, instances: instances.map((snapshot) => ({ ...snapshot, format: 99 })) };
    await expect(EngineHarness.open({ store })).rejects.toThrow(/format 99/);
  });

  it('forgets the oldest ended instances beyond its bound, and no running one', async () => {
    const bounded = await EngineHarness.open({ store: new MemoryStore(2) });
    try {
      await bounded.deploy(`<startEvent id="s"/>${task('a')}${flows('s->a')}`);
      const { id: running } = await bounded.start({}, 'running');
      const ended: string[] = [];
      for (let n = 0; n < 4; n += 1) {
        const { id } = await bounded.start({}, 'same');
        await bounded.engine.runtime.deleteProcessInstance(id, 'test');
        ended.push(id);
      }
      expect([running, ...ended].map((id) => bounded.state(id))).toEqual([
        'ACTIVE',
        undefined,
        undefined,
        'EXTERNALLY_TERMINATED',
        'EXTERNALLY_TERMINATED',
      ]);
      expect(bounded.engine.history.countInstances({ processInstanceBusinessKey: 'same' })).toBe(2);
    } finally {
      await bounded.engine.close();
    }
  });
});

it('forgets the oldest ended instances when their variables are large, and no running one', async () => {
  const h = await EngineHarness.open({ store: new MemoryStore(1_000, 5_000_000) });
  try {
    await h.deploy(BODY);
    const { id: running } = await h.start({ text: 'x'.repeat(1_000_000) });
    for (let n = 0; n < 20; n += 1) {
      const { id } = await h.start({ text: 'x'.repeat(1_000_000) }, 'large');
      await h.engine.runtime.deleteProcessInstance(id, null);
    }
    expect(h.engine.history.countInstances({ processInstanceBusinessKey: 'large' })).toBe(2);
    expect(h.state(running)).toBe('ACTIVE');
  } finally {
    await h.engine.close();
  }
});

describe('deployments', () => {
  let h: EngineHarness;

  beforeEach(async () => {
    h = await EngineHarness.open();
  });

  afterEach(async () => {
    await h.engine.close();
  });

  const resource = (name: string, xml: string) => ({ name, bytes: Buffer.from(xml) });
  const other = bpmn(BODY).replaceAll('id="p"', 'id="q"');

  it('bring back the old one where nothing changed, everything where something did, or only what changed', async () => {
    const { repository } = h.engine;
    const input = {
      name: 'd',
      source: null,
      tenantId: null,
      enableDuplicateFiltering: true,
      deployChangedOnly: false,
    };
    const first = await repository.deploy({
      ...input,
      resources: [resource('p.bpmn', bpmn(BODY)), resource('q.bpmn', other)],
    });
    expect(first.definitions.map(({ key, version }) => [key, version])).toEqual([
      ['p', 1],
      ['q', 1],
    ]);
    const same = await repository.deploy({ ...input, resources: [resource('p.bpmn', bpmn(BODY))] });
    expect([same.deployment.id, same.definitions]).toEqual([first.deployment.id, []]);
    const changed = bpmn(BODY, 'camunda:versionTag="2"');
    const all = await repository.deploy({
      ...input,
      resources: [resource('p.bpmn', changed), resource('q.bpmn', other)],
    });
    expect(all.definitions.map(({ key, version }) => [key, version])).toEqual([
      ['p', 2],
      ['q', 2],
    ]);
    const only = await repository.deploy({
      ...input,
      deployChangedOnly: true,
      resources: [resource('p.bpmn', bpmn(BODY)), resource('q.bpmn', other)],
    });
    expect(only.definitions.map(({ key, version }) => [key, version])).toEqual([['p', 3]]);
    const anotherName = await repository.deploy({
      ...input,
      name: 'x',
      resources: [resource('p.bpmn', bpmn(BODY))],
    });
    expect(anotherName.definitions).toHaveLength(1);
    expect(repository.countDeployments({})).toBe(4);
    expect(
      repository.findDefinitions({ latestVersion: true }).map(({ key, version }) => [key, version]),
    ).toEqual([
      ['p', 4],
      ['q', 2],
    ]);
  });

  it('keep other resources as they are', async () => {
    const { deployment, definitions } = await h.engine.repository.deploy({
      name: null,
      source: 'here',
      tenantId: null,
      enableDuplicateFiltering: false,
      deployChangedOnly: false,
      resources: [resource('notes.txt', 'hello')],
    });
    expect(definitions).toEqual([]);
    expect(
      h.engine.repository.findResources(deployment.id).map(({ name, bytes }) => [name, bytes.toString()]),
    ).toEqual([['notes.txt', 'hello']]);
  });

  it('are refused without resources, with one key twice, and with a file that does not compile; nothing is kept', async () => {
    await expect(h.deployXml('', { resources: [] })).rejects.toMatchObject({ kind: 'BadUserRequest' });
    const twice = { resources: [resource('a.bpmn', bpmn(BODY)), resource('b.bpmn', bpmn(BODY))] };
    await expect(h.deployXml('', twice)).rejects.toThrow(/same key 'p'/);
    await expect(h.deployXml('<nonsense/>')).rejects.toThrow();
    expect(h.engine.repository.countDeployments({})).toBe(0);
    await h.deploy(BODY);
    expect(h.engine.repository.findLatestDefinition('p')?.version).toBe(1);
  });

  it('are deleted with their definitions; running instances only with cascade, and their history with them', async () => {
    const definitionId = await h.deploy(BODY);
    const { deploymentId } = h.engine.repository.findDefinition(definitionId)!;
    const { id } = await h.start();
    await expect(
      h.engine.repository.deleteDeployment(deploymentId, { cascade: false }),
    ).rejects.toMatchObject({ kind: 'ProcessEngine' });
    await h.engine.repository.deleteDeployment(deploymentId, { cascade: true });
    expect([h.topics(), h.state(id), h.engine.repository.findDefinition(definitionId)]).toEqual([
      [],
      undefined,
      null,
    ]);
    expect(h.engine.repository.findLatestDefinition('p')).toBeNull();
    await expect(h.engine.repository.deleteDeployment(deploymentId, { cascade: true })).rejects.toMatchObject(
      { kind: 'NotFound' },
    );
    await expect(
      h.engine.runtime.startProcessInstance(definitionId, { businessKey: null, variables: new Map() }),
    ).rejects.toThrow();
  });

  it('and definitions are found by every filter, sorted and cut', async () => {
    await h.deployXml(bpmn(BODY, 'camunda:versionTag="v1"'), { name: 'one', source: 'src' });
    await h.deployXml(bpmn(BODY), { name: 'two', tenantId: 't' });
    const { repository } = h.engine;
    const [one] = repository.findDeployments({ name: 'one' });
    const deployments = [
      { id: one!.id },
      { nameLike: 'on%' },
      { source: 'src' },
      { withoutTenantId: true as const },
    ];
    for (const query of deployments) expect([query, repository.countDeployments(query)]).toEqual([query, 1]);
    expect(
      repository.countDeployments({
        tenantIdIn: ['t'],
        withoutSource: true,
        after: 0,
        before: Date.UTC(2030, 0),
      }),
    ).toBe(1);
    expect(repository.findDeployment('nope')).toBeNull();
    const [definition] = repository.findDefinitions({ versionTag: 'v1' });
    const definitions = [
      { processDefinitionId: definition!.id },
      { processDefinitionIdIn: [definition!.id] },
      { deploymentId: one!.id },
      { versionTagLike: 'v%' },
      { withoutTenantId: true as const },
      { key: 'p', withoutTenantId: true as const, version: 1 },
    ];
    for (const query of definitions) expect([query, repository.countDefinitions(query)]).toEqual([query, 1]);
    expect(
      repository.countDefinitions({
        keysIn: ['p'],
        keyLike: 'p%',
        name: 'Process',
        nameLike: 'Pro%',
        resourceName: 'p.bpmn',
        resourceNameLike: '%.bpmn',
        active: true,
      }),
    ).toBe(2);
    expect(repository.countDefinitions({ suspended: true })).toBe(0);
    expect(repository.countDefinitions({ withoutVersionTag: true, tenantIdIn: ['t'] })).toBe(1);
    for (const sortBy of [
      'id',
      'key',
      'name',
      'version',
      'deploymentId',
      'category',
      'tenantId',
      'versionTag',
    ] as const) {
      const ascending = repository.findDefinitions({ sorting: [{ sortBy, sortOrder: 'asc' }] });
      expect(ascending).toHaveLength(2);
    }
    for (const sortBy of ['id', 'name', 'deploymentTime', 'tenantId'] as const) {
      expect(
        repository.findDeployments({ sorting: [{ sortBy, sortOrder: 'desc' }], maxResults: 1 }),
      ).toHaveLength(1);
    }
    expect(repository.findDefinitionResource(definition!.id)?.name).toBe('p.bpmn');
    expect(repository.findDefinitionResource('nope')).toBeNull();
  });
});

describe('running instances and history', () => {
  let h: EngineHarness;
  let one: string;
  let two: string;

  beforeEach(async () => {
    h = await EngineHarness.open();
    await h.deploy(BODY);
    one = (await h.start({ n: 1, text: 'abc' }, 'k-1')).id;
    h.now += 1_000;
    two = (await h.start({ n: 2 }, 'k-2')).id;
  });

  afterEach(async () => {
    await h.engine.close();
  });

  it('are found by every filter of running instances', async () => {
    const { id: taskId } = (await h.fetch([{ topicName: 'a', businessKey: 'k-1' }]))[0]!;
    await h.engine.externalTasks.setRetries(taskId, 0);
    const [incident] = h.engine.runtime.findIncidents({});
    const { definitionId } = h.engine.runtime.findProcessInstance(one)!;
    const { deploymentId } = h.engine.repository.findDefinition(definitionId)!;
    const find = (query: Parameters<typeof h.engine.runtime.findProcessInstances>[0]): string[] =>
      h.engine.runtime.findProcessInstances(query).map(({ id }) => id);
    for (const query of [
      { processInstanceIds: [one, 'nope', one] },
      { businessKey: 'k-1' },
      { businessKeyLike: '%-1' },
      { withIncident: true as const },
      { incidentId: incident!.id },
      { incidentType: 'failedExternalTask' },
      { variables: [{ name: 'n', operator: 'eq' as const, value: 1 }] },
      { variables: [{ name: 'text', operator: 'like' as const, value: 'a_c' }] },
    ]) {
      expect([query, find(query)]).toEqual([query, [one]]);
    }
    for (const query of [
      {},
      { processDefinitionId: definitionId, processDefinitionKey: 'p', deploymentId, active: true as const },
      { processDefinitionKeyIn: ['p'], withoutTenantId: true as const, activityIdIn: ['a'] },
    ]) {
      expect(h.engine.runtime.countProcessInstances(query)).toBe(2);
    }
    for (const query of [
      { suspended: true as const },
      { processDefinitionKeyNotIn: ['p'] },
      { tenantIdIn: ['t'] },
      { activityIdIn: ['p', 'b'] },
      { incidentMessage: 'x' },
      { incidentMessageLike: 'x%' },
    ]) {
      expect([query, find(query)]).toEqual([query, []]);
    }
    for (const sortBy of [
      'instanceId',
      'definitionKey',
      'definitionId',
      'tenantId',
      'businessKey',
    ] as const) {
      expect(find({ sorting: [{ sortBy, sortOrder: 'desc' }] })).toHaveLength(2);
    }
    for (const query of [
      { incidentId: incident!.id },
      { incidentType: 'failedExternalTask', configuration: taskId, activityId: 'a', failedActivityId: 'a' },
      { processInstanceId: one, processDefinitionId: definitionId, processDefinitionKeyIn: ['p'] },
      {
        executionId: incident!.executionId,
        causeIncidentId: incident!.id,
        rootCauseIncidentId: incident!.id,
      },
      { incidentTimestampBefore: h.now + 1, incidentTimestampAfter: h.now - 1 },
    ]) {
      expect([query, h.engine.runtime.countIncidents(query)]).toEqual([query, 1]);
    }
    expect(h.engine.runtime.countIncidents({ incidentMessage: 'x' })).toBe(0);
    expect(h.engine.runtime.countIncidents({ incidentMessageLike: 'x', tenantIdIn: ['t'] })).toBe(0);
    for (const sortBy of [
      'incidentId',
      'incidentTimestamp',
      'incidentType',
      'activityId',
      'processInstanceId',
      'processDefinitionId',
    ] as const) {
      expect(h.engine.runtime.findIncidents({ sorting: [{ sortBy, sortOrder: 'asc' }] })).toHaveLength(1);
    }
    expect(h.engine.runtime.findIncident('nope')).toBeNull();
    expect(h.engine.history.countInstances({ withIncidents: true })).toBe(1);
  });

  it('show and change variables by instance and by execution', async () => {
    const { runtime } = h.engine;
    const { executionId } = (await h.fetch([{ topicName: 'a', businessKey: 'k-1' }]))[0]!;
    await runtime.changeVariables(one, variables({ fresh: true }), ['text', 'nope']);
    expect([...(runtime.findVariables(one)?.keys() ?? [])].sort()).toEqual(['fresh', 'n']);
    expect(runtime.findVariables(executionId)?.get('n')?.value).toBe(1);
    expect(runtime.findVariables(executionId, { local: true })?.size).toBe(0);
    await runtime.changeVariables(executionId, variables({ n: 5 }), []);
    expect(runtime.findVariables(one)?.get('n')?.value).toBe(5);
    expect(runtime.findVariables('nope')).toBeNull();
    await expect(runtime.changeVariables('nope', new Map(), [])).rejects.toMatchObject({ kind: 'NullValue' });
    expect(
      h.engine.history
        .findVariables({ processInstanceId: one, includeDeleted: true })
        .map(({ name, state }) => [name, state]),
    ).toEqual([
      ['n', 'CREATED'],
      ['text', 'DELETED'],
      ['fresh', 'CREATED'],
    ]);
  });

  it('delete an instance once, with its reason', async () => {
    await h.engine.runtime.deleteProcessInstance(one, 'no longer wanted');
    expect(h.engine.history.findInstance(one)).toMatchObject({
      state: 'EXTERNALLY_TERMINATED',
      deleteReason: 'no longer wanted',
    });
    await expect(h.engine.runtime.deleteProcessInstance(one, null)).rejects.toMatchObject({
      kind: 'NotFound',
      message: `Process instance with id ${one} does not exist`,
    });
  });

  it('are found by every filter of history', async () => {
    h.now += 1_000;
    await h.engine.runtime.deleteProcessInstance(two, null);
    const { history } = h.engine;
    const begun = h.now - 2_000;
    const find = (query: Parameters<typeof history.findInstances>[0]): string[] =>
      history.findInstances(query).map(({ id }) => id);
    const definitionId = history.findInstance(one)!.processDefinitionId;
    for (const query of [
      { processInstanceId: one },
      { processInstanceIds: [one] },
      { processInstanceBusinessKey: 'k-1' },
      { processInstanceBusinessKeyIn: ['k-1', 'k-9'] },
      { processInstanceBusinessKeyLike: '%1' },
      { unfinished: true as const },
      { stateIn: ['ACTIVE' as const] },
      { startedBefore: begun },
      { variables: [{ name: 'n', operator: 'lteq' as const, value: 1 }] },
    ]) {
      expect([query, find(query)]).toEqual([query, [one]]);
    }
    for (const query of [
      { finished: true as const },
      { startedAfter: begun + 1 },
      { finishedAfter: h.now, finishedBefore: h.now },
      {
        variables: [
          { name: 'n', operator: 'gt' as const, value: 1 },
          { name: 'n', operator: 'neq' as const, value: 3 },
        ],
      },
      { variables: [{ name: 'n', operator: 'gteq' as const, value: 2 }] },
    ]) {
      expect([query, find(query)]).toEqual([query, [two]]);
    }
    expect(
      history.countInstances({
        processDefinitionId: definitionId,
        processDefinitionKey: 'p',
        processDefinitionKeyIn: ['p'],
        processDefinitionName: 'Process',
        processDefinitionNameLike: 'P%',
        withoutTenantId: true,
      }),
    ).toBe(2);
    expect(history.countInstances({ processDefinitionKeyNotIn: ['p'] })).toBe(0);
    expect(history.countInstances({ tenantIdIn: ['t'] })).toBe(0);
    expect(history.countInstances({ variables: [{ name: 'text', operator: 'notLike', value: 'a%' }] })).toBe(
      0,
    );
    expect(history.countInstances({ variables: [{ name: 'text', operator: 'gt', value: 5 }] })).toBe(0);
    for (const sortBy of [
      'instanceId',
      'definitionId',
      'definitionKey',
      'definitionName',
      'definitionVersion',
      'businessKey',
      'startTime',
      'endTime',
      'duration',
      'tenantId',
    ] as const) {
      expect(find({ sorting: [{ sortBy, sortOrder: 'asc' }] })).toHaveLength(2);
    }
    expect(find({ sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }] })).toEqual([one, two]);
    const activities = {
      processInstanceIdIn: [one],
      activityId: 's',
      activityType: 'startEvent',
      finished: true as const,
    };
    expect(history.countActivities(activities)).toBe(1);
    expect(
      history.countActivities({
        unfinished: true,
        activityType: 'serviceTask',
        processDefinitionId: definitionId,
      }),
    ).toBe(1);
    expect(history.countActivities({ canceled: true, startedAfter: begun, finishedAfter: begun })).toBe(1);
    expect(history.countActivities({ completeScope: true })).toBe(0);
    expect(
      history.countActivities({
        activityName: 'x',
        startedBefore: 0,
        finishedBefore: 0,
        executionId: 'x',
        activityInstanceId: 'x',
      }),
    ).toBe(0);
    for (const sortBy of [
      'activityInstanceId',
      'instanceId',
      'executionId',
      'activityId',
      'activityName',
      'activityType',
      'startTime',
      'endTime',
      'duration',
      'definitionId',
      'occurrence',
    ] as const) {
      expect(
        history.findActivities({ processInstanceId: one, sorting: [{ sortBy, sortOrder: 'desc' }] }),
      ).toHaveLength(2);
    }
    const [variable] = history.findVariables({ processInstanceIdIn: [one], variableName: 'text' });
    expect(
      history.countVariables({
        id: variable!.id,
        processDefinitionId: definitionId,
        processDefinitionKey: 'p',
        variableNameIn: ['text'],
        variableNameLike: 't%t',
        variableTypeIn: ['String'],
        executionIdIn: [one],
        activityInstanceIdIn: [one],
      }),
    ).toBe(1);
    expect(
      history.findVariables({
        sorting: [
          { sortBy: 'variableName', sortOrder: 'asc' },
          { sortBy: 'instanceId', sortOrder: 'asc' },
        ],
      }),
    ).toHaveLength(3);
  });
});
