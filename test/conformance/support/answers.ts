import { expect } from '@jest/globals';

/** A date as the engines write it. */
export const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{4}$/;

/** What an answer with the error body `{type, message, code}` must match; `message` is exact, or a pattern. */
export function refused(
  status: number,
  type: string,
  message: string | RegExp,
  code: number | null = null,
): Record<string, unknown> {
  const text: unknown = typeof message === 'string' ? message : expect.stringMatching(message);
  return { status, body: { type, message: text, code } };
}

/** The error of a message without a waiting execution; the engines differ in the package of the exception. */
export function uncorrelated(name: string): Record<string, unknown> {
  const text = `MismatchingMessageCorrelationException: Cannot correlate message '${name}': No process definition or execution matches the parameters$`;
  return refused(400, 'RestException', new RegExp(text), 0);
}
