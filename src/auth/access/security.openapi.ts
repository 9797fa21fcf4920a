import type { OpenAPIObject } from '@nestjs/swagger';
import type { AuthConfig } from '../../config/index.js';
import { OPTIONAL_SCOPE, REQUIRED_SCOPE } from './route-access.js';

type Schemes = NonNullable<NonNullable<OpenAPIObject['components']>['securitySchemes']>;
type Requirements = NonNullable<OpenAPIObject['security']>;
type Paths = OpenAPIObject['paths'];

/** The security schemes of the modes of `AUTH_MODE`; none with `AUTH_MODE=none`. */
export function securitySchemesOf({ apiKeysFile, jwt }: AuthConfig): Schemes {
  return {
    ...(apiKeysFile === null
      ? {}
      : {
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
        }),
    ...(apiKeysFile === null && jwt === null
      ? {}
      : {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: jwt === null ? 'An API key.' : 'An access token (JWT) of the identity provider.',
          },
        }),
  };
}

/** The paths of a document, each operation with the schemes with which a caller may prove its scope. */
export function withSecurity(paths: Paths, schemes: Schemes): Paths {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([method, operation]: [string, object]) => [
          method,
          { ...operation, security: requirementsOf(operation, Object.keys(schemes)) },
        ]),
      ),
    ]),
  );
}

function requirementsOf(operation: object, schemes: readonly string[]): Requirements {
  const { [REQUIRED_SCOPE]: required, [OPTIONAL_SCOPE]: optional } = operation as Readonly<
    Record<string, string | undefined>
  >;
  const scope = required ?? optional;
  if (scope === undefined || schemes.length === 0) return [];
  const proofs = schemes.map((name) => ({ [name]: [scope] }));
  return required === undefined ? [{}, ...proofs] : proofs;
}
