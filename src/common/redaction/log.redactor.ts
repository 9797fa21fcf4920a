import { FinalText, type Redactor } from './redactor.js';

/** Most characters of a text, of the stack of an error, and of a name in a line. */
const MAX_TEXT = 4_096;
const MAX_STACK = 16_384;
const MAX_NAME = 255;

/** Most characters of a text that are looked at; a longer one is cut before. */
const MAX_READ = 65_536;

/** Most values in a line, and how deep they lie. */
const MAX_VALUES = 1_000;
const MAX_DEPTH = 12;

/** Longest chain of causes. */
const MAX_CAUSES = 8;

/**
 * Characters that could forge a line or change the terminal that shows it: control characters with the escape of ANSI
 * sequences, Unicode's line separators, and marks that reverse the direction of text.
 */

const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text on one line: unprintable characters as JSON escapes them. */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Prepares the values of a log line: without secrets and unprintable characters, and bounded in number, depth and length.
 * An error becomes its type, message, code, status, stack and causes, without further members, which may contain what a
 * client sent.
 */
export class LogRedactor {
  /** @param shown members of a line that are shown whatever the names in them are, because their author masks them */
  constructor(
    private readonly redactor: Redactor,
    private readonly shown: ReadonlySet<string> = new Set(),
  ) {}

  /** One argument of a log call. */
  redact(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    try {
      return this.copy(value);
    } catch (error) {
      // A getter or a `toJSON` of the value; a line must not fail for it.
      return `[unreadable: ${this.text(error instanceof Error ? error.message : String(error))}]`;
    }
  }

  private copy(value: object): unknown {
    let values = 0;
    return this.redactor.copy(value, {
      maxText: MAX_READ,
      text: finish,
      name: (name) => cut(printable(this.redactor.scrub(name.slice(0, MAX_NAME))), MAX_NAME),
      error: (error) => this.describe(error),
      limit: (depth) => {
        values += 1;
        if (values > MAX_VALUES) return '[more values]';
        return depth > MAX_DEPTH ? '[deeper values]' : null;
      },
      circular: '[circular]',
      shown: this.shown,
    });
  }

  /** A text of a line. */
  text(text: string): string {
    return finish(this.redactor.scrub(text.slice(0, MAX_READ)), text.length);
  }

  /** The parts of an error that are logged. The stack has a line for each call, and no others. */
  private describe(error: Error): unknown {
    return describeError(error, (stack, message) => {
      const [head, calls] = splitStack(stack, message);
      const shown = calls.map((call) => printable(this.redactor.scrub(call)));
      return new FinalText(cut([this.text(head), ...shown].join('\n'), MAX_STACK));
    });
  }
}

/** An error as plain data: type, message, code, status, stack and causes. @param stackOf what the stack is turned into */
export function describeError(
  error: unknown,
  stackOf: (stack: string, message: string) => unknown = (stack) => stack,
  causes = MAX_CAUSES,
): unknown {
  if (!(error instanceof Error)) return error;
  const { code, status, stack } = error as {
    readonly code?: unknown;
    readonly status?: unknown;
    readonly stack?: unknown;
  };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof stack === 'string' ? { stack: stackOf(stack, error.message) } : {}),
    ...(error.cause === undefined || causes === 0
      ? {}
      : { cause: describeError(error.cause, stackOf, causes - 1) }),
  };
}

const CALL = /^ {4}at /;

/** The head of a stack, which has the message, and its calls. */
function splitStack(stack: string, message: string): [string, string[]] {
  const bounded = stack.slice(0, MAX_READ);
  const at = message === '' ? -1 : bounded.indexOf(message);
  const headEnd = at === -1 ? 0 : at + message.length;
  const lines = bounded.slice(headEnd).split('\n');
  const first = lines.findIndex((line) => CALL.test(line));
  if (first === -1) return [bounded, []];
  const head = bounded.slice(0, headEnd) + lines.slice(0, first).join('\n');
  return [head, lines.slice(first)];
}

function finish(text: string, length = text.length): string {
  const shown = printable(text);
  return shown.length <= MAX_TEXT ? shown : `${cut(shown, MAX_TEXT)} (${length} characters)`;
}

/** Cuts a longer text, not inside a pair of surrogates. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
