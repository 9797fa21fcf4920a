import {
  type EmbeddedEngine,
  type EngineServer,
  openEmbeddedEngine,
  startEngineServer,
} from '../../src/embedded-engine/index.js';

/** Variables that select the engine of the tested service, and its transport; everything else is the same on all targets. */
const VARIABLES = ['CAMUNDA_BASE_URL', 'CAMUNDA_DEPLOY', 'EMBEDDED_TRANSPORT'] as const;

/** The engine variables in the environment of this run, for the environment of a service. */
export function targetVariables(): Record<string, string> {
  const chosen = VARIABLES.flatMap((name): [string, string][] => {
    const value = process.env[name];
    return value === undefined || value === '' ? [] : [[name, value]];
  });
  // Tests look into the embedded engine through its port.
  return { EMBEDDED_ENGINE_PORT: '0', EMBEDDED_ENGINE_OPEN: 'on', ...Object.fromEntries<string>(chosen) };
}

/** REST base of the engine that all tests of this run share; null if each service has its own embedded engine. */
export function sharedEngineUrl(): string | null {
  return targetVariables().CAMUNDA_BASE_URL ?? null;
}

/** An engine over HTTP, for tests with a proxy in front of it. */
export interface ReachableEngine {
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** The shared engine of this run, otherwise an embedded one that serves HTTP. */
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
 * Removes the deployments of a service from a shared engine, with their instances and history, so that the next service
 * does not work on them. Does nothing for a service with its own engine.
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
