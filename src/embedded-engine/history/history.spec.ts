import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExternalTaskLogQuery } from '../query/historic-external-task-log.query.js';
import type { HistoricActivityQuery } from '../query/historic-activity-instance.query.js';
import type { HistoricIncidentQuery } from '../query/historic-incident.query.js';
import type { HistoricInstanceQuery } from '../query/historic-process-instance.query.js';
import type { HistoricUserTaskQuery } from '../query/historic-user-task.query.js';
import type { HistoricVariableQuery } from '../query/historic-variable-instance.query.js';
import type { HistoryService } from './history.service.js';
import {
  CREATED_LOG,
  HISTORIC_ACTIVITY,
  HISTORIC_INSTANCE,
  HISTORIC_VARIABLE,
  OPEN_INCIDENT,
  OPEN_TASK,
} from '../rest/testing/records.js';
import { emptyChangeSet } from '../state/change-set.js';
import type { EngineStore } from '../embedded-engine.js';
import { MemoryStore } from '../persist/memory.store.js';
import type {
  ExternalTaskLogRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
} from '../state/records.types.js';
import { StoreFolder } from '../persist/sqlite/testing/store.fixture.js';

/** Where the history lies that is asked. */
type Place = 'in memory' | 'in the file' | 'on its way to the file';

let store: EngineStore;
let history: HistoryService;

interface Given {
  readonly instances?: readonly HistoricInstanceRecord[];
  readonly activities?: readonly HistoricActivityRecord[];
  readonly variables?: readonly HistoricVariableRecord[];
  readonly incidents?: readonly HistoricIncidentRecord[];
  readonly userTasks?: readonly HistoricUserTaskRecord[];
  readonly log?: readonly ExternalTaskLogRecord[];
}

function apply({
  instances = [],
  activities = [],
  variables = [],
  incidents = [],
  userTasks = [],
  log = [],
}: Given): Promise<void> {
  const changes = emptyChangeSet();
  for (const record of instances) changes.historicInstances.set(record.id, record);
  for (const record of activities) changes.historicActivities.set(record.id, record);
  for (const record of variables) changes.historicVariables.set(record.id, record);
  for (const record of incidents) changes.historicIncidents.set(record.id, record);
  for (const record of userTasks) changes.historicUserTasks.set(record.id, record);
  for (const record of log) changes.externalTaskLog.set(record.id, record);
  return store.commit(changes);
}

const instance = (id: string, change: Partial<HistoricInstanceRecord> = {}): HistoricInstanceRecord => ({
  ...HISTORIC_INSTANCE,
  id,
  businessKey: `key-${id}`,
  startTime: 100,
  endTime: 200,
  ...change,
});

