import { beforeEach, describe, expect, it } from '@jest/globals';
import { NotFoundError, ProcessEngineError } from '../../state/engine.errors.js';
import { DEFINITION, INSTANCE } from '../testing/records.js';
import { RestClient } from '../testing/rest.client.js';

const DEFINITION_PATHS = ['order:3:u', 'key/order', 'key/order/tenant-id/acme'];

describe('suspension', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
    rest.engine.answer('repository.findLatestDefinition', DEFINITION);
    rest.engine.answer('repository.definitions.find', [DEFINITION]);
  });

  it.each<[string, unknown, string]>([
    [
      '/process-definition/x/suspended',
      { processDefinitionKey: 'order' },
      'Only one of processDefinitionId or processDefinitionKey should be set to update the suspension state.',
    ],
    [
      '/process-definition/x/suspended',
      { executionDate: 'rubbish' },
      'The suspension state of Process Definition with id x could not be updated due to: Invalid format: "rubbish"',
    ],
    [
      '/process-definition/x/suspended',
      { executionDate: '9999-01-01T00:00:00.000+0000' },
      "The suspension state of Process Definition with id x could not be updated due to: an executionDate to come is not part of the embedded engine's subset",
    ],
    [
      '/process-definition/suspended',
      { processDefinitionKey: 'order', executionDate: '9999-01-01T00:00:00' },
      "Could not update the suspension state of Process Definitions due to: an executionDate to come is not part of the embedded engine's subset",
    ],
    [
      '/process-definition/suspended',
      { processDefinitionId: 'x' },
      'Only processDefinitionKey can be set to update the suspension state.',
    ],
    [
      '/process-definition/suspended',
      {},
      'Either processDefinitionId or processDefinitionKey should be set to update the suspension state.',
    ],
    [
      '/process-instance/suspended',
      { suspended: true },
      'Either processDefinitionId or processDefinitionKey should be set to update the suspension state.',
    ],
    [
      '/process-instance/suspended',
      { processInstanceId: 'PI' },
      'Either processDefinitionId or processDefinitionKey can be set to update the suspension state.',
    ],
    [
      '/process-instance/suspended',
      { processDefinitionId: 'x', processDefinitionKey: 'order' },
      'Only one of processInstanceId, processDefinitionId or processDefinitionKey should be set to update the suspension state.',
    ],
    [
      '/process-instance/PI/suspended',
      { suspended: 'perhaps' },
      "Cannot set query parameter 'suspended' to value 'perhaps': Cannot convert value perhaps to java type java.lang.Boolean",
    ],
  ])('refuses PUT %s %j', async (path, body, message) => {
    expect(await rest.errorOf(`PUT ${path}`, body)).toEqual({
      status: 400,
      type: 'InvalidRequestException',
      message,
      code: null,
    });
    expect(rest.engine.argumentsOf('repository.setDefinitionSuspended')).toBeUndefined();
  });

  it('refuses a combination of selections', async () => {
    expect(
      await rest.errorOf('PUT /process-instance/suspended', {
        processDefinitionKey: 'order',
        processInstanceIds: ['PI'],
      }),
    ).toMatchObject({ status: 400, message: expect.stringContaining('Choose either a single') });
  });

  it('responds 404 to an unknown key', async () => {
    rest.engine.answer('repository.findLatestDefinition', null);
    expect(await rest.errorOf('PUT /process-definition/key/nope/suspended', {})).toMatchObject({
      status: 404,
      type: 'RestException',
    });
  });

  it('ignores an unknown id', async () => {
    rest.engine.answer('repository.setDefinitionSuspended', new NotFoundError('gone'));
    rest.engine.answer('runtime.setSuspended', new NotFoundError('gone'));
    const body = { suspended: true };
    expect((await rest.send('PUT /process-definition/x/suspended', body)).status).toBe(204);
    expect((await rest.send('PUT /process-instance/x/suspended', body)).status).toBe(204);
    rest.engine.answer('runtime.setSuspended', new ProcessEngineError('other'));
    expect((await rest.send('PUT /process-instance/x/suspended', body)).status).toBe(500);
  });

  it.each(DEFINITION_PATHS)('suspends the definition %s', async (path) => {
    const request = `PUT /process-definition/${path}/suspended`;
    expect((await rest.send(request, { suspended: true, includeProcessInstances: true })).status).toBe(204);
    expect(rest.lastCall?.args).toEqual(['order:3:u', true, true]);
    // A past date means now.
    await rest.send(request, { executionDate: '2020-01-01T00:00:00' });
    expect(rest.lastCall?.args).toEqual(['order:3:u', false, false]);
  });

  it('suspends all versions of a key', async () => {
    rest.engine.answer('repository.definitions.find', [DEFINITION, { ...DEFINITION, id: 'order:2:u' }]);
    const body = { processDefinitionKey: 'order', suspended: true };
    expect((await rest.send('PUT /process-definition/suspended', body)).status).toBe(204);
    expect(rest.engine.calls.map((call) => call.args)).toEqual([
      [{ key: 'order' }],
      ['order:3:u', true, false],
      ['order:2:u', true, false],
    ]);
  });

  it('suspends instances by id, by definition and by query', async () => {
    rest.engine.answer('runtime.processInstances.find', [INSTANCE, { ...INSTANCE, id: 'Q' }]);
    const suspendedIds = async (path: string, body: object): Promise<unknown> => {
      rest.engine.calls.length = 0;
      expect((await rest.send(`PUT ${path}`, { ...body, suspended: true })).status).toBe(204);
      return rest.engine.calls
        .filter((call) => call.method === 'runtime.setSuspended')
        .map((call) => call.args);
    };
    expect(await suspendedIds('/process-instance/PI/suspended', {})).toEqual([['PI', true]]);
    const many = '/process-instance/suspended';
    expect(await suspendedIds(many, { processDefinitionKey: 'order' })).toEqual([
      ['PI', true],
      ['Q', true],
    ]);
    expect(rest.engine.argumentsOf('runtime.processInstances.find')).toEqual([
      { processDefinitionKey: 'order' },
    ]);
    expect(
      await suspendedIds(many, {
        processInstanceIds: ['a', 'Q'],
        processInstanceQuery: { businessKey: 'b' },
      }),
    ).toEqual([
      ['a', true],
      ['Q', true],
      ['PI', true],
    ]);
    expect(rest.engine.argumentsOf('runtime.processInstances.find')).toEqual([{ businessKey: 'b' }]);
  });
});

describe('history time to live', () => {
  it.each(DEFINITION_PATHS)('is set for the definition %s', async (path) => {
    const rest = new RestClient();
    rest.engine.answer('repository.findLatestDefinition', DEFINITION);
    rest.engine.answer('repository.definitions.find', [DEFINITION]);
    const request = `PUT /process-definition/${path}/history-time-to-live`;
    expect((await rest.send(request, { historyTimeToLive: 5 })).status).toBe(204);
    expect(rest.lastCall).toEqual({ method: 'repository.setHistoryTimeToLive', args: ['order:3:u', 5] });
    expect((await rest.send(request, {})).status).toBe(204);
    expect(rest.lastCall?.args).toEqual(['order:3:u', null]);
    expect((await rest.send(request, { historyTimeToLive: 'x' })).status).toBe(400);
  });
});
