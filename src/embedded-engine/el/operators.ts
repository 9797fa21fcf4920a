/** The operators of JUEL over uncoerced values, with JUEL's rules for the common type of both operands. */
import { mapEntries, toBoolean, toDouble, toLong, toText } from './coercion.js';
import { classNameOf, ElObject } from './el-object.js';
import { CoercionError } from './expression.errors.js';
import { asDouble, asLong, isElNumber, numberTypeOf, numberValueOf, TypedNumber } from './typed-number.js';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isDouble(value: unknown): boolean {
  return isElNumber(value) && numberTypeOf(value) === 'Double';
}

/** In arithmetic, a text with a point or an exponent makes the operation one on Doubles. */
function isDoubleOrReadsSo(value: unknown): boolean {
  return isDouble(value) || (typeof value === 'string' && /[.eE]/.test(value));
}

/** Evaluates `+ - * / %`. A division is always on Doubles; a Long remainder by zero is an error, as in Java. */
export function arithmetic(operator: ArithmeticOperator, left: unknown, right: unknown): unknown {
  if (isAbsent(left) && isAbsent(right)) return asLong(0);
  if (operator === '/') return asDouble(toDouble(left) / toDouble(right));
  if (isDoubleOrReadsSo(left) || isDoubleOrReadsSo(right)) {
    return asDouble(calculate(operator, toDouble(left), toDouble(right)));
  }
  const divisor = toLong(right);
  const dividend = toLong(left);
  if (operator === '%' && divisor === 0) throw new CoercionError('/ by zero');
  // `+ 0` converts JavaScript's -0 to the 0 of a Java Long.
  return asLong(calculate(operator, dividend, divisor) + 0);
}

function calculate(operator: '+' | '-' | '*' | '%', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '%':
      return left % right;
    default:
      return operator satisfies never;
  }
}

/** Unary minus; keeps the type of a number, and converts null to 0. */
export function negate(value: unknown): unknown {
  if (isAbsent(value)) return asLong(0);
  if (typeof value === 'string')
    return isDoubleOrReadsSo(value) ? asDouble(-toDouble(value)) : asLong(-toLong(value) + 0);
  if (!isElNumber(value)) throw new CoercionError(`Cannot negate 'class ${classNameOf(value)}'`);
  const type = numberTypeOf(value);
  const result = type === 'Double' ? -numberValueOf(value) : -numberValueOf(value) + 0;
  return typeof value === 'number' && type !== 'Double' ? result : new TypedNumber(type, result);
}

/** Whether a value is null, the empty text, or a list or map without elements. */
export function isEmpty(value: unknown): boolean {
  if (isAbsent(value) || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || value instanceof ElObject || value instanceof Date || isElNumber(value))
    return false;
  return [...mapEntries(value)].length === 0;
}

/** Evaluates `== != < <= > >=`. */
export function compare(operator: ComparisonOperator, left: unknown, right: unknown): boolean {
  if (operator === '==') return equal(left, right);
  if (operator === '!=') return !equal(left, right);
  if (left === right || (isAbsent(left) && isAbsent(right))) return operator === '<=' || operator === '>=';
  if (isAbsent(left) || isAbsent(right)) return false;
  const order = orderOf(left, right);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    default:
      return operator satisfies never;
  }
}

function equal(left: unknown, right: unknown): boolean {
  if (isAbsent(left) || isAbsent(right)) return isAbsent(left) && isAbsent(right);
  if (left === right) return true;
  if (isDouble(left) || isDouble(right)) return toDouble(left) === toDouble(right);
  if (isElNumber(left) || isElNumber(right)) return toLong(left) === toLong(right);
  if (typeof left === 'boolean' || typeof right === 'boolean') return toBoolean(left) === toBoolean(right);
  if (typeof left === 'string' || typeof right === 'string') return toText(left) === toText(right);
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  // Equal lists and maps have the same text form, and different classes never do.
  return classNameOf(left) === classNameOf(right) && toText(left) === toText(right);
}

function orderOf(left: unknown, right: unknown): number {
  // NaN compares false with everything; 0/NaN preserves that for every operator.
  if (isDouble(left) || isDouble(right)) return difference(toDouble(left), toDouble(right));
  if (isElNumber(left) || isElNumber(right)) return difference(toLong(left), toLong(right));
  if (typeof left === 'string' || typeof right === 'string') return compareText(toText(left), toText(right));
  if (left instanceof Date && right instanceof Date) return difference(left.getTime(), right.getTime());
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  throw new CoercionError(`Cannot compare 'class ${classNameOf(left)}' and 'class ${classNameOf(right)}'`);
}

function difference(left: number, right: number): number {
  if (left === right) return 0;
  if (left < right) return -1;
  return left > right ? 1 : Number.NaN;
}

/** Orders texts by UTF-16 units, like Java's String. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
