import type { HistoricTypedVariable } from '../../camunda-engine/index.js';
import { fromTypedVariable } from '../../camunda-engine/index.js';
import { stringifyJson } from '../../common/json/index.js';

/** The longest result that is read from the engine, in bytes of its JSON text in UTF-8. */
export const MAX_RESULT_BYTES = 1_048_576;

/** The variable whose value alone is the result of a process that names no result. */
const RESULT_VARIABLE = 'result';

/** Variables that this service gives to each process; they are no result. */
const SYSTEM_VARIABLES: ReadonlySet<string> = new Set([
  'correlationId',
  'batch_id',
  'traceability_id',
  'application_id',
  'identifiers',
]);

/** Names of the traces that correlated messages leave, see `messageTraceName`. */
const MESSAGE_TRACE = /^message_[0-9a-f]{32}$/;

/** Types whose content is not shown: binary, or a serialised object of the language of its worker. */
const OPAQUE_TYPES: ReadonlySet<string> = new Set(['bytes', 'file', 'object']);

/** How many variables the message of a result that is too large names. */
const NAMED_IN_MESSAGE = 10;

/** The data of a result, or why it cannot be stored. */
export type ResultData =
  | { readonly kind: 'data'; readonly value: unknown; readonly json: string }
  | { readonly kind: 'too-large'; readonly error: string };

/** What of the variables of a process is its result. */
export type ResultSelection =
  /** These variables; one that the process never set is null, or left out for a schema with defaults. */
  | { readonly kind: 'named'; readonly names: readonly string[]; readonly absent: 'null' | 'omitted' }
  /** The value of the variable `result` alone if the process has one, else all variables. */
  | { readonly kind: 'unnamed' };

/**
 * Selects the result among the variables of a process's own scope, as JSON.
 *
 * JSON variables become JSON, dates ISO 8601 texts in UTC; of files, bytes and serialised objects only `type` and
 * `valueInfo` are shown. Integers beyond 2^53 keep all digits.
 */
export function selectResult(
  variables: readonly HistoricTypedVariable[],
  selection: ResultSelection,
): ResultData {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  if (selection.kind === 'unnamed') {
    const result = byName.get(RESULT_VARIABLE);
    if (result !== undefined) return dataOf(shownValue(result), [result.name], byName);
  }
  const names =
    selection.kind === 'named'
      ? selection.names
      : [...byName.keys()].filter((name) => !SYSTEM_VARIABLES.has(name) && !MESSAGE_TRACE.test(name));
  const value = Object.create(null) as Record<string, unknown>;
  for (const name of names) {
    const variable = byName.get(name);
    if (variable !== undefined) value[name] = shownValue(variable);
    else if (selection.kind === 'named' && selection.absent === 'null') value[name] = null;
  }
  return dataOf(value, names, byName);
}

/** True if the variables include none that this service gave to the process: the engine keeps no variables. */
export function areVariablesMissing(variables: readonly HistoricTypedVariable[]): boolean {
  return !variables.some(({ name }) => name === 'correlationId' || name === 'traceability_id');
}

function dataOf(
  value: unknown,
  names: readonly string[],
  variables: ReadonlyMap<string, HistoricTypedVariable>,
): ResultData {
  const json = stringifyJson(value) ?? 'null';
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_RESULT_BYTES) return { kind: 'data', value, json };
  const sizes = names
    .map((name) => {
      const variable = variables.get(name);
      return { name, bytes: variable === undefined ? 4 : bytesOf(shownValue(variable)) };
    })
    .sort((a, b) => b.bytes - a.bytes);
  const listed = sizes.slice(0, NAMED_IN_MESSAGE).map((each) => `${each.name} (${each.bytes} bytes)`);
  const more = sizes.length > listed.length ? ` and ${sizes.length - listed.length} more` : '';
  return {
    kind: 'too-large',
    error:
      `The process has ended, and its result takes ${bytes} bytes, more than the ${MAX_RESULT_BYTES} that are kept: ` +
      `${listed.join(', ')}${more}. Read the variables from the process engine, or name a smaller result in the ` +
      'property "result" of the process.',
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(stringifyJson(value) ?? 'null');
}

/** A variable as clients see it, see {@link selectResult}. */
export function shownValue(variable: Pick<HistoricTypedVariable, 'type' | 'value' | 'valueInfo'>): unknown {
  const { type, valueInfo } = variable;
  if (OPAQUE_TYPES.has(type.toLowerCase())) return { type, valueInfo: valueInfo ?? {} };
  const value = fromTypedVariable(variable);
  return value instanceof Date ? value.toISOString() : value;
}
