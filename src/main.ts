import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from '@nestjs/common';
import { createApp } from './app.factory.js';
import {
  type Configuration,
  createConfiguration,
  describeConfiguration,
  readEnvironment,
} from './config/index.js';
import { CrashGuard } from './lifecycle/index.js';

/** What Node says of an address that cannot be listened on. */
const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use: stop who has it, or set PORT to another port (0 takes any free one).',
  EADDRNOTAVAIL: 'this machine does not have it: set HOST to an address of this machine.',
  ENOTFOUND: 'it is not known: set HOST to an address of this machine.',
  EACCES: 'this user may not: set PORT to one above 1023.',
};

/** Stops by signal, as a success however often the signal comes, also while the application is being made. */
class SignalStop {
  private readonly app: { current?: NestFastifyApplication } = {};
  private readonly abort = new AbortController();

  constructor() {
    process.on('SIGTERM', this.request);
    process.on('SIGINT', this.request);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** @returns false where a signal has come before: the application is then closed and nothing more is to be done */
  async take(app: NestFastifyApplication): Promise<boolean> {
    this.app.current = app;
    if (this.signal.aborted) await this.close(app);
    return !this.signal.aborted;
  }

  private readonly request = (): void => {
    const first = !this.signal.aborted;
    this.abort.abort();
    if (first && this.app.current !== undefined) void this.close(this.app.current);
  };

  private async close(app: NestFastifyApplication): Promise<void> {
    try {
      await app.close();
      // An unhandled error may have stopped the service before.
      process.exit(process.exitCode ?? 0);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  }
}

async function boot(configuration: Configuration, stop: SignalStop, crash: CrashGuard): Promise<void> {
  const { host, port } = configuration.http;
  const app = await createApp(configuration, undefined, stop.signal);
  crash.protect(app);
  if (!(await stop.take(app))) return;
  await app.listen(port, host);
  const logger = new Logger('Main');
  logger.log({ msg: 'Configuration', configuration: describeConfiguration(configuration) });
  logger.log(
    `fastify-camunda listens on ${await app.getUrl()}; the API is described at ${await app.getUrl()}/docs`,
  );
}

/** One sentence for what a person can mend; the error itself for what only a developer can. */
function explain(error: unknown): unknown {
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

const stop = new SignalStop();
const crash = new CrashGuard();
try {
  await boot(createConfiguration(readEnvironment()), stop, crash);
} catch (error) {
  console.error(explain(error));
  // What a signal has ended has not failed.
  process.exit(stop.signal.aborted ? 0 : 1);
}
