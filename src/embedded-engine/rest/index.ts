export { startEngineServer, type EngineServer } from './engine.server.js';
export { createRouter } from './rest.router.js';
export { describeError, internalError } from './rest.error.js';
export { type EngineRouter } from './engine.router.js';
export type { EngineRequest, EngineResponse } from './http.types.js';
