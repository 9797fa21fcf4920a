import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { RunningService } from '../support/service.js';

interface Item {
  readonly correlationId: string;
  readonly status: string;
  readonly data: unknown;
  readonly hasData?: boolean;
  readonly startedAt: string;
}

interface Page {
  readonly count: number;
  readonly processes: Item[];
  readonly nextCursor: string | null;
}

const LIST = '/api/process/status/all';

describe('the list of processes', () => {
  const { process: parcel, witness } = parcelProcess();
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({ SYNC_TIMEOUT_MS: '50000' }, [parcel]);
    for (let n = 0; n < 60; n += 1) await complete(`elsewhere-${String(n).padStart(2, '0')}`, n);
    await start('ok', 'complete');
    await start('broken', 'fatal');
    await start('running', 'hold', 'wait=0');
    await service.post('/api/process/complete', {
      correlationId: 'failed',
      status: 'error',
      errorCode: 'NO',
    });
  });

  afterAll(async () => {
    witness.release();
    await service.destroy();
  });

  function complete(correlationId: string, data: unknown): Promise<unknown> {
    return service.post('/api/process/complete', { correlationId, status: 'ok', data });
  }

  function start(correlationId: string, mode: string, prefer = 'wait=10'): Promise<unknown> {
    const body = { processKey: 'parcel', correlationId, variables: { mode } };
    return service.post('/api/process/start', body, { prefer });
  }

  async function page(query: Record<string, string>): Promise<Page> {
    const answer = await service.get(`${LIST}?${new URLSearchParams(query).toString()}`);
    expect(answer.status).toBe(200);
    const body = answer.body as unknown as Page;
    expect(body.count).toBe(body.processes.length);
    return body;
  }

  const idsOf = ({ processes }: Page): string[] => processes.map(({ correlationId }) => correlationId);

  it('has without parameters the open and recently ended processes, newest first, with data', async () => {
    await complete('just-ended', { fresh: true });
    const answer = await service.get(LIST);
    const { processes, nextCursor } = answer.body as unknown as Page;
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    expect(nextCursor).toBeNull();
    const byId = new Map(processes.map((item) => [item.correlationId, item]));
    expect([...byId.keys()]).toEqual(expect.arrayContaining(['running', 'broken', 'just-ended']));
    expect(byId.get('just-ended')).toMatchObject({ status: 'ok', data: { fresh: true } });
    expect(byId.get('broken')).toMatchObject({ status: 'error', errorCode: 'INCIDENT' });
    const times = processes.map(({ startedAt }) => startedAt);
    expect(times).toEqual([...times].sort().reverse());
  });

  it('selects by status and process key', async () => {
    expect(idsOf(await page({ processKey: 'parcel' }))).toEqual(['running', 'broken', 'ok']);
    expect(idsOf(await page({ processKey: 'parcel', status: 'pending' }))).toEqual(['running']);
    expect(idsOf(await page({ status: 'error' }))).toEqual(['failed', 'broken']);
    expect(await page({ processKey: 'none' })).toEqual({ count: 0, processes: [], nextCursor: null });
  });

  it('selects by the time of the start, inclusive from, exclusive to', async () => {
    const { processes } = await page({ processKey: 'parcel' });
    const [running, broken, ok] = processes.map(({ startedAt }) => startedAt);
    const between = { startedAfter: ok ?? '', startedBefore: running ?? '', processKey: 'parcel' };
    expect(idsOf(await page(between))).toEqual(broken === running ? ['ok'] : ['broken', 'ok']);
    const zoned = (ok ?? '').replace('Z', '+00:00');
    expect(idsOf(await page({ ...between, startedAfter: zoned }))).toContain('ok');
  });

  it('has 50 items without data in a page by default', async () => {
    const first = await page({ status: 'ok' });
    expect(first.count).toBe(50);
    expect(first.processes.map(({ data, hasData }) => [data, hasData])).toEqual(Array(50).fill([null, true]));
    expect((await page({ status: 'error' })).processes.map(({ hasData }) => hasData)).toEqual([false, false]);
  });

  it('includes the data of at most 20 items on request', async () => {
    const first = await page({ status: 'ok', include: 'data', startedBefore: '2999-01-01T00:00:00Z' });
    expect([first.count, first.nextCursor]).toEqual([20, expect.any(String)]);
    for (const { correlationId, data, hasData } of first.processes) {
      if (correlationId.startsWith('elsewhere-')) {
        expect([data, hasData]).toEqual([Number(correlationId.slice(-2)), true]);
      }
    }
  });

  it('has each process once across all pages, also while others are added', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: Page = await page({ status: 'ok', limit: '7', ...(cursor === null ? {} : { cursor }) });
      seen.push(...idsOf(next));
      cursor = next.nextCursor;
      await complete(`added-${seen.length}`, 1);
    } while (cursor !== null);
    const elsewhere = seen.filter((id) => id.startsWith('elsewhere-'));
    expect(elsewhere).toEqual([...new Set(elsewhere)].sort().reverse());
    expect(elsewhere).toHaveLength(60);
    expect(seen.filter((id) => id.startsWith('added-'))).toEqual([]);
  });

  it.each([
    'limit=',
    'limit=1.5',
    'status=',
    'status=ok&status=error',
    'processKey=a%20b',
    'startedAfter=2026-01-01',
    'startedBefore=2026-01-01T00:00:00',
    'startedAfter=0000-06-01T00:00:00Z',
    'startedAfter=0001-01-01T00:00:00%2B14:00',
    'startedBefore=9999-12-31T23:59:59-14:00',
    `cursor=${Buffer.from('999999999999999 a').toString('base64url')}`,
    'cursor=',
    'include=all',
    'include=data&limit=50',
  ])('refuses %s, and names the parameter', async (query) => {
    const refused = await service.get(`${LIST}?${query}`);
    expect([refused.status, refused.body.type]).toEqual([400, 'urn:fastify-camunda:problem:invalid-request']);
    const name = query.endsWith('limit=50') ? 'limit' : query.split('=')[0];
    expect(refused.body.errors).toEqual([{ pointer: `/${name}`, detail: expect.any(String) }]);
  });

  it.each([
    [`${LIST}?limit=1&limit=2`, 'must be one whole number from 1 to 500'],
    [`${LIST}?limit=many`, 'must be one whole number from 1 to 500'],
    [`${LIST}?limit=501`, 'must be one whole number from 1 to 500'],
    [`${LIST}?status=ok&status=error`, 'must be given once'],
    [`${LIST}?startedAfter=2026-01-01T00:00:00Z&startedAfter=2026-01-02T00:00:00Z`, 'must be given once'],
    [`${LIST}?cursor=a&cursor=b`, 'must be given once'],
    [`${LIST}?include=data&include=data`, 'must be given once'],
    ['/api/process/events/any?after=99999999999999999999', 'must be one whole number from 0 to 2147483647'],
  ])('says of %s what it must be', async (path, detail) => {
    const refused = await service.get(path);
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual([{ pointer: expect.any(String), detail }]);
  });
});
