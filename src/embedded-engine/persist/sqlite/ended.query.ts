import {
  HISTORIC_PROCESS_INSTANCE_QUERY,
  type HistoricInstanceQuery,
} from '../../query/historic-process-instance.query.js';
import type { Comparator } from '../../query/define/query.types.js';
import type { VariableFilter } from '../../query/define/variable.filter.js';
import type { HistorySelection } from '../../history/history.selection.js';
import { toColumn } from './column.text.js';
import { columnOf, ENDED_COLUMNS } from './ended.columns.js';
import { LONGEST_INLINE_TEXT } from './json.text.js';

/** The value of a placeholder. */
export type SqlValue = string | number;

/** A condition with the values of its placeholders. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

const is = (column: string, value: string | number): Condition => ({
  sql: `${column} = ?`,
  values: [typeof value === 'string' ? toColumn(value) : value],
});

const isIn = (column: string, wanted: readonly string[], negated = ''): Condition => ({
  sql: `${column} ${negated} IN (SELECT value FROM json_each(?))`,
  values: [JSON.stringify(wanted.map((text) => toColumn(text)))],
});

const plain = (sql: string): Condition => ({ sql, values: [] });

/** How SQL says each comparison of a filter with a column. */
const CONDITIONS: Readonly<Record<Comparator, (column: string, wanted: never) => Condition>> = {
  equals: is,
  oneOf: isIn,
  noneOf: (column, wanted) => isIn(column, wanted, 'NOT'),
  like: (column, pattern: string) => ({ sql: `is_like(${column}, ?)`, values: [pattern] }),
  isSet: (column) => plain(`${column} IS NOT NULL`),
  isNull: (column) => plain(`${column} IS NULL`),
  isTrue: (column) => plain(`${column} = 1`),
  isFalse: (column) => plain(`${column} = 0`),
  above: (column, wanted: number) => ({ sql: `${column} > ?`, values: [wanted] }),
  below: (column, wanted: number) => ({ sql: `${column} < ?`, values: [wanted] }),
  atLeast: (column, wanted: number) => ({ sql: `${column} >= ?`, values: [wanted] }),
  atMost: (column, wanted: number) => ({ sql: `${column} <= ?`, values: [wanted] }),
};

/** What SQL can decide of a query for instances. */
export function conditionsOf(query: HistoricInstanceQuery): {
  readonly conditions: readonly Condition[];
  /** Whether that is all of it; if not, the filters have to decide in memory. */
  readonly complete: boolean;
} {
  const { comparisons, complete } = HISTORIC_PROCESS_INSTANCE_QUERY.comparisons(query);
  const conditions = comparisons.map(({ field, comparator, wanted }) =>
    CONDITIONS[comparator](columnOf(field), wanted as never),
  );
  return { conditions: [...conditions, ...(query.variables ?? []).flatMap(mentionsOf)], complete };
}

/** What SQL can decide of a selection. */
export function conditionsOfSelection(selection: HistorySelection): readonly Condition[] {
  const { ids, businessKeys, definitionId, definitionKeys, endedSince, startedUntil, mentioned } = selection;
  return [
    ids && isIn('id', ids),
    businessKeys && isIn('business_key', businessKeys),
    definitionId === undefined ? undefined : is('definition_id', definitionId),
    definitionKeys && isIn('definition_key', definitionKeys),
    endedSince === undefined
      ? undefined
      : { sql: '(end_time IS NULL OR end_time >= ?)', values: [endedSince] },
    startedUntil === undefined ? undefined : { sql: 'start_time <= ?', values: [startedUntil] },
    selection.running === true ? plain('end_time IS NULL') : undefined,
    ...mentioned.map(mentions),
  ].filter((condition) => condition !== undefined);
}

/** A text is in the records of an instance, as a text of its own; the instance's id is left out there. */
function mentions(text: string): Condition {
  return { sql: `(id = ? OR ${MENTIONED})`, values: [text, JSON.stringify(text)] };
}

const MENTIONED = 'EXISTS (SELECT 1 FROM history_part h WHERE h.seq = ended.seq AND instr(h.records, ?) > 0)';

/** Texts that are in the records of every instance with such a variable; the filter decides if it is the one. */
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

/** The rows of `ended` that meet all conditions, in the order of the query, else in the order of their start. */
export function selectEnded(
  conditions: readonly Condition[],
  sorting: HistoricInstanceQuery['sorting'] = [],
  limit = Infinity,
): Condition {
  const { sort } = HISTORIC_PROCESS_INSTANCE_QUERY;
  const order = sorting.map(({ sortBy, sortOrder }) => {
    const key = sort[sortBy];
    return `${columnOf(typeof key === 'string' ? key : key.name)} ${sortOrder}`;
  });
  return {
    sql: `SELECT ${ENDED_COLUMNS.join(', ')} FROM ended ${whereAll(conditions)} ORDER BY ${[...order, 'seq'].join(', ')} LIMIT ?`,
    values: [...conditions.flatMap(({ values }) => values), Number.isFinite(limit) ? limit : -1],
  };
}

export function countEnded(conditions: readonly Condition[]): Condition {
  return {
    sql: `SELECT count(*) FROM ended ${whereAll(conditions)}`,
    values: conditions.flatMap(({ values }) => values),
  };
}

function whereAll(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
}
