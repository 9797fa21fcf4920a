export { createAuthorization } from './create.authorization.js';
export { EngineAuthorization, NoAuthorization, TokenError } from './engine.authorization.js';
export type { TokenObserver } from './token.authorization.js';
