import { Global, Module } from '@nestjs/common';
import { DATABASE_CONFIG, type DatabaseConfig } from '../config/index.js';
import { BOOT_SIGNAL, FatalFaults, ShutdownService } from '../lifecycle/index.js';
import { DatabaseConnection } from './database.connection.js';
import { openDatabaseConnection } from './database.opener.js';
import { DatabaseService } from './database.service.js';
import { WriteQueueService } from './write-queue/index.js';

/** Opens the database during the start of the application, and provides its reads and the write queue globally. */
@Global()
@Module({
  providers: [
    {
      provide: DatabaseConnection,
      inject: [DATABASE_CONFIG, ShutdownService, FatalFaults, { token: BOOT_SIGNAL, optional: true }],
      useFactory: async (
        config: DatabaseConfig,
        shutdown: ShutdownService,
        faults: FatalFaults,
        bootSignal?: AbortSignal,
      ): Promise<DatabaseConnection> => {
        const connection = await openDatabaseConnection(config, {
          signal: bootSignal,
          onDamage: (sentence, error) => {
            faults.report(sentence, error);
          },
        });
        shutdown.register('release', 'database', () => connection.close());
        return connection;
      },
    },
    DatabaseService,
    WriteQueueService,
  ],
  exports: [DatabaseService, WriteQueueService],
})
export class DatabaseModule {}
