/** Why the engine refuses a start for good. Nothing was started, and the claim is removed unless others rely on it. */
export interface StartRefusal {
  /**
   * `unknown-definition`: the engine has no definition with the key. `refused-definition`: the engine refused our
   * definition and has no earlier version. `bad-variables`: the engine does not accept the variables.
   */
  readonly reason: 'unknown-definition' | 'refused-definition' | 'bad-variables';
  /** A sentence for clients. It becomes the error of the row if the claim has to stay. */
  readonly message: string;
  /** The engine's error. */
  readonly cause?: unknown;
}

/** Fails the waiters of a start that the engine refused. */
export class StartRefusedError extends Error {
  override readonly name = 'StartRefusedError';

  constructor(readonly refusal: StartRefusal) {
    super(refusal.message);
  }
}

/** Upper bound of the keys in a message. */
const MAX_LISTED_KEYS = 20;

/** @param known keys of the service's own definitions; the engine may have more */
export function unknownDefinition(processKey: string, known: readonly string[]): StartRefusal {
  const listed = known.slice(0, MAX_LISTED_KEYS).join(', ');
  const more = known.length > MAX_LISTED_KEYS ? ', …' : '';
  return {
    reason: 'unknown-definition',
    message:
      `The process engine has no process definition with the key "${processKey}". Nothing was started or kept.` +
      (known.length === 0 ? '' : ` This service has: ${listed}${more}.`),
  };
}

/** The engine refused the definition that this service deploys for the key, and has no earlier version of it. */
export function refusedDefinition(processKey: string): StartRefusal {
  return {
    reason: 'refused-definition',
    message:
      `The process engine refused the definition of "${processKey}" and has no earlier version. ` +
      'GET /health reports the error and its file. Nothing was started or kept.',
  };
}

/** @param cause the engine's error */
export function badVariables(cause: unknown): StartRefusal {
  return {
    reason: 'bad-variables',
    message: 'The process engine does not accept these variables. Nothing was started or kept.',
    cause,
  };
}
