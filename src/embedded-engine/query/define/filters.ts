/**
 * The kinds of filters that a declaration is made of. Those that compare a field are also derived to SQL; `where` decides
 * in memory only.
 */
import { isLike } from './like.pattern.js';
import type {
  Comparator,
  Comparison,
  Filter,
  Parameter,
  ParameterKind,
  ParameterTypes,
} from './query.types.js';

/** A record with that field. */
type Having<Field extends string, T> = Readonly<Record<Field, T>>;

/** The field is the value. */
export function equals<Field extends string, K extends 'text' | 'integer' = 'text'>(
  field: Field,
  kind?: K,
): Filter<Having<Field, ParameterTypes[K] | null>, unknown, ParameterTypes[K]> {
  return compared({ kind: kind ?? 'text' }, field, 'equals', (record, wanted) => record[field] === wanted);
}

/** The field is one of the values. */
export function oneOf<Field extends string>(
  field: Field,
  kind: 'list' | 'ids' = 'list',
): Filter<Having<Field, string | null>, unknown, readonly string[]> {
  return compared({ kind }, field, 'oneOf', (record, wanted) => isOneOf(record[field], wanted));
}

/** The field is none of the values. */
export function noneOf<Field extends string>(
  field: Field,
): Filter<Having<Field, string>, unknown, readonly string[]> {
  return compared({ kind: 'list' }, field, 'noneOf', (record, wanted) => !wanted.includes(record[field]));
}

/** The field matches a pattern of SQL LIKE. */
export function like<Field extends string>(
  field: Field,
): Filter<Having<Field, string | null>, unknown, string> {
  return compared({ kind: 'text' }, field, 'like', (record, wanted) => isLike(record[field], wanted));
}

export function isSet<Field extends string>(field: Field): Filter<Having<Field, unknown>, unknown, true> {
  return compared({ kind: 'flag' }, field, 'isSet', (record) => record[field] !== null);
}

export function isNull<Field extends string>(field: Field): Filter<Having<Field, unknown>, unknown, true> {
  return compared({ kind: 'flag' }, field, 'isNull', (record) => record[field] === null);
}

export function isTrue<Field extends string>(field: Field): Filter<Having<Field, boolean>, unknown, true> {
  return compared({ kind: 'flag' }, field, 'isTrue', (record) => record[field]);
}

export function isFalse<Field extends string>(field: Field): Filter<Having<Field, boolean>, unknown, true> {
  return compared({ kind: 'flag' }, field, 'isFalse', (record) => !record[field]);
}

/** A flag that asks for one value of the field. */
export function hasValue<Field extends string>(
  field: Field,
  value: string,
): Filter<Having<Field, string>, unknown, true> {
  return {
    parameter: { kind: 'flag' },
    matches: (record) => record[field] === value,
    comparison: { field, comparator: 'equals', value },
  };
}

type Ordered<Field extends string> = Filter<Having<Field, number | null>, unknown, number>;
type NumberKind = 'date' | 'integer' | 'long';

/** A null is neither above nor below anything. */
export function above<Field extends string>(field: Field, kind: NumberKind = 'date'): Ordered<Field> {
  return compared({ kind }, field, 'above', (record, wanted) => (record[field] ?? NaN) > wanted);
}

export function below<Field extends string>(field: Field, kind: NumberKind = 'date'): Ordered<Field> {
  return compared({ kind }, field, 'below', (record, wanted) => (record[field] ?? NaN) < wanted);
}

export function atLeast<Field extends string>(field: Field, kind: NumberKind = 'date'): Ordered<Field> {
  return compared({ kind }, field, 'atLeast', (record, wanted) => (record[field] ?? NaN) >= wanted);
}

export function atMost<Field extends string>(field: Field, kind: NumberKind = 'date'): Ordered<Field> {
  return compared({ kind }, field, 'atMost', (record, wanted) => (record[field] ?? NaN) <= wanted);
}

/** Parameters that each stand for one value of the field: the field is one of those that a request asks for. */
export function anyFlag<Field extends string, const V extends string>(
  field: Field,
  flags: Readonly<Record<string, V>>,
): Filter<Having<Field, V>, unknown, readonly V[]> {
  return compared({ kind: 'flags', flags }, field, 'oneOf', (record, wanted) =>
    wanted.includes(record[field]),
  );
}

/** Any other condition. */
export function where<R, C, K extends ParameterKind>(
  kind: K,
  matches: (record: R, wanted: ParameterTypes[K], context: C) => boolean,
): Filter<R, C, ParameterTypes[K]> {
  return { parameter: { kind }, matches, comparison: null };
}

/** Any other condition on one of a few words. */
export function whereChoice<R, C, const V extends string>(
  choices: readonly V[],
  matches: (record: R, wanted: V, context: C) => boolean,
): Filter<R, C, V> {
  return { parameter: { kind: 'choice', choices }, matches, comparison: null };
}

/** A filter that decides about no record: the reader chooses its candidates by it. */
export function choosesCandidates(): Filter<unknown, unknown, true> {
  return { parameter: { kind: 'flag' }, matches: () => true, comparison: null };
}

/** The same filter over a record that it finds in the context. */
export function inContext<R, C, V>(
  filter: Filter<R, unknown, V>,
  recordOf: (context: C) => R,
): Filter<unknown, C, V> {
  return {
    ...filter,
    matches: (_record, wanted, context) => filter.matches(recordOf(context), wanted, context),
  };
}

/** The same filter with another name of its parameter beside its own. */
export function withAlias<R, C, V>(filter: Filter<R, C, V>, alias: string): Filter<R, C, V> {
  return { ...filter, alias };
}

/** The same filter without a parameter. */
export function internal<R, C, V>(filter: Filter<R, C, V>): Filter<R, C, V> {
  return { ...filter, parameter: { kind: 'internal' } };
}

function isOneOf(value: string | null, wanted: readonly string[]): boolean {
  return value !== null && wanted.includes(value);
}

function compared<R, V>(
  parameter: Parameter,
  field: string,
  comparator: Comparator,
  matches: (record: R, wanted: V) => boolean,
): Filter<R, unknown, V> {
  const comparison: Comparison = { field, comparator };
  return { parameter, matches, comparison };
}
