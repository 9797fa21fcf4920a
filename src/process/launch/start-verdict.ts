import {
  EngineMisconfiguredError,
  EngineResponseError,
  EngineTooLateError,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';

/**
 * What a failed start call means for its claim; `docs/design/reliability.md` has the table.
 *
 * - `unknown-definition`, `bad-variables`: the engine refuses the start for good.
 * - `rolled-back`: the engine did nothing; the attempt counts.
 * - `suspended`: the engine starts no instance of the definition now; the attempt does not count.
 * - `not-taken`: nothing was sent, as when the lease has ended, or something in front of the engine refused it; the attempt does not count.
 * - `ambiguous`: the engine may have started an instance.
 */
export type StartVerdict =
  'unknown-definition' | 'bad-variables' | 'suspended' | 'rolled-back' | 'not-taken' | 'ambiguous';

/** Classifies the error of a start call. */
export function startVerdict(error: unknown): StartVerdict {
  if (error instanceof EngineUnreachableError || error instanceof EngineTooLateError) return 'not-taken';
  if (error instanceof EngineMisconfiguredError) {
    // An answer that is not the engine's does not show what the engine did, unless it refuses the request. Without a
    // status there was no connection.
    const { status } = error;
    return status === null || (status >= 400 && status < 500) ? 'not-taken' : 'ambiguous';
  }
  if (!(error instanceof EngineResponseError)) return 'ambiguous';
  if (isUnknownDefinition(error)) return 'unknown-definition';
  if (error.suspended) return 'suspended';
  if (error.status >= 500) return 'rolled-back';
  return error.status === 400 ? 'bad-variables' : 'not-taken';
}

/** Only this 404 of the engine means that the key has no definition. */
function isUnknownDefinition({ status, engineMessage }: EngineResponseError): boolean {
  return status === 404 && engineMessage.startsWith('No matching process definition');
}
