import type { TypedValue } from '../../state/typed-value.types.js';
import { compareScalars } from './compare.js';
import { isLike } from './like.pattern.js';

export const VARIABLE_OPERATORS = ['eq', 'neq', 'gt', 'gteq', 'lt', 'lteq', 'like', 'notLike'] as const;

/** One comparison of a variable (`name_operator_value`). */
export interface VariableFilter {
  readonly name: string;
  readonly operator: (typeof VARIABLE_OPERATORS)[number];
  /** Compared with the variable's plain value; Dates as epoch milliseconds. */
  readonly value: unknown;
}

/** Whether variables pass all filters; a variable that is not there passes none. */
export function matchesVariables(
  variable: (name: string) => TypedValue | undefined,
  filters: readonly VariableFilter[],
): boolean {
  return filters.every((filter) => {
    const found = variable(filter.name);
    return found !== undefined && matchesValue(found.value, filter);
  });
}

/** Whether a variable's plain value passes the comparison of a filter, whatever the name. */
export function matchesValue(
  value: TypedValue['value'],
  { operator, value: wanted }: VariableFilter,
): boolean {
  switch (operator) {
    case 'eq':
      return value === wanted;
    case 'neq':
      return value !== wanted;
    case 'like':
    case 'notLike':
      return (
        typeof value === 'string' &&
        typeof wanted === 'string' &&
        isLike(value, wanted) === (operator === 'like')
      );
    case 'gt':
    case 'gteq':
    case 'lt':
    case 'lteq':
      return isOrdered(value, wanted, operator);
  }
}

function isOrdered(
  value: TypedValue['value'],
  wanted: unknown,
  operator: 'gt' | 'gteq' | 'lt' | 'lteq',
): boolean {
  const comparable =
    (typeof value === 'number' && typeof wanted === 'number') ||
    (typeof value === 'string' && typeof wanted === 'string');
  if (!comparable) return false;
  const order = compareScalars(value, wanted);
  if (operator === 'gt') return order > 0;
  if (operator === 'gteq') return order >= 0;
  return operator === 'lt' ? order < 0 : order <= 0;
}
