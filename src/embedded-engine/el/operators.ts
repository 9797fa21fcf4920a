/** The operators of JUEL over uncoerced values; which type both sides become is decided as JUEL decides it. */
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

/** In arithmetic a text with a point or an exponent makes the operation one of Doubles. */
function isDoubleOrReadsSo(value: unknown): boolean {
  return isDouble(value) || (typeof value === 'string' && /[.eE]/.test(value));
}

/** `+ - * / %`. A division is always one of Doubles; Long remainder by zero is an error, as in Java. */
export function arithmetic(operator: ArithmeticOperator, left: unknown, right: unknown): unknown {
  if (isAbsent(left) && isAbsent(right)) return asLong(0);
  if (operator === '/') return asDouble(toDouble(left) / toDouble(right));
  if (isDoubleOrReadsSo(left) || isDoubleOrReadsSo(right)) {
    return asDouble(calculate(operator, toDouble(left), toDouble(right)));
  }
  const divisor = toLong(right);
  const dividend = toLong(left);
  if (operator === '%' && divisor === 0) throw new CoercionError('/ by zero');
  // `+ 0` turns JavaScript's -0 into the 0 that a Java Long has.
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

/** Unary minus keeps the type of a number; null gives 0. */
export function negate(value: unknown): unknown {
  if (isAbsent(value)) return asLong(0);
  if (typeof value === 'string')
    return isDoubleOrReadsSo(value) ? asDouble(-toDouble(value)) : asLong(-toLong(value) + 0);
  if (!isElNumber(value)) throw new CoercionError(`Cannot negate 'class ${classNameOf(value)}'`);
  const type = numberTypeOf(value);
  const result = type === 'Double' ? -numberValueOf(value) : -numberValueOf(value) + 0;
  return typeof value === 'number' && type !== 'Double' ? result : new TypedNumber(type, result);
}

/** Null, the empty text, and a list or map without elements are empty. */
export function isEmpty(value: unknown): boolean {
  if (isAbsent(value) || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || value instanceof ElObject || value instanceof Date || isElNumber(value))
    return false;
  return [...mapEntries(value)].length === 0;
}

/** `== != < <= > >=`. */
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
  // Equal lists and maps print alike, and no two unequal classes do.
  return classNameOf(left) === classNameOf(right) && toText(left) === toText(right);
}

function orderOf(left: unknown, right: unknown): number {
  // NaN compares false with everything; 0/NaN keeps it so through every operator.
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

/** By UTF-16 units, as Java's String orders texts. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
