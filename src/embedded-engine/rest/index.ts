export { startEngineServer, type EngineServer, type EngineServerOptions } from './engine.server.js';
export { createRouter, type EngineServices } from './rest.router.js';
export { describeError, internalError } from './rest.error.js';
export { BASE_PATH, type EngineRouter } from './engine.router.js';
export type { EngineRequest, EngineResponse, FormPart, RequestBody, ResponseBody } from './http.types.js';
