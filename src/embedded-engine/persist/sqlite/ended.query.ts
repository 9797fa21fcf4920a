import type { HistoricInstanceQuery } from '../../history/historic-process-instance.query.js';
import type { VariableFilter } from '../../query/query.types.js';
import type { HistorySelection } from '../../history/history.selection.js';
import { toColumn } from './column.text.js';
import { ENDED_COLUMNS } from './ended.columns.js';
import { LONGEST_INLINE_TEXT } from './json.text.js';

/** What a placeholder is given. */
export type SqlValue = string | number;

/** A condition with the values of its placeholders. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

type ConditionOf<V> = (wanted: V) => Condition;

type Filters = Omit<HistoricInstanceQuery, 'sorting' | 'firstResult' | 'maxResults'>;

const is =
  (column: string): ConditionOf<string | number> =>
  (value) => ({ sql: `${column} = ?`, values: [typeof value === 'string' ? toColumn(value) : value] });

const isIn =
  (column: string, negated = ''): ConditionOf<readonly string[]> =>
  (wanted) => ({
    sql: `${column} ${negated} IN (SELECT value FROM json_each(?))`,
    values: [JSON.stringify(wanted.map((text) => toColumn(text)))],
  });

const isLike =
  (column: string): ConditionOf<string> =>
  (pattern) => ({ sql: `is_like(${column}, ?)`, values: [pattern] });

const compared =
  (column: string, operator: '>=' | '<='): ConditionOf<number> =>
  (time) => ({ sql: `${column} ${operator} ?`, values: [time] });

const plain = (sql: string) => (): Condition => ({ sql, values: [] });

/** A condition for each filter of a query for instances; null where the rules have to decide. */
const CONDITIONS: { readonly [K in keyof Filters]-?: ConditionOf<NonNullable<Filters[K]>> | null } = {
  processInstanceId: is('id'),
  processInstanceIds: isIn('id'),
  processInstanceBusinessKey: is('business_key'),
  processInstanceBusinessKeyIn: isIn('business_key'),
  processInstanceBusinessKeyLike: isLike('business_key'),
  processDefinitionId: is('definition_id'),
  processDefinitionKey: is('definition_key'),
  processDefinitionKeyIn: isIn('definition_key'),
  processDefinitionKeyNotIn: isIn('definition_key', 'NOT'),
  processDefinitionName: is('definition_name'),
  processDefinitionNameLike: isLike('definition_name'),
  finished: plain('end_time IS NOT NULL'),
  unfinished: plain('end_time IS NULL'),
  stateIn: isIn('state'),
  withIncidents: plain('had_incident = 1'),
  incidentStatus: null,
  executedActivityIdIn: null,
  activeActivityIdIn: null,
  startedAfter: compared('start_time', '>='),
  startedBefore: compared('start_time', '<='),
  finishedAfter: compared('end_time', '>='),
  finishedBefore: compared('end_time', '<='),
  rootProcessInstances: plain('super_id IS NULL'),
  superProcessInstanceId: is('super_id'),
  variables: null,
  tenantIdIn: isIn('tenant_id'),
  withoutTenantId: plain('tenant_id IS NULL'),
};

/** Filters that look into the records of an instance. */
const UNDECIDED = ['variables', 'incidentStatus', 'executedActivityIdIn', 'activeActivityIdIn'] as const;

/** What SQL can say of a query for instances. */
export function conditionsOf(query: HistoricInstanceQuery): {
  readonly conditions: readonly Condition[];
  /** Whether that is all of it. */
  readonly complete: boolean;
} {
  const given = Object.entries(query).filter(
    ([name, wanted]) => wanted !== undefined && Object.hasOwn(CONDITIONS, name),
  );
  const conditions = given.flatMap(([name, wanted]) => {
    const condition = CONDITIONS[name as keyof Filters] as ConditionOf<unknown> | null;
    return condition === null ? [] : [condition(wanted)];
  });
  const variables = query.variables ?? [];
  return {
    conditions: [...conditions, ...variables.flatMap(mentionsOf)],
    complete: !UNDECIDED.some((name) => query[name] !== undefined),
  };
}

/** What SQL can say of a selection. */
export function conditionsOfSelection(selection: HistorySelection): readonly Condition[] {
  const { ids, businessKeys, definitionId, definitionKeys, endedSince, startedUntil, mentioned } = selection;
  return [
    ids && isIn('id')(ids),
    businessKeys && isIn('business_key')(businessKeys),
    definitionId === undefined ? undefined : is('definition_id')(definitionId),
    definitionKeys && isIn('definition_key')(definitionKeys),
    endedSince === undefined
      ? undefined
      : { sql: '(end_time IS NULL OR end_time >= ?)', values: [endedSince] },
    startedUntil === undefined ? undefined : compared('start_time', '<=')(startedUntil),
    selection.running === true ? plain('end_time IS NULL')() : undefined,
    ...mentioned.map(mentions),
  ].filter((condition) => condition !== undefined);
}

/** Where a text stands in the records of an instance, as a text of its own; the instance's id is left out there. */
function mentions(text: string): Condition {
  return { sql: `(id = ? OR ${MENTIONED})`, values: [text, JSON.stringify(text)] };
}

const MENTIONED = 'EXISTS (SELECT 1 FROM history_part h WHERE h.seq = ended.seq AND instr(h.records, ?) > 0)';

/** What the records of an instance say somewhere that has such a variable; the rules decide whether it is the one. */
function mentionsOf({ name, operator, value }: VariableFilter): readonly Condition[] {
  const isPlain =
    (typeof value === 'string' && value.length <= LONGEST_INLINE_TEXT) ||
    (typeof value === 'number' && Number.isFinite(value) && value !== 0) ||
    typeof value === 'boolean';
  const texts = [
    JSON.stringify(name),
    ...(operator === 'eq' && isPlain ? [`"value":${JSON.stringify(value)}`] : []),
  ];
  return texts.map((text) => ({ sql: MENTIONED, values: [text] }));
}

type SortKey = NonNullable<HistoricInstanceQuery['sorting']>[number]['sortBy'];

const SORT_COLUMNS: Readonly<Record<SortKey, string>> = {
  instanceId: 'id',
  definitionId: 'definition_id',
  definitionKey: 'definition_key',
  definitionName: 'definition_name',
  definitionVersion: 'definition_version',
  businessKey: 'business_key',
  startTime: 'start_time',
  endTime: 'end_time',
  duration: '(end_time - start_time)',
  tenantId: 'tenant_id',
};

/** The rows of `ended` that meet all conditions, in the order asked for, else of the starts. */
export function selectEnded(
  conditions: readonly Condition[],
  sorting: HistoricInstanceQuery['sorting'] = [],
  limit = Infinity,
): Condition {
  const order = sorting.map(({ sortBy, sortOrder }) => `${SORT_COLUMNS[sortBy]} ${sortOrder}`);
  return {
    sql: `SELECT ${ENDED_COLUMNS.join(', ')} FROM ended ${where(conditions)} ORDER BY ${[...order, 'seq'].join(', ')} LIMIT ?`,
    values: [...conditions.flatMap(({ values }) => values), Number.isFinite(limit) ? limit : -1],
  };
}

export function countEnded(conditions: readonly Condition[]): Condition {
  return {
    sql: `SELECT count(*) FROM ended ${where(conditions)}`,
    values: conditions.flatMap(({ values }) => values),
  };
}

function where(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
}
