import { beforeEach, describe, expect, it } from '@jest/globals';
import { RestClient } from '../testing/rest.client.js';
import { VARIABLE_INSTANCE } from '../testing/records.js';

const DTO = {
  type: 'Bytes',
  value: null,
  valueInfo: {},
  id: 'V',
  name: 'scan',
  processDefinitionId: 'order:3:u',
  processInstanceId: 'PI',
  executionId: 'E',
  caseInstanceId: null,
  caseExecutionId: null,
  taskId: null,
  batchId: null,
  activityInstanceId: 'Charge:u',
  errorMessage: null,
  tenantId: 'acme',
};

describe('variable-instance', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
    rest.engine.answer('runtime.variableInstances.find', [VARIABLE_INSTANCE]);
    rest.engine.answer('runtime.variableInstances.count', 1);
  });

  it('responds 404 to an unknown variable', async () => {
    for (const request of ['GET /variable-instance/x', 'GET /variable-instance/x/data']) {
      expect(await rest.errorOf(request)).toEqual({
        status: 404,
        type: 'InvalidRequestException',
        message: "Variable instance with Id 'x' does not exist.",
        code: null,
      });
    }
  });

  it('lists, counts and gets', async () => {
    expect(
      await rest.answerOf(
        'GET /variable-instance?processInstanceIdIn=PI,Q&variableName=scan&deserializeValues=false',
      ),
    ).toEqual([DTO]);
    expect(rest.query).toEqual({ processInstanceIdIn: ['PI', 'Q'], variableName: 'scan', sorting: [] });
    await rest.answerOf('POST /variable-instance', {
      variableValues: [{ name: 'n', operator: 'eq', value: 1 }],
      sorting: [{ sortBy: 'variableName', sortOrder: 'asc' }],
    });
    expect(rest.query).toMatchObject({ variableValues: [{ name: 'n', operator: 'eq', value: 1 }] });
    expect(await rest.answerOf('GET /variable-instance/count')).toEqual({ count: 1 });
    expect(await rest.answerOf('GET /variable-instance/V')).toEqual(DTO);
  });

  it('serves the content', async () => {
    expect((await rest.send('GET /variable-instance/V/data')).body).toMatchObject({
      content: Buffer.from('hi'),
    });
  });
});
