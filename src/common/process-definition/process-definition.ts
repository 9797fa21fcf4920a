import type { z } from 'zod';

/** What the service knows of a process that it deploys, starts and works on. */
export interface ProcessDefinition {
  /** Process definition key, as the `.bpmn` has it. */
  readonly key: string;
  /** Its steps in order, without the key: a step's topic is `<key>.<step>`, its number the place here, from 1. */
  readonly steps: readonly string[];
  /** Where the `.bpmn` lies, relative to the definition's own module. */
  readonly bpmn: URL;
  /**
   * Checks the variables of a start; what it does not name goes on unchanged. The first of the `examples` of its
   * `.meta()` is shown in the API's documentation.
   */
  readonly startSchema?: z.ZodType;
  /** Milliseconds after which a running instance expires, counted from its start. */
  readonly maxDurationMs?: number;
}

/** Token under which all {@link ProcessDefinition}s of the service are injected, as an array. */
export const PROCESS_DEFINITIONS = Symbol('PROCESS_DEFINITIONS');

/** The step that a topic names: its last part. */
export function stepNameOf(topic: string): string {
  return topic.slice(topic.lastIndexOf('.') + 1);
}

/** The topic of a process's step. */
export function topicOf(definition: ProcessDefinition, step: string): string {
  return `${definition.key}.${step}`;
}
