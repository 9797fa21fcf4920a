export { startEngineServer, type EngineServer } from './server/engine.server.js';
export { engineTokenIn, EngineTokenError, TOKEN_FILE } from './server/engine.token.js';
export { createRouter } from './server/rest.routes.js';
export { describeError, internalError } from './http/rest.error.js';
export { type EngineRouter } from './http/engine.router.js';
export type { EngineRequest, EngineResponse } from './http/http.types.js';
