import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import {
  DATABASE_CONFIG,
  type DatabaseConfig,
  REDIS_CONFIG,
  type RedisConfig,
  WAKE_UPS_CONFIG,
  type WakeUpsConfig,
} from '../config/index.js';
import { PostgresTransport } from './postgres.transport.js';
import { RedisTransport } from './redis.transport.js';
import { WAKE_UP_TRANSPORT, type WakeUpTransport } from './wake-up.transport.js';
import { WakeUpsService } from './wake-ups.service.js';

/** What carries the hints of this configuration; null: nothing. */
function createTransport(
  { transport }: WakeUpsConfig,
  { server }: DatabaseConfig,
  { url, tls }: RedisConfig,
): WakeUpTransport | null {
  if (server === null || transport === null) return null;
  const channel = channelOf(server);
  if (transport === 'postgres') return new PostgresTransport(server, channel);
  return url === null ? null : new RedisTransport(url.value, tls, `fastify-camunda:${channel}`);
}

/** The same for all instances over the same tables. Not the host, which has several names. */
function channelOf({ type, name, schema }: NonNullable<DatabaseConfig['server']>): string {
  const identity = createHash('sha256')
    .update(JSON.stringify([type, name, schema]))
    .digest('hex');
  return `wake_ups_${identity.slice(0, 16)}`;
}

/** Hints between the instances of the service. */
@Module({
  providers: [
    {
      provide: WAKE_UP_TRANSPORT,
      inject: [WAKE_UPS_CONFIG, DATABASE_CONFIG, REDIS_CONFIG],
      useFactory: createTransport,
    },
    WakeUpsService,
  ],
  exports: [WakeUpsService],
})
export class WakeUpsModule {}
