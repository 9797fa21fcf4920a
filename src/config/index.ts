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
export {
  type CamundaConfig,
  type Configuration,
  ConfigurationError,
  createConfiguration,
  type DatabaseConfig,
  type DatabaseServerConfig,
  describeConfiguration,
  type EmbeddedEngineConfig,
  type HttpConfig,
  type PartnersConfig,
  type ProxyConfig,
  type ProcessConfig,
  type RetentionConfig,
  type ShutdownConfig,
  type WaitConfig,
} from './configuration.js';
export { adviseOn } from './environment.advice.js';
export { readEnvironment } from './environment.js';
