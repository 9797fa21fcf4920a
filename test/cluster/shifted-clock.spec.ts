import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLOCK = fileURLToPath(new URL('./shifted-clock.mjs', import.meta.url));
const MINUTE_MS = 60_000;

function evaluate(expression: string, offset?: number): unknown {
  const code = `process.stdout.write(JSON.stringify(${expression}))`;
  const env = offset === undefined ? {} : { CLOCK_OFFSET_MS: String(offset) };
  return JSON.parse(
    execFileSync(process.execPath, ['--import', CLOCK, '--eval', code], { env, encoding: 'utf8' }),
  );
}

describe('the shifted clock', () => {
  it.each([120_000, -120_000, undefined])('shifts what Date reads from the clock by %s ms', (offset) => {
    const read = evaluate('[Date.now(), new Date().getTime(), Date.parse(Date())]', offset) as number[];
    for (const time of read) {
      const shift = time - Date.now();
      expect(Math.abs(shift - (offset ?? 0))).toBeLessThan(MINUTE_MS);
    }
  });

  it('leaves all else as it is', () => {
    expect(
      evaluate(
        `[
          new Date(5).getTime(),
          new Date(2026, 0, 2).getMonth(),
          new Date() instanceof Date,
          new Date().constructor === Date,
          Object.prototype.toString.call(new Date()),
          Date.UTC(1970, 0, 1, 0, 0, 1),
          Date.name,
          new (class Sub extends Date {})(7).getTime(),
          performance.now() < 50_000,
        ]`,
        120_000,
      ),
    ).toEqual([5, 0, true, true, '[object Date]', 1_000, 'Date', 7, true]);
  });
});
