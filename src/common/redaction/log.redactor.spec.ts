import { describe, expect, it } from '@jest/globals';
import { describeError, LogRedactor, printable } from './log.redactor.js';
import { Redactor } from './redactor.js';

describe('describeError', () => {
  it('has name, message, code, status, stack and causes, and nothing that a client sent', () => {
    const cause = Object.assign(new Error('answered 500'), {
      status: 500,
      body: { email: 'secret@example.com' },
    });
    const error = Object.assign(new Error('failed', { cause }), {
      code: 'INVALID_EMAIL',
      details: { email: 'secret' },
    });
    expect(describeError(error)).toEqual({
      type: 'Error',
      message: 'failed',
      code: 'INVALID_EMAIL',
      stack: error.stack,
      cause: { type: 'Error', message: 'answered 500', status: 500, stack: cause.stack },
    });
  });

  it('returns other values unchanged', () => {
    expect(describeError('text')).toBe('text');
  });

  it('ends a chain of causes', () => {
    const error = new Error('x');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).match(/"message":"x"/g)).toHaveLength(9);
  });
});

describe('printable', () => {
  it('escapes what could forge a line or change a terminal', () => {
    expect(printable('a\nb\r\tc\u001b[31md\u009b1me\u2028f\u202eg\u0000\u007f')).toBe(
      'a\\nb\\r\\tc\\u001b[31md\\u009b1me\\u2028f\\u202eg\\u0000\\u007f',
    );
    expect(printable('Zoë 日本 😀 "quoted" \\')).toBe('Zoë 日本 😀 "quoted" \\');
  });
});

describe('LogRedactor', () => {
  const log = new LogRedactor(new Redactor({ paths: ['customer.email'] }), new Set(['configuration']));

  it('hides secrets by name, by path and in texts', () => {
    expect(
      log.redact({ msg: 'pin: 1234', token: 'x', customer: { email: 'a' }, list: ['Bearer abc1'], n: 1n }),
    ).toEqual({
      msg: 'pin: ***',
      token: '[redacted]',
      customer: { email: '[redacted]' },
      list: ['Bearer ***'],
      n: '1',
    });
  });

  it('shows the members of the configuration, without secrets in their texts', () => {
    expect(
      log.redact({ configuration: { auth: { jwt: { issuer: 'a' } }, url: 'https://u:p@h' }, auth: 'x' }),
    ).toEqual({ configuration: { auth: { jwt: { issuer: 'a' } }, url: 'https://h/' }, auth: '[redacted]' });
  });

  it('escapes unprintable characters of texts and names', () => {
    expect(log.redact({ 'a\nb': ['c\u001b[2Jd'] })).toEqual({ 'a\\nb': ['c\\u001b[2Jd'] });
    expect(log.redact('a\nb')).toBe('a\\nb');
  });

  it('keeps the lines of a stack, and only those', () => {
    const error = new Error('pwd=hunter2\n    at forged (evil.js:1)\u001b[0m', { cause: new Error('a\nb') });
    const shown = log.redact({ err: error }) as { err: { stack: string; cause: { stack: string } } };
    expect(shown).toMatchObject({
      err: {
        type: 'Error',
        message: 'pwd=***\\n    at forged (evil.js:1)\\u001b[0m',
        cause: { message: 'a\\nb' },
      },
    });
    const [head, ...calls] = shown.err.stack.split('\n');
    expect(head).toBe('Error: pwd=***\\n    at forged (evil.js:1)\\u001b[0m');
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((call) => !/^ {4}at /.test(call))).toEqual([]);
    expect(calls.join()).not.toContain('forged');
    expect(shown.err.cause.stack.split('\n')[0]).toBe('Error: a\\nb');
  });

  it('describes errors wherever they are, without their other members', () => {
    const error = Object.assign(new Error('x'), { body: 'sent', stack: 'Error: x' });
    expect(log.redact({ failures: [error] })).toEqual({
      failures: [{ type: 'Error', message: 'x', stack: 'Error: x' }],
    });
  });

  it('bounds texts, names, stacks, the number of values and their depth', () => {
    const text = log.redact('x'.repeat(1_000_000)) as string;
    expect(text).toMatch(/^x{4095}… \(1000000 characters\)$/);
    const [name] = Object.keys(log.redact({ ['n'.repeat(10_000)]: 1 }) as object);
    expect(name).toHaveLength(255);
    const long = new Error('m'.repeat(100_000));
    expect(JSON.stringify(log.redact({ err: long })).length).toBeLessThan(30_000);
    const many = log.redact({ list: Array.from({ length: 5_000 }, (_, n) => n) }) as { list: unknown[] };
    expect(many.list.filter((value) => typeof value === 'number').length).toBeLessThan(1_000);
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 5_000; depth += 1) deep = [deep];
    expect(JSON.stringify(log.redact({ deep }))).toMatch(/^\{"deep":\[{1,20}"\[deeper values\]"\]{1,20}\}$/);
  });

  it('ends at a value that contains itself', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(log.redact(circle)).toEqual({ self: '[circular]' });
  });

  it('fails for no value, even one that throws when it is read', () => {
    const value = {
      a: 1,
      get b(): string {
        throw new Error('no');
      },
    };
    expect(log.redact(value)).toBe('[unreadable: no]');
  });
});
