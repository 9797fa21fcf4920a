export {
  AUTH_CONFIG,
  CAMUNDA_CONFIG,
  ConfigurationModule,
  DATABASE_CONFIG,
  EMBEDDED_ENGINE_CONFIG,
  HTTP_CONFIG,
  PARTNERS_CONFIG,
  PROCESS_CONFIG,
  REDACTION_CONFIG,
  REDIS_CONFIG,
  RETENTION_CONFIG,
  SHUTDOWN_CONFIG,
  WAIT_CONFIG,
  WAKE_UPS_CONFIG,
} from './config.module.js';
export { ConfigurationError, createConfiguration } from './configuration.js';
export { describeConfiguration } from './configuration.description.js';
export type {
  AuthConfig,
  CamundaConfig,
  Configuration,
  DatabaseConfig,
  DatabaseServerConfig,
  EmbeddedEngineConfig,
  EngineAuthConfig,
  HttpConfig,
  JwtConfig,
  PartnersConfig,
  ProcessConfig,
  ProxyConfig,
  RateLimitConfig,
  RedactionConfig,
  RedisConfig,
  RetentionConfig,
  ShutdownConfig,
  TaskPoolConfig,
  TlsFilesConfig,
  ServerTlsConfig,
  WaitConfig,
  WakeUpsConfig,
} from './configuration.types.js';
export { isToken } from './engine-access.config.js';
export { adviseOnCallers } from './auth.config.js';
export { adviseOn } from './environment.advice.js';
export { readEnvironment } from './environment.js';
export { Secret } from './secret.js';
export { DEFAULT_POOL } from './task-pools.config.js';
export { readTlsFiles, type TlsMaterial } from './tls.files.js';
