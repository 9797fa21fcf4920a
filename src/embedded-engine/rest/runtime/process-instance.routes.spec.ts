import { beforeEach, describe, expect, it } from '@jest/globals';
import { NotFoundError, ProcessEngineError } from '../../state/engine.errors.js';
import { RestClient } from '../testing/rest.client.js';
import { INSTANCE } from '../testing/records.js';

describe('process-instance', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  const DTO = {
    links: [],
    id: 'PI',
    definitionId: 'order:3:u',
    definitionKey: 'order',
    businessKey: 'ord-1',
    caseInstanceId: null,
    ended: false,
    suspended: false,
    tenantId: null,
  };

  it('lists, counts and gets', async () => {
    rest.engine.answer('runtime.processInstances.find', [INSTANCE]);
    rest.engine.answer('runtime.processInstances.count', 1);
    rest.engine.answer('runtime.findProcessInstance', INSTANCE);
    expect(await rest.answerOf('GET /process-instance?processInstanceIds=a,b&active=true')).toEqual([DTO]);
    expect(rest.query).toMatchObject({ processInstanceIds: ['a', 'b'], active: true });
    expect(
      await rest.answerOf('POST /process-instance', {
        businessKey: 5,
        variables: [{ name: 'a', operator: 'like', value: '%' }],
      }),
    ).toEqual([DTO]);
    expect(rest.query).toMatchObject({
      businessKey: '5',
      variables: [{ name: 'a', operator: 'like', value: '%' }],
    });
    expect(await rest.answerOf('POST /process-instance/count', {})).toEqual({ count: 1 });
    expect(await rest.answerOf('GET /process-instance/PI')).toEqual(DTO);
    rest.engine.answer('runtime.findProcessInstance', null);
    expect(await rest.send('GET /process-instance/x')).toMatchObject({
      status: 404,
      body: {
        value: {
          type: 'InvalidRequestException',
          message: 'Process instance with id x does not exist',
          code: null,
        },
      },
    });
  });

  it('deletes, and responds 404 to an unknown id unless failIfNotExists is false', async () => {
    expect((await rest.send('DELETE /process-instance/PI')).status).toBe(204);
    expect(rest.lastCall?.args).toEqual([
      'PI',
      { deleteReason: null, skipIoMappings: false, skipSubprocesses: false },
    ]);
    const query = 'skipCustomListeners=true&skipIoMappings=true&skipSubprocesses=true';
    expect((await rest.send(`DELETE /process-instance/PI?${query}`)).status).toBe(204);
    expect(rest.lastCall?.args[1]).toMatchObject({ skipIoMappings: true, skipSubprocesses: true });
    expect((await rest.send('DELETE /process-instance/PI?skipIoMappings=x')).status).toBe(400);
    rest.engine.answer('runtime.deleteProcessInstance', new NotFoundError('gone'));
    expect(await rest.errorOf('DELETE /process-instance/PI')).toEqual({
      status: 404,
      type: 'InvalidRequestException',
      message: "No process instance found for id 'PI': processInstance is null",
      code: 0,
    });
    expect((await rest.send('DELETE /process-instance/PI?failIfNotExists=false')).status).toBe(204);
    rest.engine.answer('runtime.deleteProcessInstance', new ProcessEngineError('no'));
    expect((await rest.send('DELETE /process-instance/PI?failIfNotExists=false')).status).toBe(500);
  });

  it('shows the tree of activities', async () => {
    const leaf = {
      id: 'Charge:u',
      parentActivityInstanceId: 'PI',
      activityId: 'Charge',
      activityName: 'Charge',
      activityType: 'serviceTask',
      processInstanceId: 'PI',
      processDefinitionId: 'order:3:u',
      executionIds: ['E'],
      childActivityInstances: [],
      incidents: [{ id: 'I', activityId: 'Charge' }],
    };
    rest.engine.answer('runtime.findActivityInstanceTree', {
      ...leaf,
      id: 'PI',
      parentActivityInstanceId: null,
      incidents: [],
      childActivityInstances: [leaf],
    });
    expect(await rest.answerOf('GET /process-instance/PI/activity-instances')).toMatchObject({
      id: 'PI',
      childTransitionInstances: [],
      childActivityInstances: [{ id: 'Charge:u', incidentIds: ['I'], name: 'Charge' }],
    });
    rest.engine.answer('runtime.findActivityInstanceTree', null);
    expect((await rest.send('GET /process-instance/PI/activity-instances')).status).toBe(404);
  });
});
