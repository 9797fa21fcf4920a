import { join, resolve } from 'node:path';
import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { AuthModule } from './auth/index.js';
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
  Secret,
} from './config/index.js';
import { DatabaseModule, WriteQueueService } from './database/index.js';
import {
  EngineFileError,
  type EngineServer,
  engineTokenIn,
  EngineTokenError,
  openRecoveringEngine,
  startEngineServer,
  TOKEN_FILE,
} from './embedded-engine/index.js';
import { EventLogModule, EventLogService } from './event-log/index.js';
import { HealthModule } from './health/index.js';
import { BOOT_SIGNAL, FatalFaults, LifecycleModule, ShutdownService } from './lifecycle/index.js';
import { describeListenFault } from './listen.faults.js';
import { loggingOptions } from './logging.js';
import { ProcessCompletionService, ProcessModule, ProcessOutcomeListener } from './process/index.js';
import { PROCESSES, PROCESSES_FOLDER, type ServiceProcess } from './processes/index.js';
import { TaskDeliveryModule, TaskDeliveryRepository } from './task-delivery/index.js';
import { RetentionModule } from './retention/index.js';

/** The endpoint of the configured engine; without `CAMUNDA_BASE_URL` it starts the embedded engine. */
async function createEngineEndpoint(
  camunda: CamundaConfig,
  embedded: EmbeddedEngineConfig,
  { dataDir, server: databaseServer }: DatabaseConfig,
  shutdown: ShutdownService,
  faults: FatalFaults,
  signal?: AbortSignal,
): Promise<EngineEndpoint> {
  if (camunda.baseUrl !== null) return { baseUrl: camunda.baseUrl, auth: camunda.auth, tls: camunda.tls };
  const { transport, scripts } = embedded;
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
        `The embedded engine's file in ${dataDir} is damaged, and the service stops. Committed outcomes are in the service's own file; restore both files as ${RESTORE_GUIDE} says.`,
        err,
      );
    },
    onCleanUpFailure: (err) => {
      logger.error({ msg: 'Old history of the embedded engine could not be removed.', err });
    },
  }).catch((error: unknown) => {
    throw engineStartError(error);
  });
  const port = await openPort(engine, embedded, dataDir).catch(async (error: unknown) => {
    await engine.close();
    throw engineStartError(error);
  });
  shutdown.register('release', 'embedded engine', async () => {
    await engine.close();
    await port?.server.close();
  });
  const baseUrl = port?.server.baseUrl ?? UNREACHABLE_URL;
  logger.log({
    msg: 'The embedded engine is running.',
    baseUrl: port?.server.baseUrl ?? null,
    ...(port === null ? {} : { tokenFile: port.tokenFile }),
    transport,
    runningInstances: engine.current?.runtime.processInstances.count({}),
  });
  if (port?.token === null) {
    logger.warn(
      'The port of the embedded engine is open to every program of this machine and to every website that its users visit: set EMBEDDED_ENGINE_OPEN=off outside development.',
    );
  }
  if (databaseServer !== null) {
    logger.warn(
      'The embedded engine works for this process only, but the database server may be shared: run one instance only, ' +
        'or set CAMUNDA_BASE_URL to an engine that all instances share.',
    );
  }
  const condition = (): EngineCondition => engine.condition;
  if (transport === 'http') {
    const token = port?.token ?? null;
    return {
      baseUrl,
      condition,
      ...(token === null ? {} : { auth: { mode: 'bearer', token: new Secret(token) } }),
    };
  }
  return {
    baseUrl,
    listens: port !== null,
    condition,
    dispatch: (request) => engine.dispatch({ sharesProcess: true, ...request }),
  };
}

/** The address in links of an embedded engine without a port. */
const UNREACHABLE_URL = 'http://embedded-engine.invalid/engine-rest';

/** The port of the embedded engine and the token that it asks for; null without a port. */
async function openPort(
  engine: Parameters<typeof startEngineServer>[0]['engine'],
  { port, open }: EmbeddedEngineConfig,
  dataDir: string,
): Promise<{ server: EngineServer; token: string | null; tokenFile: string | null } | null> {
  if (port === null) return null;
  const tokenFile = open ? null : join(resolve(dataDir), TOKEN_FILE);
  const token = tokenFile === null ? null : engineTokenIn(tokenFile);
  return { server: await startEngineServer({ engine, host: '127.0.0.1', port, token }), token, tokenFile };
}

/** The embedded engine cannot start: its file or its port cannot be used. */
class EngineStartError extends BootError {
  override readonly name = 'EngineStartError';
}

/** Converts a fault that the operator can correct to a boot error, and returns any other error unchanged. */
function engineStartError(error: unknown): unknown {
  if (error instanceof EngineFileError || error instanceof EngineTokenError)
    return new EngineStartError(error.message, { cause: error });
  const variables = { host: null, port: 'EMBEDDED_ENGINE_PORT' };
  const fault = describeListenFault(error, 'The embedded engine', variables);
  return fault === null ? error : new EngineStartError(fault, { cause: error });
}

function logConditionOf(logger: Logger, condition: EngineCondition): void {
  switch (condition.status) {
    case 'running':
      logger.log('The embedded engine continues from its last commit.');
      break;
    case 'recovering':
      logger.error({
        msg: 'The file of the embedded engine cannot be written. Starts are stored; the engine continues as soon as a write succeeds: free disk space.',
        reason: condition.reason,
      });
      break;
    case 'failed':
      logger.error({
        msg: 'The embedded engine cannot read its state again. Starts are stored; restart the service.',
        reason: condition.reason,
      });
  }
}

/** Binds the ports through which modules use each other without importing each other. */
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
          useFactory: createEngineEndpoint,
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
   * @param processes processes that this service deploys and works on
   * @param bootSignal aborts the waits of the boot
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
        AuthModule,
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
