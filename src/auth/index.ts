export { controlAccess } from './access/access-control.js';
export { ANONYMOUS, principalOf } from './access/principal.js';
export { OptionalScope, PUBLIC, PublicRoute, RequiresScope } from './access/route-access.js';
