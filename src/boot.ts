import { Logger } from '@nestjs/common';
import { createApp } from './app.factory.js';
import { adviseOn, createConfiguration, describeConfiguration, readEnvironment } from './config/index.js';
import { CrashGuard, FatalFaults } from './lifecycle/index.js';
import { describeListenFault } from './listen.faults.js';
import type { SignalStop } from './signal.stop.js';

/** Boots the service of this environment until it listens, or until it is asked to stop. @throws whatever stops a boot */
export async function boot(stop: SignalStop): Promise<void> {
  const fail = (): void => {
    stop.fail();
  };
  const crash = new CrashGuard(fail);
  const environment = readEnvironment();
  const configuration = createConfiguration(environment);
  const { host, port } = configuration.http;
  const app = await createApp(configuration, undefined, stop.signal);
  stop.adopt(app);
  crash.protect(app);
  app.get(FatalFaults).onFault(fail);
  if (stop.signal.aborted) return;
  await app.listen(port, host);
  const logger = new Logger('Main');
  logger.log({ msg: 'Configuration', configuration: describeConfiguration(configuration) });
  for (const advice of adviseOn(environment)) logger.warn(advice);
  logger.log(
    `fastify-camunda listens on ${await app.getUrl()}; the API is described at ${await app.getUrl()}/docs`,
  );
}

/** One sentence for what a person can mend; the error itself for what only a developer can. */
export function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (/^(Configuration|DatabaseStart|EngineFile|EnginePort|TopicWiring)Error$/.test(error.name))
    return error.message;
  return describeListenFault(error, 'The service', { host: 'HOST', port: 'PORT' }) ?? error;
}
