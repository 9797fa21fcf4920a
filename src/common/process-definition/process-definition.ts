import type { z } from 'zod';

/** A process that the service deploys, starts and works on. */
export interface ProcessDefinition {
  /** Process definition key, as in the `.bpmn`. */
  readonly key: string;
  /** Its steps in order, without the key. The topic of a step is `<key>.<step>`; its number is its position, from 1. */
  readonly steps: readonly string[];
  /** URL of the `.bpmn`. */
  readonly bpmn: URL;
  /**
   * Validates the variables of a start; variables that it does not name are passed on unchanged. The API documentation
   * shows the first of the `examples` of its `.meta()`.
   */
  readonly startSchema?: z.ZodType;
  /**
   * The result of the process, read from its variables in the engine when it has ended and no step has completed it. For
   * a `z.object` its members are the variables that are read; the schema parses them. A process with a result has no step
   * that completes it.
   */
  readonly result?: z.ZodType;
  /** Milliseconds after which a running instance expires, counted from its start. */
  readonly maxDurationMs?: number;
}

/** Token of the array of all {@link ProcessDefinition}s of the service. */
export const PROCESS_DEFINITIONS = Symbol('PROCESS_DEFINITIONS');

/** The step name of a topic: its last part. */
export function stepNameOf(topic: string): string {
  return topic.slice(topic.lastIndexOf('.') + 1);
}

/** The topic of a step. */
export function topicOf(definition: ProcessDefinition, step: string): string {
  return `${definition.key}.${step}`;
}
