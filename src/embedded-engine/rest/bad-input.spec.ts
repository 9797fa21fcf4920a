import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EngineRouter } from './http/engine.router.js';
import type { EngineRequest, EngineResponse } from './http/http.types.js';
import { restRoutes } from './server/rest.routes.js';
import { idleEngine } from './testing/idle.engine.js';

const ROUTES = restRoutes(idleEngine(), () => 0);
const PATHS = ROUTES.map(({ method, path }) => ({ method, path: path.replace(/:\w+/g, 'x') }));

/** Members that the API reads, besides the filters. */
const MEMBERS = [
  ...['variables', 'modifications', 'deletions', 'correlationKeys', 'processVariables', 'localVariables'],
  ...['value', 'type', 'valueInfo', 'name', 'operator', 'sorting', 'sortBy', 'sortOrder', 'topics'],
  ...['topicName', 'lockDuration', 'maxTasks', 'workerId', 'asyncResponseTimeout', 'messageName', 'all'],
  ...['businessKey', 'retries', 'dueDate', 'duedate', 'dueDates', 'priority', 'suspended', 'userId'],
  ...['executionDate', 'processInstanceIds', 'processInstanceQuery', 'externalTaskQuery', 'tenantIdIn'],
  ...[
    'processDefinitionKey',
    'processDefinitionId',
    'startInstructions',
    'historyTimeToLive',
    'startedAfter',
  ],
  ...['firstResult', 'maxResults', 'active', 'variableValues', 'failIfNotExists', 'variableTypeIn'],
  ...['resultEnabled', 'withVariablesInReturn', 'errorMessage', 'errorCode', '__proto__', 'constructor'],
];

const VALUE_TYPES = [
  'String',
  'Integer',
  'Long',
  'Double',
  'Boolean',
  'Null',
  'Date',
  'File',
  'Object',
  'Json',
  'Bytes',
  'toString',
  '',
];

const member = fc.constantFrom(...MEMBERS);
const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', ' ', 'x', 'a_eq_b', 'asc', '-1', '1', ...VALUE_TYPES),
  fc.constantFrom<unknown>(0, -1, 1.5, 2 ** 31, 2 ** 53, 1e300, '2026-01-31T10:00:00.000+0000', '\ud800'),
  fc.string(),
  fc.double(),
);

/** A JSON value of known members with any content. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(member, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const variable = fc.record(
  { type: fc.oneof(fc.constantFrom(...VALUE_TYPES), json), value: json, valueInfo: json },
  { requiredKeys: [] },
);
const variables = fc.dictionary(fc.constantFrom('a', '__proto__', ''), fc.oneof(variable, json));

/** A body whose members sometimes have the expected shape. */
const requestBody = fc.oneof(
  json,
  fc
    .record(
      {
        variables,
        modifications: variables,
        correlationKeys: variables,
        processVariables: fc.oneof(variables, fc.array(fc.dictionary(member, json))),
        topics: fc.array(fc.dictionary(member, json), { maxLength: 2 }),
        sorting: fc.array(fc.record({ sortBy: json, sortOrder: scalar }), { maxLength: 2 }),
        dueDates: fc.array(fc.record({ operator: scalar, value: json }), { maxLength: 2 }),
        messageName: json,
        more: json,
      },
      { requiredKeys: [] },
    )
    .chain((body) => fc.dictionary(member, json).map((more) => ({ ...more, ...body }))),
  variable,
);

function send(method: string, url: string, body: EngineRequest['body']): Promise<EngineResponse> {
  const router = new EngineRouter(ROUTES, (error) => {
    throw error;
  });
  return router.dispatch({ method, url, body, origin: 'http://h', onDisconnect: () => {} });
}

/** A valid response: a success, a refusal, or one of the refusals for which Camunda responds with 500. */
function isSettled({ status, body }: EngineResponse): boolean {
  if (status < 500) return true;
  const text = JSON.stringify(body.kind === 'json' ? body.value : null);
  return status === 500 && /"code":(0|10002)\}|"type":"IllegalArgumentException"/.test(text);
}

function percent(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '%'));
}

describe('any request', () => {
  it('gets a success or a clear refusal, for any body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), requestBody, async ({ method, path }, value) => {
        // As it arrives: without values that JSON lacks, and with __proto__ as an ordinary member.
        const text = JSON.stringify(value);
        const body = { kind: 'json', value: JSON.parse(text) as unknown } as const;
        const response = await send(method, `/engine-rest${path}`, body);
        expect({ response, isSettled: isSettled(response) }).toMatchObject({ isSettled: true });
      }),
      { numRuns: 2_000 },
    );
  });

  it('gets a success or a clear refusal, for any query string', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PATHS),
        fc.array(fc.tuple(member, scalar), { maxLength: 4 }),
        async ({ method, path }, entries) => {
          const query = entries.map(([name, value]) => `${name}=${percent(String(value))}`).join('&');
          const response = await send(method, `/engine-rest${path}?${query}`, { kind: 'none' });
          expect({ response, isSettled: isSettled(response) }).toMatchObject({ isSettled: true });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is refused if a list is huge or no member has the expected type', async () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => ({ index }));
    for (const path of ['/process-instance', '/history/process-instance', '/task', '/job', '/execution']) {
      const body = { kind: 'json', value: { processInstanceIds: ids, tenantIdIn: ids } } as const;
      expect((await send('POST', `/engine-rest${path}`, body)).status).toBe(400);
    }
  });

  it('covers every route', () => {
    expect(PATHS.length).toBeGreaterThan(100);
    expect(new Set(PATHS.map(({ method, path }) => `${method} ${path}`)).size).toBe(PATHS.length);
  });
});
