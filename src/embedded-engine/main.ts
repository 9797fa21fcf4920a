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

/** Settles at the first signal; later ones change nothing, because the engine is ending already. */
function untilSignalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        resolve();
      });
    }
  });
}

function contentOf({ repository, runtime, externalTasks }: EmbeddedEngine) {
  return {
    definitions: repository.countDefinitions({}),
    runningInstances: runtime.countProcessInstances({}),
    externalTasks: externalTasks.count({}),
  };
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (asksForUsage(args)) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const logger = pino({ name: 'embedded-engine' });
  const ended = untilSignalled();
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

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    error instanceof EngineArgumentError
      ? `${message}\n${USAGE}\n`
      : `The embedded engine cannot run: ${message}\n`,
  );
  process.exitCode = 1;
}
