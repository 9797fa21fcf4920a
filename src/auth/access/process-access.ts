import { createHash } from 'node:crypto';
import type { Principal } from './principal.js';
import { missingScope } from './refusals.js';
import { Grants, type Scope } from './scopes.js';

/** Length of the column of owners. */
const OWNER_LENGTH = 255;

/** What the column of owners stores unchanged on every database. SQL Server ignores spaces at the end when it compares. */
const STORABLE = /^[\x20-\x7e]*[\x21-\x7e]$/;

/** The part of a process that decides who may act on it. */
export interface OwnedProcess {
  /** Null if the process was started elsewhere; only a principal without restrictions may act on it. */
  readonly processKey: string | null;
  /** Null if the process was started without authentication, or elsewhere. */
  readonly owner: string | null;
}

/** The processes on which a caller may act in one way. */
export class ProcessAccess {
  /**
   * @param processKeys null: processes of every key
   * @param owner the processes of this owner only; null: those of all owners
   */
  private constructor(
    readonly processKeys: ReadonlySet<string> | null,
    readonly owner: string | null,
  ) {}

  /** Allows every process. */
  static readonly all = new ProcessAccess(null, null);

  /** The processes on which a principal may act with a scope. */
  static of(principal: Principal, scope: Scope): ProcessAccess {
    const { grants } = principal;
    // The usual case, without an allocation.
    if (grants === Grants.all) return ProcessAccess.all;
    const keys = grants.keysFor(scope);
    if (keys === null && !grants.ownOnly) return ProcessAccess.all;
    return new ProcessAccess(keys, grants.ownOnly ? ownerNameOf(principal) : null);
  }

  /** True if there is no restriction. */
  get isAll(): boolean {
    return this.processKeys === null && this.owner === null;
  }

  /** True if the caller may act on the process. */
  allows({ processKey, owner }: OwnedProcess): boolean {
    if (this.owner !== null && owner !== this.owner) return false;
    return this.processKeys === null || (processKey !== null && this.processKeys.has(processKey));
  }
}

/**
 * The route has checked that the principal may start some process; this checks the key.
 *
 * @throws ProblemError `forbidden`
 */
export function assertMayStart({ name, grants }: Principal, processKey: string): void {
  if (!grants.allows('process:start', processKey)) throw missingScope(name, `process:start:${processKey}`);
}

/**
 * The name of a principal as the owner of what it starts, at most 255 characters of ASCII; null for the anonymous one.
 *
 * A name that the column cannot store is replaced by its SHA-256, so that no two names become one owner.
 */
export function ownerOf(principal: Principal): string | null {
  return principal.kind === 'anonymous' ? null : ownerNameOf(principal);
}

function ownerNameOf({ kind, name }: Principal): string {
  const hashed = `${kind}:sha256:`;
  // A name that looks like a hash could be the owner of another name.
  if (name.length <= OWNER_LENGTH && STORABLE.test(name) && !name.startsWith(hashed)) return name;
  return `${hashed}${createHash('sha256').update(name).digest('hex')}`;
}
