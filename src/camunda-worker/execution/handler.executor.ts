import { describeKind, isPlainObject } from '../../common/json/index.js';
import type { Redactor } from '../../common/redaction/index.js';
import type { RunningTask } from '../task/running-task.js';
import type { Attempt } from '../outcome/task-event.factory.js';
import { type TaskOutcome, toErrorOutcome } from '../outcome/task-outcome.mapper.js';
import { completeWith, readVars } from '../task/task-variables.js';
import { describeIssues, FatalTaskError, HandlerTimeoutError } from '../task/task.errors.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';
import type { StepContext } from './step.context.js';
import { membersWithoutSchema, type UnknownMembers } from './unknown-members.js';

/** Limits and collaborators of one run. */
export interface HandlerOptions {
  /** Milliseconds that the handler may take, including the parsing of its input and output. */
  readonly maxDurationMs: number;
  readonly context: StepContext;
  /** Called if the run ends before its handler does; the promise settles when the handler ends, if ever. */
  readonly abandon: (task: RunningTask, handler: Promise<unknown>) => void;
  readonly unknownMembers: UnknownMembers;
  readonly redactor: Redactor;
}

/**
 * Runs a handler once, until it returns or throws.
 *
 * A handler that exceeds its time limit, or leaves an error unhandled, is aborted and abandoned: the attempt has failed,
 * and a late result or error is ignored.
 *
 * @returns the attempt for the trail, and the outcome to report to the engine; never rejects
 */
export async function executeHandler(
  task: RunningTask,
  topic: RegisteredTopic,
  options: HandlerOptions,
): Promise<{ attempt: Attempt; outcome: TaskOutcome }> {
  const began = performance.now();
  const seen = { input: task.variables as unknown };
  const facts = () => ({
    input: seen.input,
    calls: task.httpCalls,
    durationMs: Math.round(performance.now() - began),
  });
  const { maxDurationMs } = options;
  const timeout = setTimeout(() => {
    task.fail(new HandlerTimeoutError(task.topic, maxDurationMs), 'time-limit');
  }, maxDurationMs).unref();
  const work = options.context.run(task, () => workOn(task, topic, seen, options));
  try {
    const output = await task.orFailed(work);
    task.addIdentifiersOf(output);
    return { outcome: completeWith(task, output), attempt: { succeeded: true, output, ...facts() } };
  } catch (error) {
    if (task.failure !== null) options.abandon(task, work);
    task.logger.warn('A handler failed.', {
      attempt: task.attempt,
      retriesLeft: task.retriesLeft,
      err: error,
    });
    const outcome: TaskOutcome =
      task.abortedBy === 'stopping' ? { kind: 'unlock' } : toErrorOutcome(error, task, options.redactor);
    return { outcome, attempt: { succeeded: false, error, ...facts() } };
  } finally {
    clearTimeout(timeout);
  }
}

async function workOn(
  task: RunningTask,
  topic: RegisteredTopic,
  seen: { input: unknown },
  options: HandlerOptions,
): Promise<Readonly<Record<string, unknown>>> {
  if (topic.declaration.input !== undefined) seen.input = await readVars(task, topic.declaration.input);
  const returned: unknown = await topic.handle(seen.input, task);
  return readOutput(topic, returned, options);
}

async function readOutput(
  topic: RegisteredTopic,
  returned: unknown,
  { unknownMembers }: HandlerOptions,
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
