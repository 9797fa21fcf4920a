import { jsonFormFault, parseJson } from '../common/json/index.js';

/** A variable in the format of the engine's REST API. */
export interface TypedVariable {
  readonly value?: unknown;
  readonly type?: string | undefined;
  readonly valueInfo?: Readonly<Record<string, unknown>> | null | undefined;
}

export type TypedVariables = Readonly<Record<string, TypedVariable>>;

/** A value that no process variable can hold. */
export class UnsupportedVariableError extends Error {
  override readonly name = 'UnsupportedVariableError';

  /** @param path name of the variable and path inside it, `order.items.0` */
  constructor(
    readonly path: string,
    reason: string,
  ) {
    super(`The variable "${path}" cannot be sent to the engine: ${reason}.`);
  }
}

/** Length of the column of a String variable in the engine's database. */
const MAX_STRING_LENGTH = 4_000;

const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

/**
 * Converts plain values to typed variables. 32-bit integers become Integer, larger safe integers Long, other numbers
 * Double, strings String (Json if longer than 4 000 characters), booleans Boolean, null Null, dates Date, objects and
 * arrays Json.
 *
 * Undefined members are omitted. Every own name is kept, even `__proto__`, which has no effect.
 *
 * @throws UnsupportedVariableError with the path of a value that JSON cannot hold, see {@link jsonFormFault}
 */
export function toTypedVariables(variables: Readonly<Record<string, unknown>>): TypedVariables {
  const typed = emptyRecord<TypedVariable>();
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) typed[name] = toTypedVariable(name, value);
  }
  return typed;
}

/**
 * Converts the engine's variables to plain values: Json is parsed, Date becomes `Date`, Null and absent values become
 * null; Bytes, File, Object and Xml stay unchanged. Integers beyond ±(2^53 − 1), in Json too, become `bigint`.
 *
 * @returns an object without prototype, so that a variable may have any name
 */
export function fromTypedVariables(variables: TypedVariables): Record<string, unknown> {
  const plain = emptyRecord<unknown>();
  for (const [name, variable] of Object.entries(variables)) plain[name] = fromTypedVariable(variable);
  return plain;
}

/** Converts one variable; see {@link fromTypedVariables}. */
export function fromTypedVariable({ value, type }: TypedVariable): unknown {
  if (value === null || value === undefined) return null;
  switch (type?.toLowerCase()) {
    case 'json':
      return typeof value === 'string' ? readJson(value) : value;
    case 'date':
      return typeof value === 'string' ? parseDate(value) : value;
    default:
      return value;
  }
}

/** Formats a date for the engine: `yyyy-MM-dd'T'HH:mm:ss.SSSZ`. The engine does not accept a literal `Z`. */
export function toEngineDate(date: Date): string {
  return date.toISOString().replace('Z', '+0000');
}

function toTypedVariable(name: string, value: unknown): TypedVariable {
  refuseWithoutForm(name, value);
  switch (typeof value) {
    case 'string':
      return value.length > MAX_STRING_LENGTH
        ? { type: 'Json', value: JSON.stringify(value) }
        : { type: 'String', value };
    case 'number':
      return toTypedNumber(value);
    case 'boolean':
      return { type: 'Boolean', value };
    case 'object':
      return value === null ? { type: 'Null', value: null } : toTypedObject(value);
    default:
      return { type: 'Null', value: null };
  }
}

function toTypedNumber(value: number): TypedVariable {
  if (!Number.isInteger(value)) return { type: 'Double', value };
  return { type: value >= MIN_INT32 && value <= MAX_INT32 ? 'Integer' : 'Long', value };
}

function toTypedObject(value: object): TypedVariable {
  if (value instanceof Date) return { type: 'Date', value: toEngineDate(value) };
  return { type: 'Json', value: JSON.stringify(value) };
}

/** @throws UnsupportedVariableError */
function refuseWithoutForm(name: string, value: unknown): void {
  const fault = jsonFormFault(value);
  if (fault === null) return;
  const path = fault.path === '' ? name : `${name}.${fault.path}`;
  throw new UnsupportedVariableError(path, fault.reason);
}

/** A value that is not JSON stays a string: the handler's input schema will refuse it with a message. */
function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function parseDate(text: string): Date | string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date;
}

function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
