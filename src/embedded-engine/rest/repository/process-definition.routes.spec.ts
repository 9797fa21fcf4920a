import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineStoppedError, NotFoundError } from '../../state/engine.errors.js';
import type { EngineResponse } from '../http/http.types.js';
import { jsonOf, RestClient } from '../testing/rest.client.js';
import { DEFINITION, INSTANCE, NOON, NOON_TEXT } from '../testing/records.js';

describe('process-definition', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  it('lists and counts with filters', async () => {
    rest.engine.answer('repository.definitions.find', [DEFINITION]);
    expect(
      await rest.answerOf('GET /process-definition?key=order&latestVersion=true&version=3'),
    ).toMatchObject([{ id: 'order:3:u' }]);
    expect(rest.query).toMatchObject({ key: 'order', latestVersion: true, version: 3, sorting: [] });
    rest.engine.answer('repository.definitions.count', 1);
    expect(await rest.answerOf('GET /process-definition/count?keysIn=a,b')).toEqual({ count: 1 });
    expect(rest.query).toEqual({ keysIn: ['a', 'b'] });
  });

  it('reads the older names of two filters', async () => {
    rest.engine.answer('repository.definitions.count', 1);
    await rest.send('GET /process-definition/count?ver=3&latest=true');
    expect(rest.query).toEqual({ version: 3, latestVersion: true });
    await rest.send('GET /process-definition/count?version=2&ver=3');
    expect(rest.query).toMatchObject({ version: 2 });
  });

  it('gets by id, key, and key with tenant', async () => {
    rest.engine.answer('repository.findDefinition', DEFINITION);
    rest.engine.answer('repository.findLatestDefinition', DEFINITION);
    rest.engine.answer('repository.definitions.find', [DEFINITION]);
    for (const path of ['order%3A3%3Au', 'key/order', 'key/order/tenant-id/acme']) {
      expect(await rest.answerOf(`GET /process-definition/${path}`)).toMatchObject({
        id: 'order:3:u',
        key: 'order',
      });
    }
    expect(rest.engine.calls.map((call) => call.args[0])).toEqual([
      'order:3:u',
      'order',
      { key: 'order', tenantIdIn: ['acme'], latestVersion: true },
    ]);
  });

  it('responds 404 to an unknown key, tenant or id', async () => {
    rest.engine.answer('repository.findDefinition', null);
    rest.engine.answer('repository.findLatestDefinition', null);
    rest.engine.answer('repository.definitions.find', []);
    const errorOf = async (path: string): Promise<unknown> =>
      jsonOf(await rest.send(`GET /process-definition/${path}`));
    expect(await errorOf('x')).toEqual({
      type: 'InvalidRequestException',
      message: 'No matching definition with id x',
      code: 0,
    });
    expect(await errorOf('x/xml')).toMatchObject({ message: 'No matching definition with id x' });
    expect(await errorOf('key/nope')).toEqual({
      type: 'RestException',
      message: 'No matching process definition with key: nope and no tenant-id',
      code: null,
    });
    expect(await errorOf('key/nope/tenant-id/t')).toMatchObject({
      message: 'No matching process definition with key: nope and tenant-id: t',
    });
    expect((await rest.send('POST /process-definition/key/nope/start', {})).status).toBe(404);
  });

  it('serves the XML', async () => {
    rest.engine.answer('repository.findDefinition', DEFINITION);
    rest.engine.answer('repository.findDefinitionResource', { bytes: Buffer.from('<ä/>') });
    expect(await rest.answerOf('GET /process-definition/x/xml')).toEqual({
      id: 'order:3:u',
      bpmn20Xml: '<ä/>',
    });
    rest.engine.answer('repository.findDefinitionResource', null);
    expect(await rest.answerOf('GET /process-definition/x/xml')).toEqual({
      id: 'order:3:u',
      bpmn20Xml: null,
    });
  });

  it('starts an instance by key', async () => {
    rest.engine.answer('repository.findLatestDefinition', DEFINITION);
    rest.engine.answer('runtime.startProcessInstance', { ...INSTANCE, variables: new Map() });
    const answer = await rest.answerOf('POST /process-definition/key/order/start', {
      businessKey: 'ord-1',
      variables: { n: { value: 1 }, due: { value: NOON_TEXT, type: 'date' } },
      caseInstanceId: null,
      startInstructions: [],
    });
    expect(rest.lastCall?.args).toEqual([
      'order:3:u',
      {
        businessKey: 'ord-1',
        variables: new Map<string, unknown>([
          ['n', { type: 'Integer', value: 1, valueInfo: {} }],
          ['due', { type: 'Date', value: NOON, valueInfo: {} }],
        ]),
        startEventId: null,
      },
    ]);
    expect(answer).toEqual({
      links: [{ method: 'GET', href: 'http://h:1/engine-rest/process-instance/PI', rel: 'self' }],
      id: 'PI',
      definitionId: 'order:3:u',
      definitionKey: 'order',
      businessKey: 'ord-1',
      caseInstanceId: null,
      ended: false,
      suspended: false,
      tenantId: null,
    });
  });

  it('starts without a body, and returns variables on request', async () => {
    const variables = new Map([['a', { type: 'Double', value: 2, valueInfo: {} }]]);
    rest.engine.answer('runtime.startProcessInstance', { ...INSTANCE, variables });
    expect(
      await rest.answerOf('POST /process-definition/x/start', { withVariablesInReturn: true }),
    ).toMatchObject({
      variables: { a: { type: 'Double', value: 2, valueInfo: {} } },
    });
    expect(rest.lastCall?.args).toEqual([
      'x',
      { businessKey: null, variables: new Map(), startEventId: null },
    ]);
  });

  it('starts at the start event of the only instruction', async () => {
    rest.engine.answer('runtime.startProcessInstance', INSTANCE);
    const startInstructions = [{ type: 'startBeforeActivity', activityId: 'placed' }];
    await rest.answerOf('POST /process-definition/x/start', { startInstructions });
    expect(rest.lastCall?.args).toEqual([
      'x',
      { businessKey: null, variables: new Map(), startEventId: 'placed' },
    ]);
  });

  it('adds a prefix to errors of a start', async () => {
    const prefix = 'Cannot instantiate process definition x: ';
    const start = async (body: unknown): Promise<EngineResponse> =>
      rest.send('POST /process-definition/x/start', body);
    expect(await start({ variables: { a: { value: 'b', type: 'Integer' } } })).toMatchObject({
      status: 400,
      body: {
        value: {
          type: 'InvalidRequestException',
          message: `${prefix}Cannot convert value 'b' of type 'Integer' to java type java.lang.Integer`,
          code: null,
        },
      },
    });
    const other = { type: 'startAfterActivity', activityId: 's' };
    for (const startInstructions of [[{ type: 'x' }], [{ ...other }], [other, other], {}, 'x']) {
      expect(await start({ startInstructions })).toMatchObject({
        status: 400,
        body: {
          value: {
            message: `${prefix}startInstructions other than one startBeforeActivity are not part of the embedded engine's subset`,
          },
        },
      });
    }
    rest.engine.answer('runtime.startProcessInstance', new NotFoundError('no deployed process definition'));
    expect(await start({})).toMatchObject({
      status: 500,
      body: {
        value: { type: 'RestException', message: `${prefix}no deployed process definition`, code: 0 },
      },
    });
    expect(await start({ variables: { a: { value: 'x'.repeat(4_001) } } })).toMatchObject({
      status: 500,
      body: { value: { code: 10_002 } },
    });
  });

  it('does not report a start as rolled back if the store has rejected its commit', async () => {
    rest.engine.answer('runtime.startProcessInstance', new EngineStoppedError(new Error('disk full')));
    expect(await rest.send('POST /process-definition/x/start', {})).toMatchObject({
      status: 503,
      body: { value: { type: 'ProcessEngineException', message: expect.stringContaining('disk full') } },
    });
  });
});
