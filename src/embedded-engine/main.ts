import { pino } from 'pino';
import { openEmbeddedEngine } from './engine.factory.js';
import { EngineArgumentError, parseEngineArguments, runEngine, USAGE } from './rest/engine.cli.js';

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

async function main(): Promise<void> {
  const logger = pino({ name: 'embedded-engine' });
  const ended = untilSignalled();
  await runEngine(parseEngineArguments(process.argv.slice(2)), {
    open: ({ dataDir }) => {
      if (dataDir !== null)
        logger.warn(
          { dataDir },
          'the state is kept in memory and ends with this process: --data has no effect yet',
        );
      return openEmbeddedEngine();
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
