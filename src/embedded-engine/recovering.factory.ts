import { quickCheck } from '../common/sqlite-file/index.js';
import { EmbeddedEngine } from './embedded-engine.js';
import { type EmbeddedEngineOptions, engineFilePath } from './engine.factory.js';
import { compileBpmn } from './model/index.js';
import { MemoryStore } from './persist/memory.store.js';
import { damaged } from './persist/sqlite/engine-file.js';
import { lockEngineFile } from './persist/sqlite/engine-file.lock.js';
import { SqliteStore } from './persist/sqlite/sqlite.store.js';
import { type EngineCondition, RecoveringEngine } from './recovering.engine.js';

export interface RecoveringEngineOptions extends Omit<EmbeddedEngineOptions, 'onStopped'> {
  /** Called with unexpected errors, which are answered with 500. */
  readonly onUnexpectedError: (error: unknown) => void;
  /** Called when the engine accepts no more commands, or accepts them again. */
  readonly onCondition?: (condition: EngineCondition) => void;
  /** Called once if the engine's file is damaged: the process should end. */
  readonly onDamage?: (error: unknown) => void;
  /** Returns the maximum number of pages of the file; read at every opening. Simulates a full disk. */
  readonly maxPages?: () => number | undefined;
  /** Cancels the check of a large file for damage. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an engine that recovers by itself after its file rejected writes.
 *
 * @throws EngineFileError with one sentence if the file cannot be used, is damaged, or another engine has locked it
 */
export async function openRecoveringEngine(options: RecoveringEngineOptions): Promise<RecoveringEngine> {
  const { dataDir = null } = options;
  const path = dataDir === null ? null : engineFilePath(dataDir);
  const lock = path === null ? null : lockEngineFile(path);
  const opened: { engine?: RecoveringEngine } = {};
  const onCleanUpFailure = (error: unknown): void => {
    options.onCleanUpFailure?.(error);
    opened.engine?.noteError(error);
  };
  opened.engine = await RecoveringEngine.open({
    open: async (onStopped, again) => {
      if (path !== null && again === undefined) await refuseDamaged(path, options.signal);
      // State that was in memory only cannot be read back.
      if (path === null && again !== undefined) throw new Error('The engine kept its state in memory alone.');
      const maxPages = options.maxPages?.();
      const store =
        path === null || lock === null
          ? new MemoryStore()
          : SqliteStore.open(path, {
              lock,
              isAgain: again !== undefined,
              onCleanUpFailure,
              ...(maxPages === undefined ? {} : { maxPages }),
            });
      try {
        return await EmbeddedEngine.open({
          compile: (name, content) => compileBpmn({ name, content }, options),
          store,
          onStopped,
          ...(again === undefined ? {} : { inProcessLocks: again.inProcessLocks }),
        });
      } catch (error) {
        await store.close();
        throw error;
      }
    },
    release: () => lock?.release(),
    onUnexpectedError: options.onUnexpectedError,
    ...(options.onCondition === undefined ? {} : { onCondition: options.onCondition }),
    ...(options.onDamage === undefined ? {} : { onDamage: options.onDamage }),
  });
  return opened.engine;
}

/** @throws EngineFileError for a file with damaged pages */
async function refuseDamaged(path: string, signal: AbortSignal | undefined): Promise<void> {
  const check = await quickCheck(path, signal === undefined ? {} : { signal });
  if (check.status === 'damaged') throw damaged(path, check.findings);
}
