import {
  EngineMisconfiguredError,
  EngineResponseError,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';

/**
 * What a failed start call means for its claim (the table of `docs/design/reliability.md`).
 *
 * `unknown-definition` and `bad-variables` are definite refusals. `rolled-back`: the engine did nothing, and the attempt
 * counts. `suspended`: the definition starts nothing now; it does not count. `not-taken`: nothing was sent, or something before the engine refused it; it does not count. `ambiguous`: the
 * engine may have taken it.
 */
export type StartVerdict =
  'unknown-definition' | 'bad-variables' | 'suspended' | 'rolled-back' | 'not-taken' | 'ambiguous';

/** Judges the error of a start call. */
export function startVerdict(error: unknown): StartVerdict {
  if (error instanceof EngineUnreachableError) return 'not-taken';
  if (error instanceof EngineMisconfiguredError) {
    // A page in place of the engine's answer tells nothing of what happened behind it, unless it is a refusal. Without
    // a status there was no connection at all.
    const { status } = error;
    return status === null || (status >= 400 && status < 500) ? 'not-taken' : 'ambiguous';
  }
  if (!(error instanceof EngineResponseError)) return 'ambiguous';
  if (isUnknownDefinition(error)) return 'unknown-definition';
  if (error.suspended) return 'suspended';
  if (error.status >= 500) return 'rolled-back';
  return error.status === 400 ? 'bad-variables' : 'not-taken';
}

/** The engine's 404 for a key that has no definition; any other 404 in its form is none. */
function isUnknownDefinition({ status, engineMessage }: EngineResponseError): boolean {
  return status === 404 && engineMessage.startsWith('No matching process definition');
}
