/** What an expression gives by the rules of the Expression Language specification 2.2, worked out from its tree. */
import type { BinaryOperator, JavaNumber, Tree, Value } from './expression.types.js';

/** The expression has no value. */
export class NoValueError extends Error {
  override readonly name = 'NoValueError';
}

/** A whole number has become larger than the engine promises to keep. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

const long = (value: bigint): JavaNumber => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER))
    throw new TooLargeError();
  return { type: 'Long', value };
};
const double = (value: number): JavaNumber => ({ type: 'Double', value });

export function evaluateTree(tree: Tree, variables: Readonly<Record<string, Value>>): Value {
  const value = (inner: Tree): Value => evaluateTree(inner, variables);
  switch (tree.kind) {
    case 'long':
      return long(BigInt(tree.value));
    case 'double':
      return double(tree.value);
    case 'text':
    case 'word':
      return tree.value;
    case 'name':
      if (!Object.hasOwn(variables, tree.name)) throw new NoValueError(tree.name);
      return variables[tree.name] ?? null;
    case 'json':
      return (variables.json as Readonly<Record<string, Value>>)[tree.property] ?? null;
    case 'unary':
      if (tree.operator === '!') return !truthOf(value(tree.operand));
      return tree.operator === 'empty' ? isEmpty(value(tree.operand)) : negated(value(tree.operand));
    case 'choice':
      return truthOf(value(tree.condition)) ? value(tree.then) : value(tree.otherwise);
    case 'index':
      return element(value(tree.base), value(tree.key));
    case 'binary': {
      const { operator, left, right } = tree;
      if (operator === '&&') return truthOf(value(left)) && truthOf(value(right));
      if (operator === '||') return truthOf(value(left)) || truthOf(value(right));
      return operate(operator, value(left), value(right));
    }
  }
}

/** The text that a template shows. */
export function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  if (!isNumber(value)) throw new Error('not generated');
  return value.type === 'Double' ? textOfDouble(value.value) : value.value.toString();
}

/** `java.lang.Double.toString`: all digits, scientific outside of [10^-3, 10^7). */
function textOfDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (!Number.isFinite(value)) return `${sign}Infinity`;
  if (value === 0) return `${sign}0.0`;
  const [digits = '', exponentText = '0'] = Math.abs(value).toExponential().replace('.', '').split('e');
  const exponent = Number(exponentText);
  if (exponent < -3 || exponent >= 7)
    return `${sign}${digits.slice(0, 1)}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.padEnd(exponent + 1, '0');
  return `${sign}${whole.slice(0, exponent + 1)}.${whole.slice(exponent + 1) || '0'}`;
}

function isNumber(value: Value): value is JavaNumber {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function truthOf(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null || value === '') return false;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  throw new NoValueError('no Boolean');
}

function isEmpty(value: Value): boolean {
  if (value === null || value === '') return true;
  if (typeof value !== 'object' || isNumber(value)) return false;
  return Object.keys(value).length === 0;
}

function element(base: Value, key: Value): Value {
  if (base === null || key === null) return null;
  if (Array.isArray(base)) return (base as readonly Value[])[Number(wholeOf(key))] ?? null;
  return (base as Readonly<Record<string, Value>>)[key as string] ?? null;
}

function isFractional(value: Value): boolean {
  return typeof value === 'string'
    ? /[.eE]/.test(value)
    : value !== null && isNumber(value) && value.type === 'Double';
}

function doubleOf(value: Value): number {
  if (value === null || value === '') return 0;
  if (typeof value === 'string') return Number(value);
  if (isNumber(value)) return Number(value.value);
  throw new NoValueError('no Double');
}

function wholeOf(value: Value): bigint {
  if (value === null || value === '') return 0n;
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) return BigInt(value);
  if (typeof value !== 'string' && isNumber(value)) return BigInt(Math.trunc(Number(value.value)));
  throw new NoValueError('no Long');
}

function negated(value: Value): Value {
  if (value === null) return long(0n);
  if (typeof value === 'string')
    return isFractional(value) ? double(-doubleOf(value)) : long(-wholeOf(value));
  if (!isNumber(value)) throw new NoValueError('not negated');
  return value.type === 'Double' ? double(-value.value) : { type: value.type, value: -value.value };
}

function operate(operator: Exclude<BinaryOperator, '&&' | '||'>, left: Value, right: Value): Value {
  switch (operator) {
    case '+':
      return calculate(
        left,
        right,
        (a, b) => a + b,
        (a, b) => a + b,
      );
    case '-':
      return calculate(
        left,
        right,
        (a, b) => a - b,
        (a, b) => a - b,
      );
    case '*':
      return calculate(
        left,
        right,
        (a, b) => a * b,
        (a, b) => a * b,
      );
    case '%':
      return calculate(left, right, (a, b) => a % b, remainder);
    case '/':
      return left === null && right === null ? long(0n) : double(doubleOf(left) / doubleOf(right));
    case '==':
      return isEqual(left, right);
    case '!=':
      return !isEqual(left, right);
    default:
      return isOrdered(operator, left, right);
  }
}

function remainder(dividend: bigint, divisor: bigint): bigint {
  if (divisor === 0n) throw new NoValueError('/ by zero');
  return dividend % divisor;
}

function calculate(
  left: Value,
  right: Value,
  ofDoubles: (a: number, b: number) => number,
  ofLongs: (a: bigint, b: bigint) => bigint,
): Value {
  if (left === null && right === null) return long(0n);
  if (isFractional(left) || isFractional(right)) return double(ofDoubles(doubleOf(left), doubleOf(right)));
  return long(ofLongs(wholeOf(left), wholeOf(right)));
}

function isDouble(value: Value): boolean {
  return value !== null && isNumber(value) && value.type === 'Double';
}

function isEqual(left: Value, right: Value): boolean {
  if (left === null || right === null) return left === right;
  if (isDouble(left) || isDouble(right)) return doubleOf(left) === doubleOf(right);
  if (isNumber(left) || isNumber(right)) return wholeOf(left) === wholeOf(right);
  return left === right;
}

function isOrdered(operator: '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean {
  if (left === null || right === null) return left === right && operator.endsWith('=');
  if (isDouble(left) || isDouble(right)) return inOrder(operator, doubleOf(left), doubleOf(right));
  if (isNumber(left) || isNumber(right)) return inOrder(operator, wholeOf(left), wholeOf(right));
  return inOrder(operator, left, right);
}

function inOrder<T>(operator: '<' | '<=' | '>' | '>=', left: T, right: T): boolean {
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}
