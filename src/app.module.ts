import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { ENGINE_ENDPOINT, type EngineCondition, type EngineEndpoint } from './camunda-engine/index.js';
import {
  CamundaWorkerModule,
  CrashLedger,
  PROCESS_COMPLETER,
  PROCESS_FOLDER,
  TaskEventLog,
  TaskBackpressure,
  TaskOutcomeListener,
} from './camunda-worker/index.js';
import { BootError } from './common/errors/index.js';
import { RESTORE_GUIDE } from './common/sqlite-file/index.js';
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
import { EngineFileError, openRecoveringEngine, startEngineServer } from './embedded-engine/index.js';
import { EventLogModule, EventLogService } from './event-log/index.js';
import { HealthModule } from './health/index.js';
import { BOOT_SIGNAL, FatalFaults, LifecycleModule, ShutdownService } from './lifecycle/index.js';
import { describeListenFault } from './listen.faults.js';
import { loggingOptions } from './logging.js';
import { ProcessCompletionService, ProcessModule, ProcessOutcomeListener } from './process/index.js';
import { PROCESSES, PROCESSES_FOLDER, type ServiceProcess } from './processes/index.js';
import { TaskDeliveryModule, TaskDeliveryRepository } from './task-delivery/index.js';
import { RetentionModule } from './retention/index.js';

/** The engine as configured; without `CAMUNDA_BASE_URL` the embedded one, started here on a loopback port. */
async function reachEngine(
  camunda: CamundaConfig,
  embedded: EmbeddedEngineConfig,
  { dataDir, server: databaseServer }: DatabaseConfig,
  shutdown: ShutdownService,
  faults: FatalFaults,
  signal?: AbortSignal,
): Promise<EngineEndpoint> {
  if (camunda.baseUrl !== null) return { baseUrl: camunda.baseUrl };
  const { port, transport, scripts } = embedded;
  const logger = new Logger('EmbeddedEngine');
  const engine = await openRecoveringEngine({
    dataDir,
    scripts,
    signal,
    onUnexpectedError: (err) => {
      logger.error({ msg: 'The embedded engine failed to process a request.', err });
    },
    onCondition: (condition) => {
      logConditionOf(logger, condition);
    },
    onDamage: (err) => {
      faults.report(
        `The embedded engine's file in ${dataDir} is damaged, and the service ends. Committed outcomes are in the service's own file; restore both files as ${RESTORE_GUIDE} says.`,
        err,
      );
    },
    onCleanUpFailure: (err) => {
      logger.error({ msg: 'Old history of the embedded engine could not be removed.', err });
    },
  }).catch((error: unknown) => {
    throw engineStartError(error);
  });
  const server = await startEngineServer({ engine, host: '127.0.0.1', port }).catch(
    async (error: unknown) => {
      await engine.close();
      throw engineStartError(error);
    },
  );
  shutdown.register('release', 'embedded engine', async () => {
    await engine.close();
    await server.close();
  });
  const { baseUrl } = server;
  logger.log({
    msg: 'The embedded engine is running.',
    baseUrl,
    transport,
    runningInstances: engine.current?.runtime.countProcessInstances({}),
  });
  if (databaseServer !== null) {
    logger.warn(
      'The embedded engine belongs to this process alone, but its database is a server that others can reach: run ' +
        'one instance only, or set CAMUNDA_BASE_URL to an engine that all of them share.',
    );
  }
  const condition = (): EngineCondition => engine.condition;
  if (transport === 'http') return { baseUrl, condition };
  return {
    baseUrl,
    condition,
    dispatch: (request) => engine.dispatch({ sharesProcess: true, ...request }),
  };
}

/** The embedded engine cannot start: its file or its port cannot be used. */
class EngineStartError extends BootError {
  override readonly name = 'EngineStartError';
}

/** Makes a boot error of a fault that the operator can correct, and returns any other error as it is. */
function engineStartError(error: unknown): unknown {
  if (error instanceof EngineFileError) return new EngineStartError(error.message, { cause: error });
  const variables = { host: null, port: 'EMBEDDED_ENGINE_PORT' };
  const fault = describeListenFault(error, 'The embedded engine', variables);
  return fault === null ? error : new EngineStartError(fault, { cause: error });
}

function logConditionOf(logger: Logger, condition: EngineCondition): void {
  switch (condition.status) {
    case 'running':
      logger.log('The embedded engine goes on from its last commit.');
      break;
    case 'recovering':
      logger.error({
        msg: 'The file of the embedded engine takes no writes. Starts are kept; the engine goes on by itself when a write succeeds: make room on the disk.',
        reason: condition.reason,
      });
      break;
    case 'failed':
      logger.error({
        msg: 'The embedded engine cannot read its state back. Starts are kept; start the service again.',
        reason: condition.reason,
      });
  }
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
          inject: [
            CAMUNDA_CONFIG,
            EMBEDDED_ENGINE_CONFIG,
            DATABASE_CONFIG,
            ShutdownService,
            FatalFaults,
            { token: BOOT_SIGNAL, optional: true },
          ],
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
          imports: [ProcessModule, EventLogModule, TaskDeliveryModule],
          bindings: [
            {
              provide: TaskEventLog,
              inject: [EventLogService],
              useFactory: (log: EventLogService): TaskEventLog => ({
                append: (event) => log.logEvent(event, { whenFull: 'wait' }),
              }),
            },
            {
              provide: TaskBackpressure,
              inject: [WriteQueueService],
              useFactory: (writes: WriteQueueService): TaskBackpressure => ({
                onChange: (listener) => {
                  writes.onPressure((isHigh) => {
                    listener(!isHigh);
                  });
                },
              }),
            },
            { provide: CrashLedger, useExisting: TaskDeliveryRepository },
            { provide: TaskOutcomeListener, useExisting: ProcessOutcomeListener },
            { provide: PROCESS_COMPLETER, useValue: ProcessCompletionService },
            { provide: PROCESS_FOLDER, useValue: processes === PROCESSES ? PROCESSES_FOLDER : null },
          ],
        }),
        ...processes.map((process) => process.module),
        RetentionModule,
        HealthModule,
      ],
    };
  }
}
