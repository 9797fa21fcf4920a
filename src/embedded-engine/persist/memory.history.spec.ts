import { beforeEach, describe, expect, it } from '@jest/globals';
import type {
  HistoricActivityQuery,
  HistoricInstanceQuery,
  HistoricVariableQuery,
} from '../core/engine-api.types.js';
import {
  HISTORIC_ACTIVITY,
  HISTORIC_INSTANCE,
  HISTORIC_VARIABLE,
  INCIDENT,
} from '../rest/testing/records.js';
import { emptyChangeSet } from './engine-store.js';
import { MemoryHistory } from './memory.history.js';
import type {
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricVariableRecord,
} from './records.types.js';

let history: MemoryHistory;

interface Given {
  readonly instances?: readonly HistoricInstanceRecord[];
  readonly activities?: readonly HistoricActivityRecord[];
  readonly variables?: readonly HistoricVariableRecord[];
}

function apply({ instances = [], activities = [], variables = [] }: Given): void {
  const changes = emptyChangeSet();
  for (const record of instances) changes.historicInstances.set(record.id, record);
  for (const record of activities) changes.historicActivities.set(record.id, record);
  for (const record of variables) changes.historicVariables.set(record.id, record);
  history.apply(changes);
}

const instance = (id: string, change: Partial<HistoricInstanceRecord> = {}): HistoricInstanceRecord => ({
  ...HISTORIC_INSTANCE,
  id,
  businessKey: `key-${id}`,
  startTime: 100,
  endTime: 200,
  ...change,
});

beforeEach(() => {
  history = new MemoryHistory(3);
});

describe('historic instances', () => {
  beforeEach(() => {
    apply({
      instances: [
        instance('a', { startTime: 100, endTime: 900 }),
        instance('b', {
          startTime: 200,
          endTime: 300,
          processDefinitionId: 'z:1',
          processDefinitionKey: 'z',
          processDefinitionName: 'Zeta',
          processDefinitionVersion: 9,
          tenantId: 't',
          state: 'EXTERNALLY_TERMINATED',
        }),
        instance('c', { startTime: 300, endTime: null, businessKey: null, state: 'ACTIVE' }),
      ],
      variables: [
        {
          ...HISTORIC_VARIABLE,
          id: 'v1',
          processInstanceId: 'b',
          name: 'n',
          value: { type: 'Integer', value: 5, valueInfo: {} },
        },
      ],
    });
    const changes = emptyChangeSet();
    changes.incidents.set('i', { ...INCIDENT, processInstanceId: 'b' });
    changes.incidents.set('j', null);
    changes.incidents.set('k', { ...INCIDENT, processInstanceId: 'unknown' });
    history.apply(changes);
  });

  const queries: readonly [HistoricInstanceQuery, readonly string[]][] = [
    [{}, ['a', 'b', 'c']],
    [{ processInstanceId: 'b' }, ['b']],
    [{ processInstanceIds: ['b', 'b', 'none'] }, ['b']],
    [{ processInstanceBusinessKey: 'key-a' }, ['a']],
    [{ processInstanceBusinessKey: 'none' }, []],
    [{ processInstanceBusinessKeyIn: ['key-a', 'key-b'] }, ['a', 'b']],
    [{ processInstanceBusinessKeyLike: 'key%' }, ['a', 'b']],
    [{ processDefinitionId: 'z:1' }, ['b']],
    [{ processDefinitionKey: 'z' }, ['b']],
    [{ processDefinitionKeyIn: ['z'] }, ['b']],
    [{ processDefinitionKeyNotIn: ['z'] }, ['a', 'c']],
    [{ processDefinitionName: 'Zeta' }, ['b']],
    [{ processDefinitionNameLike: 'Z%' }, ['b']],
    [{ finished: true }, ['a', 'b']],
    [{ unfinished: true }, ['c']],
    [{ stateIn: ['ACTIVE', 'EXTERNALLY_TERMINATED'] }, ['b', 'c']],
    [{ withIncidents: true }, ['b']],
    [{ startedAfter: 200 }, ['b', 'c']],
    [{ startedBefore: 200 }, ['a', 'b']],
    [{ finishedAfter: 900 }, ['a']],
    [{ finishedBefore: 300 }, ['b']],
    [{ variables: [{ name: 'n', operator: 'eq', value: 5 }] }, ['b']],
    [{ tenantIdIn: ['t'] }, ['b']],
    [{ withoutTenantId: true }, ['a', 'c']],
    [{ sorting: [{ sortBy: 'instanceId', sortOrder: 'desc' }] }, ['c', 'b', 'a']],
    [{ sorting: [{ sortBy: 'definitionId', sortOrder: 'desc' }] }, ['b', 'a', 'c']],
    [{ sorting: [{ sortBy: 'definitionKey', sortOrder: 'desc' }] }, ['b', 'a', 'c']],
    [{ sorting: [{ sortBy: 'definitionName', sortOrder: 'desc' }] }, ['b', 'a', 'c']],
    [{ sorting: [{ sortBy: 'definitionVersion', sortOrder: 'desc' }] }, ['b', 'a', 'c']],
    [{ sorting: [{ sortBy: 'businessKey', sortOrder: 'asc' }] }, ['c', 'a', 'b']],
    [{ sorting: [{ sortBy: 'startTime', sortOrder: 'desc' }] }, ['c', 'b', 'a']],
    [{ sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }] }, ['c', 'b', 'a']],
    [{ sorting: [{ sortBy: 'duration', sortOrder: 'desc' }] }, ['a', 'b', 'c']],
    [{ sorting: [{ sortBy: 'tenantId', sortOrder: 'desc' }] }, ['b', 'a', 'c']],
  ];

  it.each(queries)('by %j', (query, found) => {
    expect(history.findInstances(query).map(({ id }) => id)).toEqual(found);
    expect(history.countInstances(query)).toBe(found.length);
  });

  it('are pages where they are asked for', () => {
    expect(history.findInstances({ firstResult: 1, maxResults: 1 }).map(({ id }) => id)).toEqual(['b']);
    expect(history.findInstance('none')).toBeNull();
  });
});

