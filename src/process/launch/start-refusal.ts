/** Why the engine refuses a start for good. Nothing was started, and the claim is removed unless others rely on it. */
export interface StartRefusal {
  /**
   * `unknown-definition`: the engine has no definition with the key, tenant and version tag. `refused-definition`: the
   * engine refused our definition and has no earlier version. `bad-variables`: the engine does not accept the variables.
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

/** What the engine has of a key. */
export interface ExistingDefinitions {
  /** The tenants that have the key; null is the definition without tenant. */
  readonly tenants: readonly (string | null)[];
  /** The version tags of the tenant of the start, if it named a tag; the newest first. */
  readonly versionTags: readonly string[];
}

/** The definition that a start names. */
interface NamedDefinition {
  readonly processKey: string | null;
  readonly tenantId?: string | null;
  readonly versionTag?: string | null;
}

/** Upper bound of the keys, tenants or tags in a message. */
const MAX_LISTED = 20;

/**
 * @param known keys of the service's own definitions; the engine may have more
 * @param existing what the engine has of the key; null if this is not known
 */
export function unknownDefinition(
  { processKey, tenantId = null, versionTag = null }: NamedDefinition,
  known: readonly string[],
  existing: ExistingDefinitions | null = null,
): StartRefusal {
  const named = `process definition with the key "${processKey ?? ''}"`;
  const ofTenant = tenantId === null ? '' : ` of the tenant "${tenantId}"`;
  const withTag = versionTag === null ? '' : ` and the version tag "${versionTag}"`;
  const [missing, hint] =
    existing === null ||
    existing.tenants.length === 0 ||
    (existing.tenants.includes(tenantId) && withTag === '')
      ? [`${named}${ofTenant}${withTag}`, known.length === 0 ? '' : `This service has: ${listed(known)}.`]
      : existing.tenants.includes(tenantId)
        ? [`${named}${ofTenant}${withTag}`, tagHint(existing.versionTags)]
        : [`${named}${tenantId === null ? ' without tenant' : ofTenant}`, tenantHint(existing.tenants)];
  return {
    reason: 'unknown-definition',
    message: `The process engine has no ${missing}. Nothing was started or kept.${hint === '' ? '' : ` ${hint}`}`,
  };
}

function tagHint(tags: readonly string[]): string {
  return tags.length === 0 ? 'No version of it has a tag.' : `It has the version tags: ${listed(tags)}.`;
}

function tenantHint(tenants: readonly (string | null)[]): string {
  const named = tenants.filter((tenant) => tenant !== null);
  const places = [
    ...(tenants.includes(null) ? ['without tenant'] : []),
    ...(named.length === 0 ? [] : [`of the tenants: ${listed(named)}`]),
  ];
  return `It has the key ${places.join(', and ')}.${tenants.includes(null) ? '' : ' Name one as tenantId.'}`;
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, MAX_LISTED).join(', ')}${names.length > MAX_LISTED ? ', …' : ''}`;
}

/** The latest version of the definition has no start event for the message. */
export function unknownMessageStart(processKey: string, messageName: string): StartRefusal {
  return {
    reason: 'unknown-definition',
    message:
      `The latest version of "${processKey}" in the process engine is not started by the message ` +
      `"${messageName}". Nothing was started or kept.`,
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
