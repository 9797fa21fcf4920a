import { pino } from 'pino';
import type { EmbeddedEngine } from './embedded-engine.js';
import { openEmbeddedEngine } from './engine.factory.js';
import {
  asksForUsage,
  EngineArgumentError,
  parseEngineArguments,
  runEngine,
  USAGE,
} from './rest/engine.cli.js';

function contentOf({ repository, runtime, externalTasks }: EmbeddedEngine) {
  return {
    definitions: repository.countDefinitions({}),
    runningInstances: runtime.countProcessInstances({}),
    externalTasks: externalTasks.count({}),
  };
}

/**
 * Runs the engine alone, as its command line says.
 *
 * @param ended settles when the process is asked to end
 * @throws EngineArgumentError, EngineFileError, and what `listen` throws
 */
async function run(args: readonly string[], ended: Promise<unknown>): Promise<void> {
  if (asksForUsage(args)) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const logger = pino({ name: 'embedded-engine' });
  await runEngine(parseEngineArguments(args), {
    open: async ({ dataDir, scripts }) => {
      const engine = await openEmbeddedEngine({
        dataDir,
        scripts,
        onStopped: (error) => {
          logger.fatal({ err: error }, 'the embedded engine has stopped; make room and start it again');
        },
        onCleanUpFailure: (error) => {
          logger.error({ err: error }, 'the embedded engine could not remove old history');
        },
      });
      if (dataDir !== null)
        logger.info({ dataDir, ...contentOf(engine) }, 'the embedded engine has its state');
      return engine;
    },
    log: (fields, message) => {
      if ('err' in fields) logger.error(fields, message);
      else logger.info(fields, message);
    },
    ended,
  });
}

/** Runs the engine alone and prints in words why it cannot. @returns the exit code */
export async function runProgram(args: readonly string[], ended: Promise<unknown>): Promise<number> {
  try {
    await run(args, ended);
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      error instanceof EngineArgumentError
        ? `${message}\n${USAGE}\n`
        : `The embedded engine cannot run: ${message}\n`,
    );
    return 1;
  }
}
