import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { createApp } from './app.factory.js';
import { BootError } from './common/errors/index.js';
import { Redactor } from './common/redaction/index.js';
import {
  adviseOn,
  adviseOnCallers,
  type Configuration,
  createConfiguration,
  describeConfiguration,
  readEnvironment,
} from './config/index.js';
import { CrashGuard, FatalFaults } from './lifecycle/index.js';
import { describeListenFault } from './listen.faults.js';
import type { SignalStop } from './signal.stop.js';

/** Boots the service of this environment until it listens or `stop` is requested. @throws BootError for a fault that the operator can correct, and any other error that stops the boot */
export async function boot(stop: SignalStop): Promise<void> {
  const environment = readEnvironment();
  const advice = adviseOn(environment);
  try {
    await bootWith(createConfiguration(environment), stop, advice);
  } catch (error) {
    // A misspelled variable may be the reason.
    for (const sentence of advice) console.error(sentence);
    throw error;
  }
}

async function bootWith(
  configuration: Configuration,
  stop: SignalStop,
  advice: readonly string[],
): Promise<void> {
  const fail = (): void => {
    stop.fail();
  };
  const crash = new CrashGuard(fail);
  const { host, port } = configuration.http;
  const app = await createApp(configuration, undefined, stop.signal);
  stop.adopt(app);
  crash.protect(app);
  app.get(FatalFaults).onFault(fail);
  if (stop.signal.aborted) return;
  await app.listen(port, host);
  const logger = new Logger('Main');
  logger.log({ msg: 'Configuration', configuration: describeConfiguration(configuration) });
  for (const sentence of [...advice, ...adviseOnCallers(configuration)]) logger.warn(sentence);
  const url = await app.getUrl();
  const { docs } = configuration.http;
  logger.log(
    `fastify-camunda listens on ${url}; ${docs ? `the API is described at ${url}/docs` : 'API_DOCS=on describes the API under /docs'}`,
  );
}

/** Returns the message of a fault that the operator can correct; any other error with its stack, and without secrets. */
export function explain(error: unknown): string {
  if (error instanceof BootError) return error.message;
  const fault = describeListenFault(error, 'The service', { host: 'HOST', port: 'PORT' });
  return fault ?? new Redactor().scrub(inspect(error));
}
