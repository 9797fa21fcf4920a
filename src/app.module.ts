import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { ENGINE_ENDPOINT, type EngineEndpoint } from './camunda-engine/index.js';
import {
  CamundaWorkerModule,
  TaskEventLog,
  TaskIntake,
  TaskOutcomeListener,
} from './camunda-worker/index.js';
import { PROCESS_DEFINITIONS } from './common/process-definition/index.js';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  type Configuration,
  ConfigurationModule,
  DATABASE_CONFIG,
  type DatabaseConfig,
  EMBEDDED_ENGINE_CONFIG,
  type EmbeddedEngineConfig,
} from './config/index.js';
import { DatabaseModule, WriteQueueService } from './database/index.js';
import { createRouter, openEmbeddedEngine, startEngineServer } from './embedded-engine/index.js';
import { EventLogModule, EventLogService } from './event-log/index.js';
import { HealthModule } from './health/index.js';
import { BOOT_SIGNAL, LifecycleModule, ShutdownService } from './lifecycle/index.js';
import { loggingOptions } from './logging.js';
import { ProcessModule, ProcessOutcomeListener } from './process/index.js';
import { PROCESSES, type ServiceProcess } from './processes/index.js';
import { RetentionModule } from './retention/index.js';

/** The engine as configured; without `CAMUNDA_BASE_URL` the embedded one, started here on a loopback port. */
async function reachEngine(
  camunda: CamundaConfig,
  embedded: EmbeddedEngineConfig,
  { dataDir, server: databaseServer }: DatabaseConfig,
  shutdown: ShutdownService,
): Promise<EngineEndpoint> {
  if (camunda.baseUrl !== null) return { baseUrl: camunda.baseUrl };
  const { port, transport, scripts } = embedded;
  const logger = new Logger('EmbeddedEngine');
  const onUnexpectedError = (error: unknown): void => {
    logger.error({ msg: 'The embedded engine failed to process a request.', err: error });
  };
  const engine = await openEmbeddedEngine({
    dataDir,
    scripts,
    onStopped: (err) => {
      logger.fatal({
        msg: 'The embedded engine has stopped. Starts are kept; make room and start the service again.',
        err,
      });
    },
    onCleanUpFailure: (err) => {
      logger.error({ msg: 'Old history of the embedded engine could not be removed.', err });
    },
  });
  const server = await startEngineServer({ engine, host: '127.0.0.1', port, onUnexpectedError });
  shutdown.register('release', 'embedded engine', async () => {
    await engine.close();
    await server.close();
  });
  const { baseUrl } = server;
  logger.log({
    msg: 'The embedded engine is running.',
    baseUrl,
    transport,
    runningInstances: engine.runtime.countProcessInstances({}),
  });
  if (databaseServer !== null) {
    logger.warn(
      'The embedded engine belongs to this process alone, but its database is a server that others can reach: run ' +
        'one instance only, or set CAMUNDA_BASE_URL to an engine that all of them share.',
    );
  }
  if (transport === 'http') return { baseUrl };
  const router = createRouter(engine, onUnexpectedError);
  return { baseUrl, dispatch: (request) => router.dispatch({ sharesProcess: true, ...request }) };
}

/** What the modules need of each other without knowing each other. */
@Global()
@Module({})
class BindingsModule {
  static forProcesses(processes: readonly ServiceProcess[], bootSignal?: AbortSignal): DynamicModule {
    return {
      module: BindingsModule,
      providers: [
        {
          provide: ENGINE_ENDPOINT,
          inject: [CAMUNDA_CONFIG, EMBEDDED_ENGINE_CONFIG, DATABASE_CONFIG, ShutdownService],
          useFactory: reachEngine,
        },
        { provide: PROCESS_DEFINITIONS, useValue: processes.map(({ definition }) => definition) },
        { provide: BOOT_SIGNAL, useValue: bootSignal },
      ],
      exports: [ENGINE_ENDPOINT, PROCESS_DEFINITIONS, BOOT_SIGNAL],
    };
  }
}

/** The whole service. */
@Module({})
export class AppModule {
  /**
   * @param processes what this service deploys and works on
   * @param bootSignal ends the waiting of a boot
   */
  static forRoot(
    configuration: Configuration,
    processes: readonly ServiceProcess[] = PROCESSES,
    bootSignal?: AbortSignal,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigurationModule.forRoot(configuration),
        LoggerModule.forRoot(loggingOptions(configuration)),
        LifecycleModule,
        BindingsModule.forProcesses(processes, bootSignal),
        DatabaseModule,
        ProcessModule,
        CamundaWorkerModule.forRoot({
          imports: [ProcessModule, EventLogModule],
          bindings: [
            {
              provide: TaskEventLog,
              inject: [EventLogService],
              useFactory: (log: EventLogService): TaskEventLog => ({
                append: (event) => log.logEvent(event, { patient: true }),
              }),
            },
            {
              provide: TaskIntake,
              inject: [WriteQueueService],
              useFactory: (writes: WriteQueueService): TaskIntake => ({
                onChange: (listener) => {
                  writes.onPressure((isHigh) => {
                    listener(!isHigh);
                  });
                },
              }),
            },
            { provide: TaskOutcomeListener, useExisting: ProcessOutcomeListener },
          ],
        }),
        ...processes.map((process) => process.module),
        RetentionModule,
        HealthModule,
      ],
    };
  }
}
