import { parseArgs } from 'node:util';
import { type EngineDispatcher, startEngineServer } from './engine.server.js';
import type { EngineServices } from './rest.routes.js';

/** Beside the service's own 8080. */
const DEFAULT_PORT = 8085;

/** What `npm run engine -- …` was asked for. */
export interface EngineArguments {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** Folder of the engine's file; null: nothing is kept over a restart. */
  readonly dataDir: string | null;
  /** Whether processes may contain JavaScript, which has all rights of this program. */
  readonly scripts: boolean;
  /** Whether to look for damage in the whole file, and to run nothing. */
  readonly check: boolean;
}

/** Arguments that make no sense; the message is for the person who typed them. */
export class EngineArgumentError extends Error {
  override readonly name = 'EngineArgumentError';
}

/** How the program is called. */
export const USAGE = `usage: npm run engine -- [--port N] [--host ADDRESS] [--data DIR] [--scripts] [--check] [--help]
  --port  port of the REST API, 0 for any free one (default ${DEFAULT_PORT})
  --host  address to listen on (default 127.0.0.1; the API has no authentication)
  --data  folder of the engine's file, made where it is not there; without it the state ends with the process
  --scripts  allow JavaScript in processes: it runs without a sandbox, with all rights of this program
  --check  look for damage in the whole file of --data, print what is found, and end
  --help  print this and end`;

/** Whether somebody wants to read {@link USAGE} and nothing else. */
export function asksForUsage(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}

/** @throws EngineArgumentError */
export function parseEngineArguments(args: readonly string[]): EngineArguments {
  const { port, host, data, scripts, check } = readOptions(args);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new EngineArgumentError(`--port must be a number from 0 to 65535, not '${port}'`);
  }
  if (data === '') throw new EngineArgumentError('--data must name a folder');
  if (check && data === undefined) throw new EngineArgumentError('--check needs --data');
  return { port: Number(port), host, dataDir: data ?? null, scripts, check };
}

function readOptions(args: readonly string[]): {
  port: string;
  host: string;
  data?: string | undefined;
  scripts: boolean;
  check: boolean;
} {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: String(DEFAULT_PORT) },
        host: { type: 'string', default: '127.0.0.1' },
        data: { type: 'string' },
        scripts: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new EngineArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** An engine that can be closed. */
export type RunnableEngine = (EngineServices | EngineDispatcher) & { close(): Promise<void> };

/** What running an engine needs of its process. */
export interface EngineHost {
  /** Opens the engine on its data. */
  readonly open: (args: EngineArguments) => Promise<RunnableEngine>;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Settles when the process is asked to end; rejects where it has to. */
  readonly ended: Promise<unknown>;
}

/**
 * Serves an engine until the process is asked to end, then closes it: first the sockets, so that nobody is answered
 * from an engine that is gone, then the engine.
 *
 * @throws what `open` and `listen` throw, and what `ended` rejects with, behind the same end
 */
export async function runEngine(args: EngineArguments, host: EngineHost): Promise<void> {
  const engine = await host.open(args);
  try {
    const server = await startEngineServer({
      engine,
      port: args.port,
      host: args.host,
      onUnexpectedError: (error) => {
        host.log({ err: error }, 'the embedded engine failed to process a request');
      },
    });
    host.log({ baseUrl: server.baseUrl }, 'the embedded engine listens');
    try {
      await host.ended;
    } finally {
      await server.close();
    }
  } finally {
    await engine.close();
  }
  host.log({}, 'the embedded engine has ended');
}
