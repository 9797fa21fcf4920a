import { type Logger, pino } from 'pino';
import { RESTORE_GUIDE, wholeCheck } from '../common/sqlite-file/index.js';
import type { EmbeddedEngine } from './embedded-engine.js';
import { engineFilePath } from './engine.factory.js';
import type { EngineCondition } from './recovering.engine.js';
import { openRecoveringEngine } from './recovering.factory.js';
import {
  asksForUsage,
  EngineArgumentError,
  type EngineHost,
  parseEngineArguments,
  runEngine,
  USAGE,
} from './rest/server/engine.cli.js';

function contentOf({ repository, runtime, externalTasks }: EmbeddedEngine) {
  return {
    definitions: repository.definitions.count({}),
    runningInstances: runtime.processInstances.count({}),
    externalTasks: externalTasks.count({}),
  };
}

/**
 * Runs the standalone engine by its command line.
 *
 * @param ended settles when the process has to end
 * @throws EngineArgumentError, EngineFileError, and what `listen` throws
 */
async function run(args: readonly string[], ended: Promise<unknown>): Promise<void> {
  if (asksForUsage(args)) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const parsed = parseEngineArguments(args);
  if (parsed.check) {
    await check(engineFilePath(parsed.dataDir ?? '.'));
    return;
  }
  await runEngine(parsed, hostOf(pino({ name: 'embedded-engine' }), ended));
}

function hostOf(logger: Logger, ended: Promise<unknown>): EngineHost {
  let giveUp: (error: Error) => void = () => undefined;
  const damaged = new Promise<never>((_resolve, reject) => (giveUp = reject));
  // `open` reports a file that is rejected before this promise is awaited.
  damaged.catch(() => undefined);
  return {
    open: async ({ dataDir, scripts }) => {
      const engine = await openRecoveringEngine({
        dataDir,
        scripts,
        onUnexpectedError: (error) => {
          logger.error({ err: error }, 'the embedded engine failed to process a request');
        },
        onCondition: (condition) => {
          logConditionOf(logger, condition);
        },
        onDamage: (error) => {
          giveUp(
            new Error(`its file in ${String(dataDir)} is damaged; restore it as ${RESTORE_GUIDE} says`, {
              cause: error,
            }),
          );
        },
        onCleanUpFailure: (error) => {
          logger.error({ err: error }, 'the embedded engine could not remove old history');
        },
      });
      if (dataDir !== null && engine.current !== null)
        logger.info({ dataDir, ...contentOf(engine.current) }, 'the embedded engine has loaded its state');
      return engine;
    },
    log: (fields, message) => {
      if ('err' in fields) logger.error(fields, message);
      else logger.info(fields, message);
    },
    ended: Promise.race([ended, damaged]),
  };
}

function logConditionOf(logger: Logger, condition: EngineCondition): void {
  if (condition.status === 'running') logger.info('the embedded engine continues from its last commit');
  else if (condition.status === 'recovering')
    logger.error(
      condition,
      'the file of the embedded engine rejects writes; free disk space, and it recovers by itself',
    );
  else logger.error(condition, 'the embedded engine cannot read its state back; restart it');
}

/** @throws Error for a damaged or unreadable file */
async function check(path: string): Promise<void> {
  const found = await wholeCheck(path);
  if (found.status === 'sound') {
    process.stdout.write(`${path} is sound.\n`);
    return;
  }
  throw new Error(
    found.status === 'damaged'
      ? `${path} is damaged: ${found.findings}. Restore it as ${RESTORE_GUIDE} says.`
      : `${path} cannot be checked: ${found.status === 'unreadable' ? found.reason : 'it does not exist'}`,
  );
}

/** Runs the standalone engine and prints errors as one sentence. @returns the exit code */
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
