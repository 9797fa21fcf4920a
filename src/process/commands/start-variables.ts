import { ProblemError, type ProblemFieldError } from '../../common/errors/index.js';
import { DANGEROUS_NAMES, isWellFormed, jsonFault } from '../../common/json/index.js';

/** Variables that the service sets itself at a start. */
export const SYSTEM_VARIABLES = [
  'correlationId',
  'batch_id',
  'traceability_id',
  'application_id',
  'identifiers',
] as const;

/** The engine's column of variable names. */
const MAX_NAME_LENGTH = 255;

/**
 * Refuses variables that could not reach the engine as the client sent them.
 *
 * @throws ProblemError `invalid-variables` with every refused name
 */
export function assertStartVariables(variables: Readonly<Record<string, unknown>>): void {
  const errors: ProblemFieldError[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const detail = nameFault(name) ?? jsonFault(value);
    if (detail !== null) errors.push({ pointer: `/variables/${escapePointer(name)}`, detail });
  }
  if (errors.length > 0) {
    throw new ProblemError(
      'invalid-variables',
      'Some variables are not accepted; see errors. Nothing was kept.',
      {
        errors,
      },
    );
  }
}

function nameFault(name: string): string | null {
  if (name === '') return 'a variable must have a name';
  if (name.length > MAX_NAME_LENGTH) return `a name has at most ${MAX_NAME_LENGTH} characters`;
  if (!isWellFormed(name)) return 'a name holds half a character';
  if (DANGEROUS_NAMES.includes(name)) return 'this name is not allowed';
  if ((SYSTEM_VARIABLES as readonly string[]).includes(name)) return 'the service sets this variable itself';
  return null;
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
