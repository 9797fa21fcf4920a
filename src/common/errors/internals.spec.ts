import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { toProblemDocument } from './problems.js';
import { toProblem } from './to-problem.js';

const SOURCES = join(import.meta.dirname, '../..');

/** Texts that no client may see: of a driver, a statement, a file, a host, a stack. */
const INTERNALS = [
  'SQLITE_CONSTRAINT: UNIQUE constraint failed: process_store.correlation_id',
  'SELECT secret FROM process_store',
  '/srv/app/dist/src/process-store/process-store.repository.js',
  'db-internal.example.local:1433',
  'Error: x\n    at Object.<anonymous> (/srv/app/index.js:1:1)',
  'postgres://ada:hunter2@db/app',
];
const INTERNAL = INTERNALS.join(' ');

/** The exported error classes of the service, by file. */
const CLASSES = (readdirSync(SOURCES, { recursive: true }) as string[])
  .filter((path) => path.endsWith('.ts') && !/\.spec\.ts$|testing\/|^embedded-engine\//.test(path))
  .flatMap((path) => {
    const text = readFileSync(join(SOURCES, path), 'utf8');
    return Array.from(
      text.matchAll(/^export (?:abstract )?class (\w+) extends \w*(?:Error|Exception)\b/gm),
      ([, name = '']): [string, string] => [name, path],
    );
  })
  // A problem has the texts that its author wrote for clients.
  .filter(([name]) => name !== 'ProblemError');

/** Members of errors of drivers, engines and libraries, filled with what no client may see. */
const MEMBERS = {
  stack: INTERNAL,
  code: INTERNAL,
  detail: INTERNAL,
  reason: INTERNAL,
  engineMessage: INTERNAL,
  hint: INTERNAL,
  table: INTERNAL,
  query: INTERNAL,
  sql: INTERNAL,
  parameters: [INTERNAL],
  driverError: new Error(INTERNAL),
  path: INTERNAL,
  url: INTERNAL,
  address: INTERNAL,
  hostname: INTERNAL,
  body: INTERNAL,
  response: INTERNAL,
  details: INTERNAL,
  cause: new Error(INTERNAL),
};

function expectNothingOf(error: unknown): void {
  const document = JSON.stringify(toProblemDocument(toProblem(error), '/api/process/start'));
  for (const text of INTERNALS) expect(document).not.toContain(JSON.stringify(text).slice(1, -1));
  expect(document).not.toMatch(/hunter2|process_store|\/srv\/|SQLITE|db-internal/);
}

describe('a problem document', () => {
  it('is tested with every error class of the service', () => {
    expect(CLASSES.length).toBeGreaterThan(25);
    expect(CLASSES.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'WriteUnconfirmedError',
        'EngineResponseError',
        'HttpCallError',
        'BusinessRuleError',
      ]),
    );
  });

  it.each(CLASSES)('shows nothing of the inside of %s', async (name, path) => {
    const module = (await import(`../../${path.replace(/\.ts$/, '.js')}`)) as Record<
      string,
      { readonly prototype: Error }
    >;
    const { prototype } = module[name] ?? {};
    expect(prototype).toBeInstanceOf(Error);
    const error = Object.assign(Object.create(prototype ?? null) as Error, MEMBERS, { message: INTERNAL });
    expectNothingOf(error);
    expectNothingOf(Object.assign(error, { temporarilyUnavailable: true }));
    expectNothingOf(Object.assign(error, { unconfirmed: { correlationId: 'a' } }));
  });

  it.each([
    'RequestError',
    'SqliteError',
    'QueryFailedError',
    'DatabaseError',
    'TypeError',
    'AggregateError',
  ])('shows nothing of an error of a library: %s', (name) => {
    expectNothingOf(Object.assign(new Error(INTERNAL), MEMBERS, { name }));
  });

  it.each(Array.from({ length: 200 }, (_, index) => 400 + index))(
    'shows nothing of an error with status %i',
    (status) => {
      expectNothingOf(new HttpException(INTERNAL, status));
      expectNothingOf(Object.assign(new Error(INTERNAL), MEMBERS, { statusCode: status }));
    },
  );
});
