/** A Camunda 7 compatible engine for development, tests and small single-node use. */
export { engineFilePath, openEmbeddedEngine } from './engine.factory.js';
export type { EmbeddedEngine } from './embedded-engine.js';
export { EngineFileError } from './persist/sqlite/engine-file.errors.js';
export { openRecoveringEngine } from './recovering.factory.js';
export {
  createRouter,
  engineTokenIn,
  EngineTokenError,
  startEngineServer,
  type EngineServer,
  TOKEN_FILE,
} from './rest/index.js';
