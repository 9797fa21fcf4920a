import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BuiltEngine } from '../../support/built-engine.js';
import { ensureBuilt } from '../../support/built-service.js';
import { eventually } from '../../support/service.js';
import { Load, TASKS } from './load.js';

/** `ENGINE_KILLS=200` makes a long run. */
const KILLS = Number(process.env.ENGINE_KILLS ?? 8);
const STARTERS = 6;
const WORKERS = 4;
/** An engine lives this long under load before it is killed, at least and at most. Milliseconds. */
const LIFE = [50, 500] as const;

let dataDir: string;

beforeAll(() => {
  ensureBuilt();
  dataDir = mkdtempSync(join(tmpdir(), 'engine-killed-'));
});

afterAll(() => {
  rmSync(dataDir, { recursive: true });
});

/** All items of a list that the engine returns in pages. */
async function all<T>(url: string): Promise<T[]> {
  const found: T[] = [];
  for (;;) {
    const page = (await (await fetch(`${url}&firstResult=${found.length}&maxResults=1000`)).json()) as T[];
    found.push(...page);
    if (page.length < 1_000) return found;
  }
}

function countsOf(keys: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

it('a second engine on the folder of the first is refused in one sentence, until the first is dead', async () => {
  const first = await BuiltEngine.spawn(dataDir);
  await expect(BuiltEngine.spawn(dataDir)).rejects.toThrow(
    /boot: The embedded engine cannot run: \S+embedded-engine\.sqlite is in use by another engine\. [^\n]*\n$/,
  );
  await first.end('SIGKILL');
  await (await BuiltEngine.spawn(dataDir)).end('SIGTERM');
});

it('an engine that is killed again and again under load loses nothing that it acknowledged and does nothing twice', async () => {
  let engine = await BuiltEngine.spawn(dataDir);
  let opened: Promise<string> = Promise.resolve(engine.baseUrl);
  const load = new Load(() => opened);
  await load.deploy();
  const starters = Array.from({ length: STARTERS }, () => load.startProcesses());
  const workers = Array.from({ length: WORKERS }, (_, at) => load.completeTasks(`w${at}`));

  for (let kill = 0; kill < KILLS; kill += 1) {
    const [least, most] = LIFE;
    await new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));
    let isOpen: (baseUrl: string) => void = () => undefined;
    opened = new Promise((resolve) => (isOpen = resolve));
    await engine.end('SIGKILL');
    engine = await BuiltEngine.spawn(dataDir);
    isOpen(engine.baseUrl);
  }
  load.stopStarting();
  await Promise.all(starters);
  const url = engine.baseUrl;
  await eventually(
    async () => (await (await fetch(`${url}/process-instance/count`)).json()) as { count: number },
    ({ count }) => count === 0,
  );
  load.stopWorking();
  await Promise.all(workers);

  interface Instance {
    readonly id: string;
    readonly businessKey: string;
    readonly state: string;
  }
  const instances = await all<Instance>(`${url}/history/process-instance?sortBy=instanceId&sortOrder=asc`);
  const steps = await all<{ processInstanceId: string; activityId: string; endTime: string | null }>(
    `${url}/history/activity-instance?activityType=serviceTask&sortBy=activityInstanceId&sortOrder=asc`,
  );
  const variables = await all<{ processInstanceId: string; name: string; value: string }>(
    `${url}/history/variable-instance?sortBy=instanceId&sortOrder=asc`,
  );
  await engine.end('SIGTERM');

  const ids = new Map(instances.map(({ businessKey, id }) => [businessKey, id]));
  const values = new Map(
    variables.map(({ processInstanceId, name, value }) => [`${processInstanceId}/${name}`, value]),
  );
  expect(load.violations).toEqual([]);
  expect(load.acknowledgedStarts.size).toBeGreaterThan(KILLS);
  expect([...load.acknowledgedStarts].filter(([key, id]) => ids.get(key) !== id)).toEqual([]);
  expect(instances).toHaveLength(ids.size);
  expect(instances.filter(({ state }) => state !== 'COMPLETED')).toEqual([]);
  expect([...load.acknowledgedCompletions].filter(([step, value]) => values.get(step) !== value)).toEqual([]);
  const done = countsOf(
    steps.map(({ processInstanceId, activityId }) => `${processInstanceId}/${activityId}`),
  );
  expect([...done].filter(([, count]) => count !== 1)).toEqual([]);
  expect(done.size).toBe(instances.length * TASKS.length);
  expect(steps.filter(({ endTime }) => endTime === null)).toEqual([]);
}, 3_600_000);
