import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from '@nestjs/common';
import { createApp } from './app.factory.js';
import {
  type Configuration,
  createConfiguration,
  describeConfiguration,
  readEnvironment,
} from './config/index.js';

/** A stop by signal is a success however often the signal comes. */
function stopOnSignals(app: NestFastifyApplication): void {
  let stopping: Promise<void> | null = null;
  const stop = (): void => {
    stopping ??= app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function boot(configuration: Configuration): Promise<void> {
  const { host, port } = configuration.http;
  const app = await createApp(configuration);
  stopOnSignals(app);
  await app.listen(port, host);
  const logger = new Logger('Main');
  logger.log({ msg: 'Configuration', configuration: describeConfiguration(configuration) });
  logger.log(
    `fastify-camunda listens on ${await app.getUrl()}; the API is described at ${await app.getUrl()}/docs`,
  );
}

try {
  await boot(createConfiguration(readEnvironment()));
} catch (error) {
  // One sentence for what a person can mend; the stack for what only a developer can.
  console.error(
    error instanceof Error && /^(Configuration|DatabaseStart)Error$/.test(error.name) ? error.message : error,
  );
  process.exit(1);
}