describe.each<Place>(['in memory', 'in the file', 'on its way to the file'])('history %s', (place) => {
  let files: StoreFolder;

  beforeEach(() => {
    files = new StoreFolder();
    store = place === 'in memory' ? new MemoryStore() : files.open();
    history = store.history;
  });

  afterEach(async () => {
    await files.remove();
  });

  /** Commits the records; waits for the commit unless the test reads during the write. */
  async function given(records: Given): Promise<void> {
    const commit = apply(records);
    if (place !== 'on its way to the file') await commit;
  }

  describe('historic instances', () => {
    beforeEach(async () => {
      await given({
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
          instance('c', {
            startTime: 300,
            endTime: null,
            businessKey: null,
            superProcessInstanceId: 'a',
            state: 'ACTIVE',
          }),
        ],
        variables: [
          {
            ...HISTORIC_VARIABLE,
            id: 'v1',
            processInstanceId: 'b',
            name: 'n',
            value: { type: 'Integer', value: 5, valueInfo: {} },
          },
          ...Object.entries({ zero: -0, 'text "': 'a "quoted" \n \ud800', long: 'x'.repeat(10_000) }).map(
            ([name, value]) => ({
              ...HISTORIC_VARIABLE,
              id: name,
              processInstanceId: 'b',
              name,
              value: { type: 'Object', value, valueInfo: {} } as const,
            }),
          ),
        ],
        incidents: [
          { ...OPEN_INCIDENT, processInstanceId: 'b' },
          { ...OPEN_INCIDENT, id: 'lost', processInstanceId: 'unknown' },
        ],
      });
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
      [{ variables: [{ name: 'n', operator: 'eq', value: '5' }] }, []],
      [{ variables: [{ name: 'n', operator: 'gt', value: 4 }], finished: true }, ['b']],
      [{ variables: [{ name: 'n', operator: 'gt', value: 4 }], processDefinitionKey: 'none' }, []],
      [{ variables: [{ name: 'zero', operator: 'eq', value: 0 }] }, ['b']],
      [{ variables: [{ name: 'text "', operator: 'eq', value: 'a "quoted" \n \ud800' }] }, ['b']],

      [{ rootProcessInstances: true }, ['a', 'b']],
      [{ superProcessInstanceId: 'a' }, ['c']],
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
      expect(history.instances.find(query).map(({ id }) => id)).toEqual(found);
      expect(history.instances.count(query)).toBe(found.length);
    });

    it('by a long variable', () => {
      const variables = [{ name: 'long', operator: 'eq', value: 'x'.repeat(10_000) }] as const;
      expect(history.instances.find({ variables }).map(({ id }) => id)).toEqual(['b']);
    });

    it('are returned in pages', () => {
      expect(history.instances.find({ firstResult: 1, maxResults: 1 }).map(({ id }) => id)).toEqual(['b']);
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

    beforeEach(async () => {
      await given({
        instances: [instance('a'), instance('b', { processDefinitionId: 'z', endTime: null })],
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
            sequence: 2,
            endTime: null,
          }),
          activity('z', { canceled: true, startTime: 140, sequence: 3 }),
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
      expect(history.activities.find(query).map(({ id }) => id)).toEqual(found);
      expect(history.activities.count(query)).toBe(found.length);
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

    beforeEach(async () => {
      await given({
        instances: [instance('a'), instance('b', { processDefinitionId: 'z:1', processDefinitionKey: 'z' })],
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
      expect(history.variables.find(query).map(({ id }) => id)).toEqual(found);
      expect(history.variables.count(query)).toBe(found.length);
    });
  });

  describe('historic incidents', () => {
    const changed = {
      incidentType: 'failedJob',
      incidentTimestamp: 500,
      incidentMessage: 'no route',
      configuration: 'job',
      historyConfiguration: null,
      activityId: 'Wait',
      failedActivityId: 'Fail',
      executionId: 'e',
      processInstanceId: 'b',
      processDefinitionId: 'z:1',
      causeIncidentId: 'cause',
      rootCauseIncidentId: 'root',
      tenantId: 't',
      endTime: 600,
      state: 'RESOLVED',
    } as const;

    beforeEach(async () => {
      await given({
        instances: [
          instance('a', { endTime: null }),
          instance('b', { processDefinitionId: 'z:1', processDefinitionKey: 'z', endTime: 700 }),
        ],
        incidents: [
          { ...OPEN_INCIDENT, id: 'i', processInstanceId: 'a', incidentTimestamp: 400 },
          { ...OPEN_INCIDENT, id: 'j', ...changed },
          { ...OPEN_INCIDENT, id: 'k', processInstanceId: 'a', incidentTimestamp: 450, state: 'DELETED' },
          { ...OPEN_INCIDENT, id: 'lost', processInstanceId: 'unknown' },
        ],
      });
    });

    const queries: readonly [HistoricIncidentQuery, readonly string[]][] = [
      [{}, ['i', 'k', 'j']],
      [{ incidentId: 'j' }, ['j']],
      [{ incidentType: 'failedJob' }, ['j']],
      [{ incidentMessage: 'no route' }, ['j']],
      [{ incidentMessageLike: 'no%' }, ['j']],
      [{ processDefinitionId: 'z:1' }, ['j']],
      [{ processDefinitionKey: 'z' }, ['j']],
      [{ processDefinitionKeyIn: ['z', 'y'] }, ['j']],
      [{ processInstanceId: 'a' }, ['i', 'k']],
      [{ executionId: 'e' }, ['j']],
      [{ activityId: 'Wait' }, ['j']],
      [{ failedActivityId: 'Fail' }, ['j']],
      [{ causeIncidentId: 'cause' }, ['j']],
      [{ rootCauseIncidentId: 'root' }, ['j']],
      [{ configuration: 'job' }, ['j']],
      [{ open: true }, ['i']],
      [{ resolved: true }, ['j']],
      [{ deleted: true }, ['k']],
      [{ createTimeBefore: 450 }, ['i']],
      [{ createTimeAfter: 450 }, ['j']],
      [{ endTimeBefore: 601 }, ['j']],
      [{ endTimeAfter: 600 }, []],
      [{ tenantIdIn: ['t'] }, ['j']],
      [{ sorting: [{ sortBy: 'createTime', sortOrder: 'desc' }] }, ['j', 'k', 'i']],
      [{ sorting: [{ sortBy: 'incidentState', sortOrder: 'asc' }] }, ['k', 'i', 'j']],
      [{ sorting: [{ sortBy: 'processDefinitionKey', sortOrder: 'desc' }] }, ['j', 'i', 'k']],
    ];

    it.each(queries)('by %j', (query, found) => {
      expect(history.incidents.find(query).map(({ id }) => id)).toEqual(found);
      expect(history.incidents.count(query)).toBe(found.length);
    });

    it('are returned as they were recorded', () => {
      expect(history.incidents.find({ incidentId: 'j' })).toEqual([
        { id: 'j', processDefinitionKey: 'z', ...changed },
      ]);
    });

    it('mark their instance as one that had incidents', () => {
      expect(history.instances.count({ withIncidents: true })).toBe(2);
    });
  });

  describe('historic user tasks', () => {
    beforeEach(async () => {
      await given({
        instances: [
          instance('a', { endTime: null }),
          instance('b', { processDefinitionId: 'z:1', processDefinitionKey: 'z', endTime: 300 }),
        ],
        userTasks: [
          { ...OPEN_TASK, id: 'u', processInstanceId: 'a', startTime: 100 },
          {
            ...OPEN_TASK,
            id: 'v',
            name: 'Check',
            assignee: 'paul',
            startTime: 200,
            endTime: 300,
            deleteReason: 'completed',
            activityId: 'Check',
            activityInstanceId: 'Check:u',
            executionId: 'e',
            processInstanceId: 'b',
            processDefinitionId: 'z:1',
            processDefinitionKey: 'z',
            priority: 10,
            tenantId: 't',
          },
        ],
      });
    });

    const queries: readonly [HistoricUserTaskQuery, readonly string[]][] = [
      [{}, ['u', 'v']],
      [{ taskId: 'v' }, ['v']],
      [{ processInstanceId: 'b' }, ['v']],
      [{ processInstanceBusinessKey: 'key-b' }, ['v']],
      [{ processDefinitionId: 'z:1' }, ['v']],
      [{ processDefinitionKey: 'z' }, ['v']],
      [{ executionId: 'e' }, ['v']],
      [{ activityInstanceIdIn: ['Check:u'] }, ['v']],
      [{ taskName: 'Check' }, ['v']],
      [{ taskDefinitionKey: 'Check' }, ['v']],
      [{ taskDefinitionKeyIn: ['Check'] }, ['v']],
      [{ taskDeleteReason: 'completed' }, ['v']],
      [{ taskAssignee: 'paul' }, ['v']],
      [{ finished: true }, ['v']],
      [{ unfinished: true }, ['u']],
      [{ startedAfter: 200 }, ['v']],
      [{ startedBefore: 199 }, ['u']],
      [{ finishedAfter: 300 }, ['v']],
      [{ finishedBefore: 299 }, []],
      [{ tenantIdIn: ['t'] }, ['v']],
      [{ sorting: [{ sortBy: 'priority', sortOrder: 'asc' }] }, ['v', 'u']],
      [{ sorting: [{ sortBy: 'duration', sortOrder: 'desc' }] }, ['v', 'u']],
      [{ sorting: [{ sortBy: 'taskName', sortOrder: 'desc' }] }, ['v', 'u']],
    ];

    it.each(queries)('by %j', (query, found) => {
      expect(history.userTasks.find(query).map(({ id }) => id)).toEqual(found);
      expect(history.userTasks.count(query)).toBe(found.length);
    });
  });

  describe('the log of external tasks', () => {
    beforeEach(async () => {
      await given({
        instances: [instance('a'), instance('b', { processDefinitionId: 'z:1', processDefinitionKey: 'z' })],
        log: [
          { ...CREATED_LOG, id: 'l', processInstanceId: 'a', timestamp: 100 },
          { ...CREATED_LOG, id: 'm', processInstanceId: 'a', timestamp: 300, event: 'SUCCESSFUL' },
          {
            ...CREATED_LOG,
            id: 'n',
            event: 'FAILED',
            externalTaskId: 'other',
            topicName: 'ship',
            workerId: 'w',
            retries: 2,
            priority: 7,
            errorMessage: 'boom',
            activityId: 'Ship',
            activityInstanceId: 'Ship:u',
            executionId: 'e',
            processInstanceId: 'b',
            processDefinitionId: 'z:1',
            processDefinitionKey: 'z',
            tenantId: 't',
            timestamp: 200,
          },
          { ...CREATED_LOG, id: 'o', processInstanceId: 'b', timestamp: 400, event: 'DELETED' },
        ],
      });
    });

    const queries: readonly [ExternalTaskLogQuery, readonly string[]][] = [
      [{}, ['l', 'm', 'n', 'o']],
      [{ logId: 'n' }, ['n']],
      [{ externalTaskId: 'other' }, ['n']],
      [{ topicName: 'ship' }, ['n']],
      [{ workerId: 'w' }, ['n']],
      [{ errorMessage: 'boom' }, ['n']],
      [{ activityIdIn: ['Ship'] }, ['n']],
      [{ activityInstanceIdIn: ['Ship:u'] }, ['n']],
      [{ executionIdIn: ['e'] }, ['n']],
      [{ processInstanceId: 'a' }, ['l', 'm']],
      [{ processDefinitionId: 'z:1' }, ['n']],
      [{ processDefinitionKey: 'z' }, ['n']],
      [{ tenantIdIn: ['t'] }, ['n']],
      [{ priorityHigherThanOrEquals: 7 }, ['n']],
      [{ priorityLowerThanOrEquals: 0 }, ['l', 'm', 'o']],
      [{ creationLog: true }, ['l']],
      [{ failureLog: true }, ['n']],
      [{ successLog: true }, ['m']],
      [{ deletionLog: true }, ['o']],
      [{ sorting: [{ sortBy: 'timestamp', sortOrder: 'desc' }] }, ['o', 'm', 'n', 'l']],
      [{ sorting: [{ sortBy: 'topicName', sortOrder: 'desc' }] }, ['n', 'l', 'm', 'o']],
    ];

    it.each(queries)('by %j', (query, found) => {
      expect(history.taskLog.find(query).map(({ id }) => id)).toEqual(found);
      expect(history.taskLog.count(query)).toBe(found.length);
    });

    it('finds each entry by its id', () => {
      expect(history.findTaskLogEntry('n')?.errorMessage).toBe('boom');
      expect(history.findTaskLogEntry('none')).toBeNull();
    });
  });
});
