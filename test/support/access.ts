import { ProcessAccess } from '../../src/auth/index.js';
import type { Scope } from '../../src/auth/access/scopes.js';
import { Grants } from '../../src/auth/access/scopes.js';

/** The processes on which a caller with one scope may act. */
export function accessOf(name: string, scope: Scope, ...further: readonly string[]): ProcessAccess {
  const { grants } = Grants.of([scope, ...further]);
  return ProcessAccess.of({ name, kind: 'api-key', grants }, scope);
}
