import { beforeEach, describe, expect, it } from '@jest/globals';
import { RestClient } from '../testing/rest.client.js';
import {
  HISTORIC_ACTIVITY,
  HISTORIC_INCIDENT,
  HISTORIC_INSTANCE,
  HISTORIC_TASK,
  HISTORIC_VARIABLE,
  NOON,
  NOON_TEXT,
  TASK_LOG,
} from '../testing/records.js';

describe('history', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  it('lists, counts and gets instances', async () => {
    rest.engine.answer('history.instances.find', [HISTORIC_INSTANCE]);
    rest.engine.answer('history.instances.count', 1);
    rest.engine.answer('history.findInstance', HISTORIC_INSTANCE);
    const dto = {
      id: 'PI',
      businessKey: 'ord-1',
      processDefinitionId: 'order:3:u',
      processDefinitionKey: 'order',
      processDefinitionName: 'Order',
      processDefinitionVersion: 3,
      startTime: NOON_TEXT,
      endTime: '2026-01-31T10:00:00.812+0000',
      removalTime: null,
      durationInMillis: 812,
      startUserId: null,
      startActivityId: 'Start',
      deleteReason: null,
      rootProcessInstanceId: 'PI',
      superProcessInstanceId: null,
      superCaseInstanceId: null,
      caseInstanceId: null,
      tenantId: null,
      state: 'COMPLETED',
      restartedProcessInstanceId: null,
    };
    expect(
      await rest.answerOf('POST /history/process-instance', {
        processInstanceIds: ['PI'],
        finished: true,
        completed: true,
        externallyTerminated: true,
        active: false,
        stateIn: ['ACTIVE'],
        sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }],
      }),
    ).toEqual([dto]);
    expect(rest.query).toMatchObject({
      processInstanceIds: ['PI'],
      finished: true,
      stateIn: ['COMPLETED', 'EXTERNALLY_TERMINATED'],
      sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }],
    });
    expect(
      await rest.answerOf('GET /history/process-instance/count?processInstanceBusinessKey=ord-1'),
    ).toEqual({
      count: 1,
    });
    expect(rest.query).toEqual({ processInstanceBusinessKey: 'ord-1' });
    expect(await rest.answerOf('GET /history/process-instance/PI')).toEqual(dto);
    rest.engine.answer('history.findInstance', null);
    expect(await rest.send('GET /history/process-instance/x')).toMatchObject({
      status: 404,
      body: { value: { message: 'Historic process instance with id x does not exist' } },
    });
  });

  it('lists and counts activities', async () => {
    rest.engine.answer('history.activities.find', [HISTORIC_ACTIVITY]);
    rest.engine.answer('history.activities.count', 1);
    expect(
      await rest.answerOf(
        'GET /history/activity-instance?processInstanceId=PI&sortBy=startTime&sortOrder=asc',
      ),
    ).toEqual([
      {
        id: 'Charge:u',
        parentActivityInstanceId: 'PI',
        activityId: 'Charge',
        activityName: 'Charge the card',
        activityType: 'serviceTask',
        processDefinitionKey: 'order',
        processDefinitionId: 'order:3:u',
        processInstanceId: 'PI',
        executionId: 'E',
        taskId: null,
        calledProcessInstanceId: null,
        calledCaseInstanceId: null,
        assignee: null,
        startTime: NOON_TEXT,
        endTime: null,
        durationInMillis: null,
        canceled: false,
        completeScope: false,
        tenantId: null,
        removalTime: null,
        rootProcessInstanceId: 'PI',
      },
    ]);
    expect(await rest.answerOf('POST /history/activity-instance/count', { canceled: true })).toEqual({
      count: 1,
    });
    expect(rest.query).toEqual({ canceled: true });
  });

  it('lists and counts variables', async () => {
    rest.engine.answer('history.variables.find', [HISTORIC_VARIABLE]);
    rest.engine.answer('history.variables.count', 1);
    expect(
      await rest.answerOf(
        'GET /history/variable-instance?processInstanceId=PI&deserializeValues=false&variableTypeIn=json',
      ),
    ).toEqual([
      {
        type: 'Json',
        value: '{"ok":true}',
        valueInfo: {},
        id: 'V',
        name: 'result',
        processDefinitionKey: 'order',
        processDefinitionId: 'order:3:u',
        processInstanceId: 'PI',
        executionId: 'PI',
        activityInstanceId: 'PI',
        caseDefinitionKey: null,
        caseDefinitionId: null,
        caseInstanceId: null,
        caseExecutionId: null,
        taskId: null,
        errorMessage: null,
        tenantId: null,
        state: 'CREATED',
        createTime: NOON_TEXT,
        removalTime: null,
        rootProcessInstanceId: 'PI',
      },
    ]);
    expect(rest.engine.argumentsOf('history.variables.find')).toMatchObject([
      { processInstanceId: 'PI', variableTypeIn: ['Json'] },
    ]);
    expect(await rest.answerOf('GET /history/variable-instance/count')).toEqual({ count: 1 });
  });

  describe('of called instances', () => {
    it('shows the root, the tenant and the removal time of their instance', async () => {
      rest.engine.answer('history.findInstance', {
        ...HISTORIC_INSTANCE,
        rootProcessInstanceId: 'ROOT',
        tenantId: 'acme',
        removalTime: NOON,
      });
      rest.engine.answer('history.activities.find', [
        { ...HISTORIC_ACTIVITY, taskId: 'T', assignee: 'ann', calledProcessInstanceId: 'C' },
      ]);
      rest.engine.answer('history.variables.find', [HISTORIC_VARIABLE]);
      const instance = { rootProcessInstanceId: 'ROOT', tenantId: 'acme', removalTime: NOON_TEXT };
      expect(await rest.answerOf('GET /history/activity-instance')).toMatchObject([
        { ...instance, taskId: 'T', assignee: 'ann', calledProcessInstanceId: 'C' },
      ]);
      expect(rest.engine.argumentsOf('history.findInstance')).toEqual(['PI']);
      expect(await rest.answerOf('GET /history/variable-instance')).toMatchObject([instance]);
    });
  });

  it('reads filters of roots and callers', async () => {
    rest.engine.answer('history.instances.count', 0);
    const query = 'rootProcessInstances=true&superProcessInstanceId=P';
    await rest.send(`GET /history/process-instance/count?${query}`);
    expect(rest.query).toEqual({ rootProcessInstances: true, superProcessInstanceId: 'P' });
  });

  it('does not treat an empty list of instances as all instances', async () => {
    for (const request of ['POST /history/process-instance', 'POST /process-instance/count']) {
      expect(await rest.errorOf(request, { processInstanceIds: [] })).toEqual({
        status: 500,
        type: 'ProcessEngineException',
        message: 'Set of process instance ids is empty',
        code: 0,
      });
    }
    expect(rest.engine.calls).toEqual([]);
    rest.engine.answer('history.instances.find', []);
    await rest.send('GET /history/process-instance?processInstanceIds=');
    expect(rest.query).toMatchObject({ processInstanceIds: [''] });
  });

  it('gets one activity and one variable', async () => {
    rest.engine.answer('history.activities.find', [HISTORIC_ACTIVITY]);
    rest.engine.answer('history.variables.find', [HISTORIC_VARIABLE]);
    expect(await rest.answerOf('GET /history/activity-instance/Charge:u')).toMatchObject({ id: 'Charge:u' });
    expect(rest.engine.argumentsOf('history.activities.find')).toEqual([{ activityInstanceId: 'Charge:u' }]);
    expect(await rest.answerOf('GET /history/variable-instance/V')).toMatchObject({
      id: 'V',
      value: '{"ok":true}',
    });
    expect(rest.engine.argumentsOf('history.variables.find')).toEqual([{ id: 'V', includeDeleted: true }]);
    expect(await rest.errorOf('GET /history/variable-instance/V/data')).toMatchObject({
      status: 400,
      message: 'Value of variable with id V is not a binary value.',
    });
    rest.engine.answer('history.activities.find', []);
    rest.engine.answer('history.variables.find', []);
    expect(await rest.errorOf('GET /history/activity-instance/x')).toMatchObject({
      status: 404,
      message: "Historic activity instance with id 'x' does not exist",
    });
    expect(await rest.errorOf('GET /history/variable-instance/x')).toMatchObject({
      status: 404,
      message: "Historic variable instance with Id 'x' does not exist.",
    });
  });

  it('lists and counts incidents by GET only', async () => {
    rest.engine.answer('history.findInstance', HISTORIC_INSTANCE);
    rest.engine.answer('history.incidents.find', [HISTORIC_INCIDENT]);
    rest.engine.answer('history.incidents.count', 1);
    expect(
      await rest.answerOf('GET /history/incident?resolved=true&sortBy=createTime&sortOrder=asc'),
    ).toEqual([
      {
        id: 'I',
        processDefinitionKey: 'order',
        processDefinitionId: 'order:3:u',
        processInstanceId: 'PI',
        executionId: 'E',
        rootProcessInstanceId: 'PI',
        createTime: NOON_TEXT,
        endTime: '2026-01-31T10:00:00.005+0000',
        removalTime: null,
        incidentType: 'failedExternalTask',
        activityId: 'Charge',
        failedActivityId: 'Charge',
        causeIncidentId: 'I',
        rootCauseIncidentId: 'I',
        configuration: 'T',
        historyConfiguration: 'L',
        incidentMessage: 'timeout',
        tenantId: null,
        jobDefinitionId: null,
        open: false,
        deleted: false,
        resolved: true,
        annotation: null,
      },
    ]);
    expect(rest.engine.argumentsOf('history.incidents.find')).toMatchObject([{ resolved: true }]);
    expect(await rest.answerOf('GET /history/incident/count?open=true')).toEqual({ count: 1 });
    expect((await rest.send('POST /history/incident', {})).status).toBe(405);
  });

  it('lists and counts user tasks', async () => {
    rest.engine.answer('history.userTasks.find', [HISTORIC_TASK]);
    rest.engine.answer('history.userTasks.count', 1);
    expect(await rest.answerOf('GET /history/task?taskAssignee=ann&sortBy=taskName&sortOrder=asc')).toEqual([
      {
        id: 'T',
        processDefinitionKey: 'order',
        processDefinitionId: 'order:3:u',
        processInstanceId: 'PI',
        executionId: 'E',
        caseDefinitionKey: null,
        caseDefinitionId: null,
        caseInstanceId: null,
        caseExecutionId: null,
        activityInstanceId: 'Approve:u',
        name: 'Approve it',
        description: null,
        deleteReason: 'completed',
        owner: null,
        assignee: 'ann',
        startTime: NOON_TEXT,
        endTime: '2026-01-31T10:00:00.009+0000',
        duration: 9,
        taskDefinitionKey: 'Approve',
        priority: 50,
        due: null,
        parentTaskId: null,
        followUp: null,
        tenantId: null,
        removalTime: null,
        rootProcessInstanceId: 'PI',
        taskState: 'Completed',
      },
    ]);
    expect(await rest.answerOf('POST /history/task/count', { finished: true })).toEqual({ count: 1 });
    expect(rest.query).toEqual({ finished: true });
    const open = { ...HISTORIC_TASK, endTime: null, deleteReason: null };
    rest.engine.answer('history.userTasks.find', [open, { ...HISTORIC_TASK, deleteReason: 'deleted' }]);
    expect(await rest.answerOf('POST /history/task', {})).toMatchObject([
      { taskState: 'Created', duration: null },
      { taskState: 'Deleted' },
    ]);
  });

  it('shows the log of external tasks', async () => {
    rest.engine.answer('history.taskLog.find', [TASK_LOG]);
    rest.engine.answer('history.taskLog.count', 1);
    rest.engine.answer('history.findTaskLogEntry', TASK_LOG);
    const dto = {
      id: 'L',
      timestamp: NOON_TEXT,
      removalTime: null,
      externalTaskId: 'T',
      topicName: 'charge',
      workerId: 'w',
      priority: 0,
      retries: 0,
      errorMessage: 'timeout',
      activityId: 'Approve',
      activityInstanceId: 'Approve:u',
      executionId: 'E',
      processInstanceId: 'PI',
      processDefinitionId: 'order:3:u',
      processDefinitionKey: 'order',
      tenantId: null,
      rootProcessInstanceId: 'PI',
      creationLog: false,
      failureLog: true,
      successLog: false,
      deletionLog: false,
    };
    expect(await rest.answerOf('GET /history/external-task-log?failureLog=true')).toEqual([dto]);
    expect(rest.engine.argumentsOf('history.taskLog.find')).toMatchObject([{ failureLog: true }]);
    expect(await rest.answerOf('POST /history/external-task-log/count', {})).toEqual({ count: 1 });
    expect(await rest.answerOf('GET /history/external-task-log/L')).toEqual(dto);
    const details = 'GET /history/external-task-log/L/error-details';
    expect((await rest.send(details)).body).toMatchObject({
      contentType: 'text/plain',
      content: Buffer.from('timeout at'),
    });
    rest.engine.answer('history.findTaskLogEntry', { ...TASK_LOG, errorDetails: null });
    expect((await rest.send(details)).status).toBe(204);
    rest.engine.answer('history.findTaskLogEntry', null);
    expect(await rest.errorOf('GET /history/external-task-log/L')).toMatchObject({
      status: 404,
      message: 'Historic external task log with id L does not exist',
    });
    expect(await rest.errorOf(details)).toMatchObject({
      status: 404,
      message: 'No historic external task log found with id L: historicExternalTaskLog is null',
    });
  });
});
