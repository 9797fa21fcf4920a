export {
  CAMUNDA_CONFIG,
  ConfigurationModule,
  DATABASE_CONFIG,
  EMBEDDED_ENGINE_CONFIG,
  HTTP_CONFIG,
  PARTNERS_CONFIG,
  PROCESS_CONFIG,
  RETENTION_CONFIG,
  SHUTDOWN_CONFIG,
  WAIT_CONFIG,
} from './config.module.js';
export { ConfigurationError, createConfiguration } from './configuration.js';
export { describeConfiguration } from './configuration.description.js';
export type {
  CamundaConfig,
  Configuration,
  DatabaseConfig,
  DatabaseServerConfig,
  EmbeddedEngineConfig,
  HttpConfig,
  PartnersConfig,
  ProcessConfig,
  ProxyConfig,
  RetentionConfig,
  ShutdownConfig,
  WaitConfig,
} from './configuration.types.js';
export { adviseOn } from './environment.advice.js';
export { readEnvironment } from './environment.js';
