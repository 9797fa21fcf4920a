import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type EngineDispatcher, startEngineServer } from './engine.server.js';
import { engineTokenIn, TOKEN_FILE } from './engine.token.js';
import type { EngineServices } from './rest.routes.js';

/** Differs from the 8080 of the service. */
const DEFAULT_PORT = 8085;

/** Arguments of `npm run engine -- …`. */
export interface EngineArguments {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** Folder of the engine's file; null: the state is lost at a restart. */
  readonly dataDir: string | null;
  /** True: requests need no token. */
  readonly open: boolean;
  /** Whether processes may contain JavaScript, which has all rights of this program. */
  readonly scripts: boolean;
  /** Whether to check the whole file for damage instead of running. */
  readonly check: boolean;
}

/** Invalid arguments; the message is for the person who typed them. */
export class EngineArgumentError extends Error {
  override readonly name = 'EngineArgumentError';
}

/** The help text of the program. */
export const USAGE = `usage: npm run engine -- [--port N] [--host ADDRESS] [--data DIR] [--open] [--scripts] [--check] [--help]
  --port  port of the REST API, 0 for any free one (default ${DEFAULT_PORT})
  --host  address to listen on (default 127.0.0.1)
  --data  folder of the engine's file, created if missing; without it the state is lost when the process ends
  --open  accept requests without the token, which is otherwise in the file embedded-engine.token of --data, or in the temporary file that the log names
  --scripts  allow JavaScript in processes; it runs without a sandbox, with all rights of this program
  --check  check the whole file of --data for damage, print the result and exit
  --help  print this and exit`;

/** Whether the arguments ask for {@link USAGE}. */
export function asksForUsage(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}

/** @throws EngineArgumentError */
export function parseEngineArguments(args: readonly string[]): EngineArguments {
  const { port, host, data, open, scripts, check } = readOptions(args);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new EngineArgumentError(`--port must be a number from 0 to 65535, not '${port}'`);
  }
  if (data === '') throw new EngineArgumentError('--data must name a folder');
  if (check && data === undefined) throw new EngineArgumentError('--check needs --data');
  return { port: Number(port), host, dataDir: data ?? null, open, scripts, check };
}

function readOptions(args: readonly string[]): {
  port: string;
  host: string;
  data?: string | undefined;
  open: boolean;
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
        open: { type: 'boolean', default: false },
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

/** The process in which an engine runs. */
export interface EngineHost {
  /** Opens the engine on its data. */
  readonly open: (args: EngineArguments) => Promise<RunnableEngine>;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Settles when the process is asked to end; rejects if it has to end because of an error. */
  readonly ended: Promise<unknown>;
}

/**
 * Serves an engine until the process is asked to end. Then closes first the sockets, so that no request reaches a closed
 * engine, then the engine.
 *
 * @throws what `open` and `listen` throw, and the rejection of `ended` after the same shutdown
 */
export async function runEngine(args: EngineArguments, host: EngineHost): Promise<void> {
  const engine = await host.open(args);
  let secret: EngineSecret | null = null;
  try {
    secret = args.open ? null : secretOf(args.dataDir);
    const server = await startEngineServer({
      engine,
      port: args.port,
      host: args.host,
      token: secret?.token ?? null,
      onUnexpectedError: (error) => {
        host.log({ err: error }, 'the embedded engine failed to process a request');
      },
    });
    const { baseUrl } = server;
    host.log(
      secret === null ? { baseUrl } : { baseUrl, tokenFile: secret.path },
      'the embedded engine is listening',
    );
    try {
      await host.ended;
    } finally {
      await server.close();
    }
  } finally {
    secret?.remove();
    await engine.close();
  }
  host.log({}, 'the embedded engine has stopped');
}

interface EngineSecret {
  readonly token: string;
  readonly path: string;
  /** Removes a temporary file. */
  remove(): void;
}

/** The token and its file: in the folder of the engine's file, otherwise in a temporary one that ends with the engine. */
function secretOf(dataDir: string | null): EngineSecret {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'embedded-engine-'));
  const path = join(folder, TOKEN_FILE);
  return {
    token: engineTokenIn(path),
    path,
    remove: () => {
      if (dataDir === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}
