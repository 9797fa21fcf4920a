import { applyDecorators, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { z } from 'zod';

/** What a topic's handler declares about itself. */
export interface TopicOptions<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  /** Reads the process variables; what does not parse is a BPMN error `VALIDATION_ERROR`. */
  readonly input?: I;
  /** Reads what the handler returns; what does not parse is an incident. */
  readonly output?: O;
  /** Whether a returned member that the output schema does not have is an incident; else it is left out with a warning. */
  readonly strict?: boolean;
  /** The step's sentence for the trail. */
  readonly result?: {
    readonly success?: string | ((output: z.output<O>) => string);
    readonly failure?: string | ((error: Error) => string);
  };
  /** For the trail; the engine where absent. */
  readonly targetSystem?: string;
  /** For the trail; the REST API where absent. */
  readonly originatingSystem?: string;
  /** Milliseconds; `CAMUNDA_LOCK_DURATION_MS` where absent. */
  readonly lockDurationMs?: number;
  /**
   * Milliseconds that one run of the handler may take; `CAMUNDA_TASK_MAX_DURATION_MS` where absent. A handler that is
   * over it is aborted, and its attempt has failed. The calls that it makes need less.
   */
  readonly maxDurationMs?: number;
  /** Most handlers of this topic at the same time in this process; `CAMUNDA_TOPIC_SHARE` bounds it too. */
  readonly maxParallel?: number;
  /** Names of the process variables to fetch, besides those that the service itself needs; all where absent. */
  readonly variables?: readonly string[];
}

/** {@link TopicOptions} as the explorer finds them. */
export interface TopicDeclaration {
  readonly topic: string;
  readonly input?: z.ZodType;
  readonly output?: z.ZodType;
  readonly strict?: boolean;
  readonly successSentence?: string | ((output: unknown) => string);
  readonly failureSentence?: string | ((error: Error) => string);
  readonly targetSystem: string;
  readonly originatingSystem: string;
  readonly lockDurationMs?: number;
  readonly maxDurationMs?: number;
  readonly maxParallel?: number;
  readonly variables?: readonly string[];
  /** Path or URL of the handler's file as stack traces show it; absent if it is not known. */
  readonly file?: string;
}

/** The metadata of a handler's class. */
export const TopicMetadata = DiscoveryService.createDecorator<TopicDeclaration>();

/**
 * Makes a class the handler of an external task's topic: its `handle(input, task)` runs for every task of the topic and
 * returns the output variables.
 *
 * Includes `@Injectable()`. The class is registered as a provider in one module, as a class.
 *
 * @param topic as the `.bpmn` has it, `<process key>.<step>`
 */
export function Topic<I extends z.ZodType, O extends z.ZodType>(
  topic: string,
  options: TopicOptions<I, O> = {},
): ClassDecorator {
  const { result, targetSystem = 'CamundaEngine', originatingSystem = 'FastifyAPI', ...rest } = options;
  const file = callingFile();
  const declaration: TopicDeclaration = {
    ...rest,
    ...(file === undefined ? {} : { file }),
    topic,
    targetSystem,
    originatingSystem,
    ...(result?.success === undefined
      ? {}
      : { successSentence: result.success as string | ((output: unknown) => string) }),
    ...(result?.failure === undefined ? {} : { failureSentence: result.failure }),
  };
  return applyDecorators(Injectable(), TopicMetadata(declaration));
}

/** The file that calls the decorator, which is the handler's: unhandled errors are traced by it. */
function callingFile(): string | undefined {
  const frame = new Error().stack?.split('\n')[3];
  return /(?:\(|at )([^()]+?):\d+:\d+\)?$/.exec(frame ?? '')?.[1];
}
