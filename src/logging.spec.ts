import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import pretty from 'pino-pretty';
import { createConfiguration } from './config/index.js';
import { loggingOptions } from './logging.js';

/** Collects what is written. */
class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const EVIL = 'evil\n{"level":60,"msg":"forged"}\r\u001b[2J\u009b31m\u2028password=hunter2';

const FORGED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|^\{"level":60|^.{0,40}forged/m;

describe.each(['JSON', 'pretty'])('the log as %s', (format) => {
  /** What is written by calls as Nest's logger and `common/request-log/` make them. */
  function logged(write: (logger: Logger) => void): string {
    const collector = new Collector();
    const stream =
      format === 'JSON'
        ? collector
        : pretty({ singleLine: true, sync: true, colorize: false, destination: collector });
    const configuration = createConfiguration({ REDACT_PATHS: 'customer.email', LOG_LEVEL: 'debug' });
    const { pinoHttp } = loggingOptions(configuration, stream);
    write((pinoHttp as { readonly logger: Logger }).logger.child({}));
    return collector.text;
  }

  it('has one line for each call and no secret, whatever the values are', () => {
    const text = logged((logger) => {
      logger.info({
        context: EVIL,
        msg: EVIL,
        [EVIL]: EVIL,
        token: 'hunter2',
        customer: { email: 'hunter2' },
      });
      logger.warn({ context: 'A' }, EVIL);
      logger.error('%s failed', EVIL);
      logger.info({ requestId: EVIL, req: { method: 'GET', path: EVIL }, correlationId: EVIL }, EVIL);
    });
    expect(text).not.toMatch(FORGED);
    expect(text).not.toContain('hunter2');
    expect(text.trimEnd().split('\n')).toHaveLength(4);
    expect(text.match(/evil\\+n/g)?.length).toBeGreaterThan(6);
  });

  it('shows errors without secrets, with one line for each call of their stack', () => {
    const text = logged((logger) => {
      const error = new Error(EVIL, { cause: new Error(`${EVIL} of postgres://ada:hunter2@db/x`) });
      logger.error({ msg: 'It failed.', err: error });
      logger.error(error);
      logger.error({ context: 'A', err: error });
    });
    expect(text).not.toMatch(FORGED);
    expect(text).not.toContain('hunter2');
    expect(text).toContain('It failed.');
    expect(text.match(/Error: evil/g)?.length).toBeGreaterThanOrEqual(3);
    expect(text).toMatch(/ {4}at .*logging\.spec/);
  });

  it('logs the wiring of Nest at debug', () => {
    const text = logged((logger) => {
      logger.info({ context: 'RouterExplorer' }, 'Mapped a route');
      logger.error({ context: 'RouterExplorer' }, 'Broken wiring');
    });
    const levels = format === 'JSON' ? /"level":20.*\n.*"level":50/ : /DEBUG.*\n.*ERROR/;
    expect(text).toMatch(levels);
  });
});
