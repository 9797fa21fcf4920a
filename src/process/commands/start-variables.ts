import { DANGEROUS_NAMES, isWellFormed, jsonFault } from '../../common/json/index.js';

/** Variables that the service sets itself at a start. */
export const SYSTEM_VARIABLES = [
  'correlationId',
  'batch_id',
  'traceability_id',
  'application_id',
  'identifiers',
] as const;

/** Length of the engine's column of variable names. */
const MAX_NAME_LENGTH = 255;

/** Why a variable is refused. */
export interface VariableFault {
  readonly name: string;
  readonly detail: string;
}

/** Finds every variable that could not reach the engine as the client sent it. */
export function findVariableFaults(variables: Readonly<Record<string, unknown>>): readonly VariableFault[] {
  const faults: VariableFault[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const detail = nameFault(name) ?? jsonFault(value);
    if (detail !== null) faults.push({ name, detail });
  }
  return faults;
}

function nameFault(name: string): string | null {
  if (name === '') return 'a variable must have a name';
  if (name.length > MAX_NAME_LENGTH) return `a name has at most ${MAX_NAME_LENGTH} characters`;
  if (!isWellFormed(name)) return 'a name must not contain a lone surrogate';
  if (DANGEROUS_NAMES.includes(name)) return 'this name is not allowed';
  if ((SYSTEM_VARIABLES as readonly string[]).includes(name)) return 'the service sets this variable itself';
  return null;
}
