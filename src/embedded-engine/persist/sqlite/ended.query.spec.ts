import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { HISTORIC_ACTIVITY_INSTANCE_QUERY } from '../../query/historic-activity-instance.query.js';
import { HISTORIC_USER_TASK_QUERY } from '../../query/historic-user-task.query.js';
import { HISTORIC_VARIABLE_INSTANCE_QUERY } from '../../query/historic-variable-instance.query.js';
import type { HistoricInstanceQuery } from '../../query/historic-process-instance.query.js';
import { type HistorySelection, selectionOfDetails } from '../../history/history.selection.js';
import {
  type Condition,
  conditionsOf,
  conditionsOfSelection,
  countEnded,
  selectEnded,
} from './ended.query.js';
import { StoreFolder } from './testing/store.fixture.js';

let files: StoreFolder;
let db: BetterSqlite3.Database;

beforeEach(async () => {
  files = new StoreFolder();
  await files.open().close();
  db = new BetterSqlite3(files.path());
  db.function('is_like', (_text, _pattern) => 1);
});

afterEach(async () => {
  db.close();
  await files.remove();
});

/** How SQLite looks rows up; a look at every row is a SCAN. */
function planOf({ sql, values }: Condition): string {
  return db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => detail)
    .join('; ');
}

describe('instances are looked up by an index', () => {
  const queries: readonly [HistoricInstanceQuery, string][] = [
    [{ processInstanceId: 'a' }, 'SEARCH ended USING INDEX sqlite_autoindex_ended_1 (id=?)'],
    [{ processInstanceIds: ['a', 'b'] }, 'SEARCH ended USING INDEX sqlite_autoindex_ended_1 (id=?)'],
    [{ processInstanceBusinessKey: 'k' }, 'SEARCH ended USING INDEX ended_business_key (business_key=?)'],
    [{ processInstanceBusinessKeyIn: ['k'] }, 'SEARCH ended USING INDEX ended_business_key (business_key=?)'],
    [{ superProcessInstanceId: 's' }, 'SEARCH ended USING INDEX ended_super_id (super_id=?)'],
    [
      { finishedAfter: 5, sorting: [{ sortBy: 'endTime', sortOrder: 'desc' }] },
      'SEARCH ended USING INDEX ended_end_time (end_time>?)',
    ],
    [{ sorting: [{ sortBy: 'startTime', sortOrder: 'desc' }] }, 'SCAN ended USING INDEX ended_start_time'],
  ];

  it.each(queries)('%j', (query, plan) => {
    const { conditions, complete } = conditionsOf(query);
    expect(complete).toBe(true);
    expect(planOf(selectEnded(conditions, query.sorting, 10))).toContain(plan);
    expect(planOf(countEnded(conditions))).toMatch(query.sorting === undefined ? /SEARCH ended/ : /ended/);
  });

  const selections: readonly [HistorySelection, string][] = [
    [
      selectionOfDetails(
        HISTORIC_ACTIVITY_INSTANCE_QUERY.comparisons({ processInstanceId: 'a' }).comparisons,
      ),
      'SEARCH ended USING INDEX sqlite_autoindex_ended_1 (id=?)',
    ],
    [
      selectionOfDetails(
        HISTORIC_VARIABLE_INSTANCE_QUERY.comparisons({ processInstanceIdIn: ['a'] }).comparisons,
      ),
      'SEARCH ended USING INDEX sqlite_autoindex_ended_1 (id=?)',
    ],
    [
      selectionOfDetails(
        HISTORIC_USER_TASK_QUERY.comparisons({ processInstanceBusinessKey: 'k' }).comparisons,
      ),
      'SEARCH ended USING INDEX ended_business_key (business_key=?)',
    ],
  ];

  it.each(selections)('for their details: %j', (selection, plan) => {
    expect(planOf(selectEnded(conditionsOfSelection(selection)))).toContain(plan);
  });
});

it('every filter of instances is SQL, except those of variables and of the incident status', () => {
  const query: Required<HistoricInstanceQuery> = {
    processInstanceId: 'a',
    processInstanceIds: ['a'],
    processInstanceBusinessKey: 'a',
    processInstanceBusinessKeyIn: ['a'],
    processInstanceBusinessKeyLike: 'a',
    processDefinitionId: 'a',
    processDefinitionKey: 'a',
    processDefinitionKeyIn: ['a'],
    processDefinitionKeyNotIn: ['a'],
    processDefinitionName: 'a',
    processDefinitionNameLike: 'a',
    finished: true,
    unfinished: true,
    stateIn: ['ACTIVE'],
    withIncidents: true,
    incidentStatus: 'open',
    executedActivityIdIn: ['a'],
    activeActivityIdIn: ['a'],
    startedAfter: 1,
    startedBefore: 1,
    finishedAfter: 1,
    finishedBefore: 1,
    rootProcessInstances: true,
    superProcessInstanceId: 'a',
    variables: [{ name: 'v', operator: 'eq', value: 1 }],
    tenantIdIn: ['a'],
    withoutTenantId: true,
    firstResult: 0,
    maxResults: 1,
    sorting: [{ sortBy: 'duration', sortOrder: 'asc' }],
  };
  expect(conditionsOf(query).complete).toBe(false);
  const { conditions, complete } = conditionsOf({
    ...query,
    variables: undefined,
    incidentStatus: undefined,
    executedActivityIdIn: undefined,
    activeActivityIdIn: undefined,
  });
  expect([complete, conditions.length]).toEqual([true, 23]);
  expect(() => planOf(selectEnded(conditions, query.sorting, 1))).not.toThrow();
});
