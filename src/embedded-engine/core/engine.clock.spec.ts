import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../testing/engine.harness.js';
import {
  bpmn,
  catchEvent,
  end,
  onDuration,
  path,
  process,
  sequence,
  start,
  task,
} from '../testing/process.builder.js';
import { EngineClock } from './engine.clock.js';

const HOUR_MS = 3_600_000;

describe('EngineClock', () => {
  it('follows the wall clock, but takes over a jump only in synchronize()', () => {
    const now = { wall: 5_000_000, monotonic: 70 };
    const jumps: number[] = [];
    const clock = new EngineClock(
      () => now.wall,
      () => now.monotonic,
      (byMs) => jumps.push(byMs),
    );
    now.wall += 1_500;
    now.monotonic += 1_000;
    clock.synchronize();
    expect([clock.now(), jumps]).toEqual([5_001_500, []]);
    now.wall -= HOUR_MS;
    expect(clock.now()).toBe(5_001_000);
    clock.synchronize();
    expect([clock.now(), jumps]).toEqual([5_001_500 - HOUR_MS, [500 - HOUR_MS]]);
  });
});

describe.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('a clock that is set %s by an hour', (_direction, by) => {
  let h: EngineHarness;
  /** The time of the monotonic clock. */
  let monotonic = 0;

  afterEach(() => h.engine.close());

  async function open(xml: string): Promise<void> {
    h = await EngineHarness.open({ monotonic: () => monotonic }, { now: 1_800_000_000_000 });
    await h.deploy(xml);
  }

  /** Advances both clocks. */
  function pass(ms: number): void {
    monotonic += ms;
    h.clock.now += ms;
  }

  function setClock(): void {
    h.clock.now += by;
  }

  it('keeps the duration of a lock and of a pending retry', async () => {
    await open(bpmn(sequence('p', 'A')));
    await h.start('p');
    await h.start('p');
    const [locked, failed] = await h.fetch('A');
    await h.fail(failed!.id, 2, 500);
    setClock();
    pass(499);
    expect(await h.fetch('A')).toEqual([]);
    pass(1);
    expect((await h.fetch('A')).map(({ id }) => id)).toEqual([failed!.id]);
    pass(499);
    expect(await h.fetch('A')).toEqual([]);
    pass(1);
    expect((await h.fetch('A')).map(({ id }) => id)).toEqual([locked!.id]);
  });

  it('shows and stores the lock expiration in the new time', async () => {
    await open(bpmn(sequence('p', 'A')));
    await h.start('p');
    const { id } = await h.take('A');
    setClock();
    await h.start('p');
    expect(h.engine.externalTasks.findOne(id)?.lockExpirationTime).toBe(h.clock.now + 1_000);
  });

  it('keeps the due date of a timer', async () => {
    await open(
      bpmn(
        process('t', [
          start(),
          catchEvent('wait', onDuration('PT30M')),
          task('A'),
          end(),
          path('start', 'wait', 'A', 'end'),
        ]),
      ),
    );
    await h.start('t');
    const due = h.clock.now + HOUR_MS / 2;
    setClock();
    // A command detects the changed clock; the engine also checks it periodically.
    await h.fetch('A');
    while (by > 0 && h.engine.jobs.count({}) > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(h.engine.jobs.find({}).map(({ dueDate }) => dueDate)).toEqual(by > 0 ? [] : [due]);
  });
});
