import { describe, expect, it } from '@jest/globals';
import { bytesOf, inBatches, placeholders } from './sql.text.js';
import { sqliteDialect } from './sqlite/sqlite.dialect.js';

describe('inBatches', () => {
  it('cuts into sizes that keep within the parameters of a statement', () => {
    const sizes = (count: number, parameters: number) =>
      inBatches(Array<number>(count).fill(0), parameters, 100).map(({ length }) => length);
    expect(sizes(7, 1)).toEqual([4, 2, 1]);
    expect(sizes(70, 3)).toEqual([32, 32, 4, 2]);
    expect(sizes(2, 500)).toEqual([1, 1]);
    expect(sizes(0, 1)).toEqual([]);
  });
});

describe('the SQLite dialect', () => {
  it('keeps times to the millisecond', () => {
    const time = new Date('2026-01-02T03:04:05.678Z');
    expect(sqliteDialect.time(time)).toBe('2026-01-02 03:04:05.678');
    expect(sqliteDialect.readTime(sqliteDialect.time(time))).toEqual(time);
  });

  it('classifies errors', () => {
    const kind = (code: string) => sqliteDialect.errorKind({ driverError: { code } });
    expect(['SQLITE_BUSY', 'SQLITE_IOERR_WRITE', 'SQLITE_FULL'].map(kind)).toEqual(
      Array(3).fill('unavailable'),
    );
    expect(kind('SQLITE_CONSTRAINT_UNIQUE')).toBe('conflict');
    expect(kind('SQLITE_CONSTRAINT_CHECK')).toBe('content');
    expect(sqliteDialect.errorKind(new TypeError('The database connection is not open'))).toBe('unavailable');
    expect(sqliteDialect.errorKind('text')).toBe('content');
    expect(sqliteDialect.errorKind(new Error('other'))).toBe('content');
  });
});

describe('small things', () => {
  it('count bytes and write placeholders', () => {
    expect([bytesOf('é'), bytesOf(null)]).toEqual([2, 0]);
    expect(placeholders(3)).toBe('(?,?,?)');
  });
});
