import { EmbeddedEngine } from './embedded-engine.js';
import { compileBpmn } from './model/index.js';

export interface EmbeddedEngineOptions {
  /** Whether a process must say how long its history lives, as Camunda demands since 7.20; default true. */
  readonly enforceHistoryTimeToLive?: boolean;
}

/** Opens an engine with the BPMN compiler of this module; its state lives in memory. */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions = {}): Promise<EmbeddedEngine> {
  return EmbeddedEngine.open({
    compile: (name, content) => compileBpmn({ name, content }, options),
  });
}
