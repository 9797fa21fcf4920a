import type {
  ExternalTaskService,
  HistoryService,
  RepositoryService,
  RuntimeService,
} from './core/engine-api.types.js';
import type { CompiledResource } from './model/process-model.js';

/** Compiles one `.bpmn` resource; rejects with the compiler's own error when it refuses the file. */
export type ResourceCompiler = (name: string, bytes: Buffer) => Promise<CompiledResource>;

/** The engine: four services over one state. */
export interface EmbeddedEngine {
  readonly repository: RepositoryService;
  readonly runtime: RuntimeService;
  readonly externalTasks: ExternalTaskService;
  readonly history: HistoryService;
  /** Refuses what comes, rejects parked polls with the shutdown error, and settles when the store is closed. */
  close(): Promise<void>;
}
