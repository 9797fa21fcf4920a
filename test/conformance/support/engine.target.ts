import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { openEmbeddedEngine, startEngineServer } from '../../../src/embedded-engine/index.js';
import { EngineClient } from './engine.client.js';

/** The engines that the suite runs against; the embedded one with its state in memory or in a file. */
export type Target = 'embedded' | 'embedded-file' | 'camunda7' | 'operaton';

/** The engine of this run in Jest's configuration; no URL if the file starts it. */
declare const conformanceEngine: { readonly target: Target; readonly baseUrl: string | null };

/** The engine of this run. */
export const target: Target = conformanceEngine.target;

/** A client of the engine of this run, which lives as long as the file's tests. */
export function useEngine(): EngineClient {
  const engine = new EngineClient();
  let close = async (): Promise<void> => {};
  beforeAll(async () => {
    if (conformanceEngine.baseUrl !== null) {
      engine.baseUrl = conformanceEngine.baseUrl;
      return;
    }
    const embedded = await startEmbeddedEngine(target === 'embedded-file');
    engine.baseUrl = embedded.baseUrl;
    close = embedded.close;
  });
  afterAll(() => close());
  return engine;
}

async function startEmbeddedEngine(isDurable: boolean) {
  const dataDir = isDurable ? mkdtempSync(join(tmpdir(), 'conformance-')) : null;
  const engine = await openEmbeddedEngine({ scripts: true, dataDir });
  const server = await startEngineServer({ engine, port: 0 });
  return {
    baseUrl: server.baseUrl,
    close: async () => {
      await server.close();
      await engine.close();
      if (dataDir !== null) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
