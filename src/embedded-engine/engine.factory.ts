import { join, resolve } from 'node:path';
import { EmbeddedEngine } from './embedded-engine.js';
import { compileBpmn } from './model/index.js';
import type { EngineStore } from './embedded-engine.js';
import { MemoryStore } from './persist/memory.store.js';
import { SqliteStore } from './persist/sqlite/sqlite.store.js';

export interface EmbeddedEngineOptions {
  /** Whether a process needs `camunda:historyTimeToLive`, as in Camunda since 7.20; default true. */
  readonly enforceHistoryTimeToLive?: boolean;
  /** Folder of the engine's file; absent or null: in memory only. */
  readonly dataDir?: string | null;
  /** Called when expired history could not be removed. */
  readonly onCleanUpFailure?: (error: unknown) => void;
  /** Called once when the engine has stopped permanently because its file rejected a write. */
  readonly onStopped?: (error: Error) => void;
  /** Whether script tasks and script mappings run, as JavaScript without a sandbox; default false. */
  readonly scripts?: boolean;
}

/** Name of the engine's file in its folder. */
const FILE_NAME = 'embedded-engine.sqlite';

/** Path of the engine's file. */
export function engineFilePath(dataDir: string): string {
  return join(resolve(dataDir), FILE_NAME);
}

/**
 * Opens an engine with the BPMN compiler of this module and the state of its file.
 *
 * @throws EngineFileError with one sentence if the file cannot be used or another engine has locked it
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions = {}): Promise<EmbeddedEngine> {
  const store = openStore(options);
  try {
    return await EmbeddedEngine.open({
      compile: (name, content) => compileBpmn({ name, content }, options),
      store,
      ...(options.onStopped === undefined ? {} : { onStopped: options.onStopped }),
    });
  } catch (error) {
    await store.close();
    throw error;
  }
}

function openStore({ dataDir = null, onCleanUpFailure }: EmbeddedEngineOptions): EngineStore {
  if (dataDir === null) return new MemoryStore();
  return SqliteStore.open(
    engineFilePath(dataDir),
    onCleanUpFailure === undefined ? {} : { onCleanUpFailure },
  );
}
