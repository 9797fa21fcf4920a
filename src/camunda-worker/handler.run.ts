import { describeKind, isPlainObject } from '../common/json/index.js';
import type { StepContext } from './step.context.js';
import type { RunningTask } from './running-task.js';
import type { Attempt } from './task-event.factory.js';
import { type TaskOutcome, toErrorOutcome } from './task-outcome.mapper.js';
import { completeWith, readVars } from './task-variables.js';
import { describeIssues, FatalTaskError, HandlerTimeoutError } from './task.errors.js';
import type { RegisteredTopic } from './topic.explorer.js';
import { membersWithoutSchema, type UnknownMembers } from './unknown-members.js';

/** How a handler is run. */
export interface HandlerLimits {
  /** Milliseconds that the handler may take, with the parsing of its input and output. */
  readonly maxDurationMs: number;
  readonly context: StepContext;
  /** Is called when the run has ended without its handler; the promise settles when the handler does, if ever. */
  readonly abandon: (task: RunningTask, handler: Promise<unknown>) => void;
  readonly unknownMembers: UnknownMembers;
}

/**
 * Runs a handler once, to its result or its error.
 *
 * A handler that is over its time, or that has left an error unhandled, is aborted and left behind: the attempt has
 * failed, and whatever it still brings is ignored.
 *
 * @returns the row of the attempt and the outcome to report to the engine; never rejects
 */
export async function runHandler(
  task: RunningTask,
  topic: RegisteredTopic,
  limits: HandlerLimits,
): Promise<{ attempt: Attempt; outcome: TaskOutcome }> {
  const began = performance.now();
  const seen = { input: task.variables as unknown };
  const facts = () => ({
    input: seen.input,
    calls: task.httpCalls,
    durationMs: Math.round(performance.now() - began),
  });
  const timer = setTimeout(() => {
    task.fail(new HandlerTimeoutError(topic.topic, limits.maxDurationMs), 'time-limit');
  }, limits.maxDurationMs);
  timer.unref();
  const work = limits.context.run(task, () => workOn(task, topic, seen, limits));
  try {
    const output = await task.orFailed(work);
    task.addIdentifiersOf(output);
    return { outcome: completeWith(task, output), attempt: { succeeded: true, output, ...facts() } };
  } catch (error) {
    if (task.failure !== null) limits.abandon(task, work);
    task.logger.warn('A handler failed.', {
      attempt: task.attempt,
      retriesLeft: task.retriesLeft,
      err: error,
    });
    const outcome: TaskOutcome =
      task.abortedBy === 'stopping' ? { kind: 'unlock' } : toErrorOutcome(error, task);
    return { outcome, attempt: { succeeded: false, error, ...facts() } };
  } finally {
    clearTimeout(timer);
  }
}

async function workOn(
  task: RunningTask,
  topic: RegisteredTopic,
  seen: { input: unknown },
  limits: HandlerLimits,
): Promise<Readonly<Record<string, unknown>>> {
  if (topic.declaration.input !== undefined) seen.input = await readVars(task, topic.declaration.input);
  const returned: unknown = await topic.handle(seen.input, task);
  return readOutput(topic, returned, limits);
}

async function readOutput(
  topic: RegisteredTopic,
  returned: unknown,
  { unknownMembers }: HandlerLimits,
): Promise<Readonly<Record<string, unknown>>> {
  let output = returned ?? {};
  const { output: schema, strict = false } = topic.declaration;
  if (schema !== undefined) {
    const parsed = await schema.safeParseAsync(output);
    if (!parsed.success) {
      throw new FatalTaskError(`The output of ${topic.topic} is not valid: ${describeIssues(parsed.error)}`, {
        cause: parsed.error,
      });
    }
    const unknown = membersWithoutSchema(schema, output);
    if (unknown.length > 0 && strict) {
      throw new FatalTaskError(`The output schema of ${topic.topic} does not have: ${unknown.join(', ')}.`);
    }
    unknownMembers.warn(topic.topic, unknown);
    output = parsed.data ?? {};
  }
  if (!isPlainObject(output)) {
    throw new FatalTaskError(
      `The output of ${topic.topic} is not an object of variables but ${describeKind(output)}.`,
    );
  }
  return output;
}
