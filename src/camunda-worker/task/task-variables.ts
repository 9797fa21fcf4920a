import type { z } from 'zod';
import {
  toTypedVariables,
  type TypedVariables,
  UnsupportedVariableError,
} from '../../camunda-engine/index.js';
import { FatalTaskError, TaskInputError } from './task.errors.js';

/**
 * Reads a task's variables with a schema.
 *
 * @throws TaskInputError with every issue
 */
export async function readVars<T extends z.ZodType>(
  task: { readonly variables: Readonly<Record<string, unknown>> },
  schema: T,
): Promise<z.output<T>> {
  const parsed = await schema.safeParseAsync(task.variables);
  if (!parsed.success) throw TaskInputError.of(parsed.error);
  return parsed.data;
}

/** The outcome of a task whose handler has returned. */
export interface CompleteOutcome {
  readonly kind: 'complete';
  readonly variables: TypedVariables;
}

/**
 * Completes a task with output variables, typed for the engine, and with the identifiers that its step has added.
 *
 * @throws FatalTaskError for a value that no process variable can hold
 */
export function completeWith(
  task: { readonly addedIdentifiers: Readonly<Record<string, unknown>> | null },
  output: Readonly<Record<string, unknown>>,
): CompleteOutcome {
  const { addedIdentifiers } = task;
  try {
    const added = addedIdentifiers === null ? {} : { identifiers: addedIdentifiers };
    return { kind: 'complete', variables: toTypedVariables({ ...added, ...output }) };
  } catch (error) {
    if (!(error instanceof UnsupportedVariableError)) throw error;
    throw new FatalTaskError(error.message, { cause: error });
  }
}