describe('historic activities', () => {
  const activity = (id: string, change: Partial<HistoricActivityRecord> = {}): HistoricActivityRecord => ({
    ...HISTORIC_ACTIVITY,
    id,
    processInstanceId: 'a',
    executionId: 'a',
    startTime: 100,
    endTime: 200,
    ...change,
  });

  beforeEach(() => {
    apply({
      instances: [instance('a'), instance('b')],
      activities: [
        activity('x', { completeScope: true, endTime: 150 }),
        activity('y', {
          processInstanceId: 'b',
          executionId: 'e',
          activityId: 'Ship',
          activityName: 'Ship it',
          activityType: 'task',
          processDefinitionId: 'z',
          startTime: 120,
          endTime: null,
        }),
        activity('z', { canceled: true, startTime: 140 }),
        activity('lost', { processInstanceId: 'unknown' }),
      ],
    });
  });

  const queries: readonly [HistoricActivityQuery, readonly string[]][] = [
    [{}, ['x', 'z', 'y']],
    [{ activityInstanceId: 'y' }, ['y']],
    [{ processInstanceId: 'a' }, ['x', 'z']],
    [{ processInstanceIdIn: ['b', 'none'] }, ['y']],
    [{ processDefinitionId: 'z' }, ['y']],
    [{ executionId: 'e' }, ['y']],
    [{ activityId: 'Ship' }, ['y']],
    [{ activityName: 'Ship it' }, ['y']],
    [{ activityType: 'task' }, ['y']],
    [{ finished: true }, ['x', 'z']],
    [{ unfinished: true }, ['y']],
    [{ canceled: true }, ['z']],
    [{ completeScope: true }, ['x']],
    [{ startedAfter: 120 }, ['z', 'y']],
    [{ startedBefore: 120 }, ['x', 'y']],
    [{ finishedAfter: 200 }, ['z']],
    [{ finishedBefore: 150 }, ['x']],
    [{ sorting: [{ sortBy: 'activityInstanceId', sortOrder: 'asc' }] }, ['x', 'y', 'z']],
    [{ sorting: [{ sortBy: 'instanceId', sortOrder: 'desc' }] }, ['y', 'x', 'z']],
    [{ sorting: [{ sortBy: 'executionId', sortOrder: 'desc' }] }, ['y', 'x', 'z']],
    [{ sorting: [{ sortBy: 'activityId', sortOrder: 'desc' }] }, ['y', 'x', 'z']],
    [{ sorting: [{ sortBy: 'activityName', sortOrder: 'desc' }] }, ['y', 'x', 'z']],
    [{ sorting: [{ sortBy: 'activityType', sortOrder: 'desc' }] }, ['y', 'x', 'z']],
    [{ sorting: [{ sortBy: 'startTime', sortOrder: 'asc' }] }, ['x', 'y', 'z']],
    [{ sorting: [{ sortBy: 'occurrence', sortOrder: 'desc' }] }, ['z', 'y', 'x']],
    [{ sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }] }, ['y', 'x', 'z']],
    [{ sorting: [{ sortBy: 'duration', sortOrder: 'desc' }] }, ['z', 'x', 'y']],
    [{ sorting: [{ sortBy: 'definitionId', sortOrder: 'desc' }] }, ['y', 'x', 'z']],
  ];

  it.each(queries)('by %j', (query, found) => {
    expect(history.findActivities(query).map(({ id }) => id)).toEqual(found);
    expect(history.countActivities(query)).toBe(found.length);
  });
});

