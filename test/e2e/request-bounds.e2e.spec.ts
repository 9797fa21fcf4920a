import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, RunningService } from '../support/service.js';

const START = '/api/process/start';

interface Errors {
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly errorCount: number;
}

/** An object with as many members. */
function members(count: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_each, index) => [`m${index}`, index]));
}

describe('the limits of a request', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start();
  });

  afterAll(async () => {
    await service.destroy();
  });

  function start(correlationId: string, variables: Record<string, unknown>): Promise<Answer> {
    return service.post(START, { processKey: 'onboard-user', correlationId, variables });
  }

  async function rowCount(): Promise<unknown> {
    return (await service.rows('SELECT CAST(COUNT(*) AS INTEGER) AS n FROM process_store'))[0]?.n;
  }

  it('accepts a start with the maximum number of members, and refuses a larger one before its claim', async () => {
    // Three are of the request, one is userId.
    expect((await start('just-right', { userId: 'u', ...members(996) })).status).toBe(200);
    const before = await rowCount();
    const refused = await start('too-many', { userId: 'u', ...members(997) });
    expect([refused.status, refused.body.type]).toEqual([
      400,
      'urn:fastify-camunda:problem:too-many-members',
    ]);
    expect(refused.body.detail).toContain(
      '1001 members in its objects; HTTP_JSON_MAX_MEMBERS allows 1000. Nothing was kept.',
    );
    expect(await rowCount()).toBe(before);
  });

  it('counts members at every depth, and items of arrays', async () => {
    const nested = await start('nested', {
      userId: 'u',
      list: Array.from({ length: 100 }, () => members(10)),
    });
    expect(nested.body.detail).toContain('1005 members');
    const long = await start('long', { userId: 'u', list: [Array(5_000).fill(0), Array(5_000).fill(0)] });
    expect([long.status, long.body.type]).toEqual([400, 'urn:fastify-camunda:problem:too-many-members']);
    expect(long.body.detail).toContain('10002 items in its arrays; HTTP_JSON_MAX_ITEMS allows 10000');
  });

  it.each([
    ['/api/process/complete', { correlationId: 'c', status: 'ok', data: members(1_000) }],
    ['/api/process/cancel/c', members(1_001)],
  ])('holds for %s', async (path, body) => {
    const refused = await service.post(path, body);
    expect([refused.status, refused.body.type]).toEqual([
      400,
      'urn:fastify-camunda:problem:too-many-members',
    ]);
  });

  it('accepts more if configured, lists the first errors and counts the others', async () => {
    const generous = await RunningService.start({ HTTP_JSON_MAX_MEMBERS: '100000' });
    try {
      const refused = await generous.post(START, { processKey: 'onboard-user', ...members(40_000) });
      const { errors, errorCount } = refused.body as unknown as Errors;
      expect([refused.status, errors.length, errorCount]).toEqual([400, 20, 40_000]);
      const variables = Object.fromEntries(Array.from({ length: 2_000 }, (_each, n) => [`v${n}`, 2 ** 60]));
      const unsafe = await generous.post(START, { processKey: 'onboard-user', variables });
      expect((unsafe.body as unknown as Errors).errors).toHaveLength(20);
      expect((unsafe.body as unknown as Errors).errorCount).toBe(2_000);
    } finally {
      await generous.destroy();
    }
  });

  it('truncates the name of a long member', async () => {
    const refused = await service.post(START, { processKey: 'onboard-user', ['x'.repeat(500_000)]: 1 });
    const { errors, errorCount } = refused.body as unknown as Errors;
    expect([refused.status, errorCount, errors[0]?.pointer]).toEqual([400, 1, `/${'x'.repeat(253)}…`]);
    expect(refused.text.length).toBeLessThan(1_000);
  });

  it.each([
    ['status', 'GET'],
    ['events', 'GET'],
    ['cancel', 'POST'],
  ])(
    'refuses at %s what no id can be: NUL, spaces, 256 characters, the reserved one',
    async (route, method) => {
      for (const id of [
        'a%00b',
        '%00',
        'a%20b',
        '.a',
        'a'.repeat(256),
        ...(route === 'status' ? [] : ['all']),
      ]) {
        const response = await fetch(`${service.baseUrl}/api/process/${route}/${id}`, { method });
        const body = (await response.json()) as Errors & { type: string };
        expect([id, response.status, body.type]).toEqual([
          id,
          400,
          'urn:fastify-camunda:problem:invalid-request',
        ]);
        expect(body.errors[0]?.pointer).toBe('/correlationId');
      }
    },
  );

  it.each([
    ['a NUL', Buffer.from('1700000000000 a\0b').toString('base64url')],
    ['padding', Buffer.from('1700000000000 abc').toString('base64')],
    ['bytes that are not UTF-8', Buffer.from('1700000000000 \xff', 'latin1').toString('base64url')],
    ['half of a cursor', Buffer.from('1700000000000').toString('base64url')],
  ])('refuses a cursor with %s', async (_what, cursor) => {
    const refused = await service.get(`/api/process/status/all?cursor=${encodeURIComponent(cursor)}`);
    expect([refused.status, refused.body.type]).toEqual([400, 'urn:fastify-camunda:problem:invalid-request']);
    expect(refused.body.errors).toEqual([{ pointer: '/cursor', detail: 'is not a cursor' }]);
  });
});
