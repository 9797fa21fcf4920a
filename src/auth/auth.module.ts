import { Module } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig, PARTNERS_CONFIG, type PartnersConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { AuthenticationService } from './authentication.service.js';

/** Who calls: {@link AuthenticationService} with its keys. */
@Module({
  providers: [
    {
      provide: AuthenticationService,
      inject: [AUTH_CONFIG, PARTNERS_CONFIG, ShutdownService],
      useFactory: (
        config: AuthConfig,
        { proxies }: PartnersConfig,
        shutdown: ShutdownService,
      ): Promise<AuthenticationService> => AuthenticationService.start(config, proxies, shutdown),
    },
  ],
  exports: [AuthenticationService],
})
export class AuthModule {}
