import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule as NestConfigModule, getConfigToken, registerAs } from '@nestjs/config';
import type { Configuration } from './configuration.types.js';

/** Tokens of the groups of {@link Configuration}; inject one with `@Inject(HTTP_CONFIG)`. */
export const HTTP_CONFIG = getConfigToken('http');
export const AUTH_CONFIG = getConfigToken('auth');
export const REDACTION_CONFIG = getConfigToken('redaction');
export const REDIS_CONFIG = getConfigToken('redis');
export const WAKE_UPS_CONFIG = getConfigToken('wakeUps');
export const WAIT_CONFIG = getConfigToken('wait');
export const PROCESS_CONFIG = getConfigToken('process');
export const CAMUNDA_CONFIG = getConfigToken('camunda');
export const EMBEDDED_ENGINE_CONFIG = getConfigToken('embeddedEngine');
export const DATABASE_CONFIG = getConfigToken('database');
export const RETENTION_CONFIG = getConfigToken('retention');
export const PARTNERS_CONFIG = getConfigToken('partners');
export const SHUTDOWN_CONFIG = getConfigToken('shutdown');

/** Provides each group of a configuration under its token, to all modules. */
@Module({})
export class ConfigurationModule {
  /** @param configuration result of `createConfiguration` */
  static forRoot(configuration: Configuration): DynamicModule {
    const groups = Object.entries(configuration).filter(([, group]) => typeof group === 'object');
    return {
      module: ConfigurationModule,
      imports: [
        NestConfigModule.forRoot({
          isGlobal: true,
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          load: groups.map(([name, group]) => registerAs(name, () => group as object)),
        }),
      ],
    };
  }
}
