import { callerOf } from '../../common/http/index.js';
import type { RunningTask } from '../task/running-task.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';

/** The steps that the tracer considers. */
export interface TracedSteps {
  /** The step in whose asynchronous context the error occurred; null if unknown. */
  readonly current: RunningTask | null;
  /** Steps whose outcome has not been reported. */
  readonly running: Iterable<RunningTask>;
  /** Steps whose attempt has failed and whose handlers still run. */
  readonly abandoned: Iterable<RunningTask>;
  readonly topics: ReadonlyMap<string, RegisteredTopic>;
}

/** Steps that an error may have come from. */
export interface Trace {
  /** One step if the origin is certain, several if they run the same code, none if the origin is unknown. */
  readonly running: readonly RunningTask[];
  /** True if the error came from a handler whose attempt has already failed, and from no running one. */
  readonly isLate: boolean;
}

/**
 * Finds the steps that an unhandled error came from: by Node's asynchronous context, by the call of `task.http` that
 * failed, else by the handlers whose class or file stands in the error's stack.
 */
export function traceUnhandled(error: unknown, steps: TracedSteps): Trace {
  const owner = steps.current ?? callerAmong(error, steps);
  if (owner !== null) return among(steps, (task) => task === owner);
  const topics = topicsInStack(error, steps.topics);
  return among(steps, (task) => topics.has(task.topic));
}

function among(steps: TracedSteps, isIt: (task: RunningTask) => boolean): Trace {
  const running = [...steps.running].filter(isIt);
  return { running, isLate: running.length === 0 && [...steps.abandoned].some(isIt) };
}

function callerAmong(error: unknown, { running, abandoned }: TracedSteps): RunningTask | null {
  const caller = callerOf(error);
  if (caller === null) return null;
  return [...running, ...abandoned].find((task) => task === caller) ?? null;
}

/** Topics whose handler's class is in the stack; if there is none, those whose handler's file is. */
function topicsInStack(error: unknown, topics: TracedSteps['topics']): ReadonlySet<string> {
  const stack = stacksOf(error);
  if (stack === '') return new Set();
  const byClass = named(topics, ({ handlerName }) =>
    new RegExp(`\\bat (?:async |new )?${escape(handlerName)}\\b`).test(stack),
  );
  return byClass.size > 0
    ? byClass
    : named(topics, ({ declaration: { file } }) => file !== undefined && stack.includes(`${file}:`));
}

function named(
  topics: TracedSteps['topics'],
  isIn: (topic: RegisteredTopic) => boolean,
): ReadonlySet<string> {
  return new Set([...topics.values()].filter(isIn).map(({ topic }) => topic));
}

/** The stacks of an error and its causes. */
function stacksOf(error: unknown): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    // The message is removed, because it may contain any name.
    stacks.push((cause.stack ?? '').replace(`${cause.name}: ${cause.message}`, ''));
  }
  return stacks.join('\n');
}

function escape(name: string): string {
  return name.replace(/[$]/g, String.raw`\$&`);
}
