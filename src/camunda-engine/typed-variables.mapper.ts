import { jsonFormFault, parseJson } from '../common/json/index.js';

/** A variable as the engine's REST API represents it. */
export interface TypedVariable {
  readonly value?: unknown;
  readonly type?: string | undefined;
  readonly valueInfo?: Readonly<Record<string, unknown>>;
}

export type TypedVariables = Readonly<Record<string, TypedVariable>>;

/** A value that no process variable can hold. */
export class UnsupportedVariableError extends Error {
  override readonly name = 'UnsupportedVariableError';

  /** @param path name of the variable, and the way to the place inside, `order.items.0` */
  constructor(
    readonly path: string,
    reason: string,
  ) {
    super(`The variable "${path}" cannot be sent to the engine: ${reason}.`);
  }
}

/** Column length of a String variable in the engine's database. */
const MAX_STRING_LENGTH = 4_000;

const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

/**
 * Types plain values for the engine: 32-bit integers Integer, larger safe ones Long, other numbers Double, texts String
 * (over 4 000 characters Json), booleans Boolean, null Null, dates Date, objects and arrays Json.
 *
 * Members that are undefined are left out. Every own name is kept, `__proto__` too, and means nothing here.
 *
 * @throws UnsupportedVariableError with the path of what JSON cannot say, see {@link jsonFormFault}
 */
export function toTypedVariables(variables: Readonly<Record<string, unknown>>): TypedVariables {
  const typed = emptyRecord<TypedVariable>();
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) typed[name] = toTypedVariable(name, value);
  }
  return typed;
}

/**
 * Reads the engine's variables as plain values: Json parsed, Date as `Date`, Null and absent values as null; Bytes,
 * File, Object and Xml stay as they come. Integers beyond ±(2^53 − 1), in Json too, are a `bigint`.
 *
 * @returns an object without prototype, so that a variable may have any name
 */
export function fromTypedVariables(variables: TypedVariables): Record<string, unknown> {
  const plain = emptyRecord<unknown>();
  for (const [name, variable] of Object.entries(variables)) plain[name] = fromTypedVariable(variable);
  return plain;
}

/** Reads one variable; see {@link fromTypedVariables}. */
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

/** The engine's own text of a time: `yyyy-MM-dd'T'HH:mm:ss.SSSZ`; it takes no literal `Z`. */
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

/** A text that is not JSON stays a text: the schema that reads it will say what it expected. */
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
