export { controlAccess } from './access/access-control.js';
export { callerName, principalIfKnown, principalOf } from './access/principal.js';
export { assertMayStart, ownerOf, ProcessAccess } from './access/process-access.js';
export { OptionalScope, PUBLIC, PublicRoute, RequiresScope } from './access/route-access.js';
export { securitySchemesOf, withSecurity } from './access/security.openapi.js';
export { createRequestLimiter, limitedCaller } from './rate-limit/rate-limit.js';
export { AuthModule } from './auth.module.js';
export { AuthenticationService } from './authentication.service.js';
