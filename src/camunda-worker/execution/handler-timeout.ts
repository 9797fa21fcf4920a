import type { RunningTask } from '../task/running-task.js';
import { HandlerTimeoutError } from '../task/task.errors.js';

/**
 * Starts the time limit of a handler: if it elapses, the attempt fails with a {@link HandlerTimeoutError} and the
 * handler's signal aborts.
 *
 * @param maxDurationMs milliseconds
 * @returns stops the timer
 */
export function startHandlerTimeout(task: RunningTask, maxDurationMs: number): () => void {
  const timer = setTimeout(() => {
    task.fail(new HandlerTimeoutError(task.topic, maxDurationMs), 'time-limit');
  }, maxDurationMs).unref();
  return () => {
    clearTimeout(timer);
  };
}
