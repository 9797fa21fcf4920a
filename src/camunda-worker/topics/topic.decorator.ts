import { applyDecorators, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { z } from 'zod';

/** Options of a topic's handler. */
export interface TopicOptions<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  /** Parses the process variables; invalid ones throw the BPMN error `VALIDATION_ERROR`. */
  readonly input?: I;
  /** Parses what the handler returns; an invalid value creates an incident. */
  readonly output?: O;
  /** True: a returned member that the output schema does not have creates an incident. Else it is dropped with a warning. */
  readonly strict?: boolean;
  /** The step's sentence for the trail. */
  readonly result?: {
    readonly success?: string | ((output: z.output<O>) => string);
    readonly failure?: string | ((error: Error) => string);
  };
  /** For the trail; default: the engine. */
  readonly targetSystem?: string;
  /** For the trail; default: the REST API. */
  readonly originatingSystem?: string;
  /** Milliseconds; default: `CAMUNDA_LOCK_DURATION_MS`. */
  readonly lockDurationMs?: number;
  /**
   * Milliseconds that one run of the handler may take; default: `CAMUNDA_TASK_MAX_DURATION_MS`. When they elapse, the
   * handler is aborted and its attempt has failed. The timeouts of its outside calls should be shorter.
   */
  readonly maxDurationMs?: number;
  /** Most handlers of this topic at the same time in this process; `CAMUNDA_TOPIC_SHARE` bounds it too. */
  readonly maxParallel?: number;
  /**
   * Pool of the topic, which has its own polls and its own limit of parallel tasks, so that slow topics do not hold up the
   * others; default: the pool of all topics without one. `CAMUNDA_POOLS` may move the topic.
   */
  readonly pool?: string;
  /** Names of the process variables to fetch, besides those that the service itself needs; default: all. */
  readonly variables?: readonly string[];
}

/** {@link TopicOptions} as stored in the metadata. */
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
  readonly pool?: string;
  readonly variables?: readonly string[];
  /** Path or URL of the handler's file as stack traces show it; absent if unknown. */
  readonly file?: string;
}

/** Decorator that stores a {@link TopicDeclaration} on a handler's class. */
export const TopicMetadata = DiscoveryService.createDecorator<TopicDeclaration>();

/**
 * Makes a class the handler of an external task topic: its `handle(input, task)` runs for every task of the topic and
 * returns the output variables.
 *
 * Includes `@Injectable()`. Add the class to the providers of one module.
 *
 * @param topic as in the `.bpmn`, `<process key>.<step>`
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

/** The file that uses the decorator, which is the handler's; unhandled errors are traced by it. */
function callingFile(): string | undefined {
  const frame = new Error().stack?.split('\n')[3];
  return /(?:\(|at )([^()]+?):\d+:\d+\)?$/.exec(frame ?? '')?.[1];
}
