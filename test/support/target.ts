import {
  type EmbeddedEngine,
  type EngineServer,
  openEmbeddedEngine,
  startEngineServer,
} from '../../src/embedded-engine/index.js';

/** What decides which engine the service under test talks to, and how; all else is the same on every target. */
const VARIABLES = ['CAMUNDA_BASE_URL', 'CAMUNDA_DEPLOY', 'EMBEDDED_TRANSPORT'] as const;

/** The engine's variables of this run's environment, for a service to be started with. */
export function targetVariables(): Record<string, string> {
  return Object.fromEntries(
    VARIABLES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

/** REST base of the engine that all tests of this run share; null if each service has its own embedded engine. */
export function sharedEngineUrl(): string | null {
  return targetVariables().CAMUNDA_BASE_URL ?? null;
}

/** An engine over HTTP, to put something in front of. */
export interface ReachableEngine {
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** The shared engine of this run, else an embedded one that serves HTTP. */
export async function openTargetEngine(): Promise<ReachableEngine> {
  const shared = sharedEngineUrl();
  if (shared !== null) return { baseUrl: shared, close: () => Promise.resolve() };
  const engine: EmbeddedEngine = await openEmbeddedEngine();
  const server: EngineServer = await startEngineServer({ engine, port: 0 });
  return {
    baseUrl: server.baseUrl,
    close: async () => {
      await engine.close();
      await server.close();
    },
  };
}

/**
 * Removes what a service has deployed to a shared engine, with its instances and their history, so that the next one
 * does not work on what an earlier one left. Does nothing for a service with an engine of its own.
 */
export async function clearSharedEngine(processKeys: readonly string[]): Promise<void> {
  const baseUrl = sharedEngineUrl();
  if (baseUrl === null) return;
  for (const key of processKeys) {
    const found = await fetch(`${baseUrl}/deployment?name=${encodeURIComponent(`fastify-camunda:${key}`)}`);
    for (const { id } of (await found.json()) as { id: string }[]) {
      const removed = await fetch(`${baseUrl}/deployment/${id}?cascade=true`, { method: 'DELETE' });
      if (!removed.ok) throw new Error(`The engine keeps ${key}: ${await removed.text()}`);
    }
  }
}