describe('historic variables', () => {
  const variable = (id: string, change: Partial<HistoricVariableRecord> = {}): HistoricVariableRecord => ({
    ...HISTORIC_VARIABLE,
    id,
    name: id,
    processInstanceId: 'a',
    ...change,
  });

  beforeEach(() => {
    apply({
      instances: [instance('a'), instance('b')],
      variables: [
        variable('one'),
        variable('two', {
          processInstanceId: 'b',
          processDefinitionId: 'z:1',
          processDefinitionKey: 'z',
          executionId: 'e',
          activityInstanceId: 'i',
          value: { type: 'Integer', value: 1, valueInfo: {} },
        }),
        variable('old', { state: 'DELETED' }),
      ],
    });
  });

  const queries: readonly [HistoricVariableQuery, readonly string[]][] = [
    [{}, ['one', 'two']],
    [{ includeDeleted: true }, ['one', 'old', 'two']],
    [{ id: 'two' }, ['two']],
    [{ processInstanceId: 'b' }, ['two']],
    [{ processInstanceIdIn: ['a'] }, ['one']],
    [{ processDefinitionId: 'z:1' }, ['two']],
    [{ processDefinitionKey: 'z' }, ['two']],
    [{ variableName: 'one' }, ['one']],
    [{ variableNameIn: ['one', 'two'] }, ['one', 'two']],
    [{ variableNameLike: 't%' }, ['two']],
    [{ variableTypeIn: ['Integer'] }, ['two']],
    [{ executionIdIn: ['e'] }, ['two']],
    [{ activityInstanceIdIn: ['i'] }, ['two']],
    [{ sorting: [{ sortBy: 'variableName', sortOrder: 'desc' }] }, ['two', 'one']],
    [{ sorting: [{ sortBy: 'instanceId', sortOrder: 'desc' }] }, ['two', 'one']],
  ];

  it.each(queries)('by %j', (query, found) => {
    expect(history.findVariables(query).map(({ id }) => id)).toEqual(found);
    expect(history.countVariables(query)).toBe(found.length);
  });
});

describe('the bound', () => {
  it('forgets the instances that ended first, never those that run', () => {
    apply({ instances: [instance('running', { endTime: null }), instance('x', { endTime: null })] });
    for (const id of ['a', 'b', 'c', 'x', 'd']) {
      apply({ instances: [instance(id, { businessKey: id === 'x' ? 'key-x' : 'same' })] });
    }
    expect(history.findInstances({}).map(({ id }) => id)).toEqual(['running', 'x', 'c', 'd']);
    expect(history.countInstances({ processInstanceBusinessKey: 'same' })).toBe(2);
    expect(history.countInstances({ processInstanceBusinessKey: 'key-x' })).toBe(1);
  });

  it('forgets more of them where their variables are large', () => {
    history = new MemoryHistory(1_000, 5_000_000);
    const text = { type: 'String', value: 'x'.repeat(1_000_000), valueInfo: {} } as const;
    const start = (id: string, endTime: number | null): void => {
      apply({
        instances: [instance(id, { endTime })],
        variables: [{ ...HISTORIC_VARIABLE, id: `v-${id}`, processInstanceId: id, value: text }],
      });
    };
    start('running', null);
    for (const id of ['a', 'b', 'c', 'd']) start(id, 200);
    expect(history.findInstances({}).map(({ id }) => id)).toEqual(['running', 'c', 'd']);
    expect(history.countVariables({})).toBe(3);
  });

  it('forgets what it is told to', () => {
    apply({ instances: [instance('a'), instance('b', { businessKey: null })] });
    const changes = emptyChangeSet();
    for (const id of ['a', 'b', 'none']) changes.forgottenInstances.add(id);
    history.apply(changes);
    expect(history.countInstances({})).toBe(0);
    expect(history.countInstances({ processInstanceBusinessKey: 'key-a' })).toBe(0);
  });
});
