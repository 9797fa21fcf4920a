/** A Camunda 7 compatible engine for development, tests and small single-node use. */
export { engineFilePath, openEmbeddedEngine, type EmbeddedEngineOptions } from './engine.factory.js';
export type { EmbeddedEngine } from './embedded-engine.js';
export { EngineFileError } from './persist/sqlite/engine-file.errors.js';
export { openRecoveringEngine, type RecoveringEngineOptions } from './recovering.factory.js';
export type { EngineCondition, RecoveringEngine } from './recovering.engine.js';
export {
  createRouter,
  startEngineServer,
  type EngineRequest,
  type EngineResponse,
  type EngineRouter,
  type EngineServer,
  type EngineServerOptions,
  type EngineServices,
} from './rest/index.js';
