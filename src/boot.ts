import { Logger } from '@nestjs/common';
import { createApp } from './app.factory.js';
import { createConfiguration, describeConfiguration, readEnvironment } from './config/index.js';
import { CrashGuard, FatalFaults } from './lifecycle/index.js';
import type { SignalStop } from './signal.stop.js';

/** What Node says of an address that cannot be listened on. */
const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use: stop who has it, or set PORT to another port (0 takes any free one).',
  EADDRNOTAVAIL: 'this machine does not have it: set HOST to an address of this machine.',
  ENOTFOUND: 'it is not known: set HOST to an address of this machine.',
  EACCES: 'this user may not: set PORT to one above 1023.',
};

/** Boots the service of this environment until it listens, or until it is asked to stop. @throws whatever stops a boot */
export async function boot(stop: SignalStop): Promise<void> {
  const fail = (): void => {
    stop.fail();
  };
  const crash = new CrashGuard(fail);
  const configuration = createConfiguration(readEnvironment());
  const { host, port } = configuration.http;
  const app = await createApp(configuration, undefined, stop.signal);
  stop.adopt(app);
  crash.protect(app);
  app.get(FatalFaults).onFault(fail);
  if (stop.signal.aborted) return;
  await app.listen(port, host);
  const logger = new Logger('Main');
  logger.log({ msg: 'Configuration', configuration: describeConfiguration(configuration) });
  logger.log(
    `fastify-camunda listens on ${await app.getUrl()}; the API is described at ${await app.getUrl()}/docs`,
  );
}

/** One sentence for what a person can mend; the error itself for what only a developer can. */
export function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (/^(Configuration|DatabaseStart|EngineFile|TopicWiring)Error$/.test(error.name)) return error.message;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  const fault = LISTEN_FAULTS[code ?? ''];
  return fault !== undefined && (syscall === 'listen' || syscall === 'getaddrinfo')
    ? `The service cannot listen on ${address ?? 'HOST'}${port === undefined ? '' : `:${port}`}: ${fault}`
    : error;
}
