import { beforeEach, describe, expect, it } from '@jest/globals';
import { BadUserRequestError, NullValueError, ProcessEngineError } from '../../state/engine.errors.js';
import { NOON, NOON_TEXT, USER_TASK } from '../testing/records.js';
import { RestClient } from '../testing/rest.client.js';

const DTO = {
  id: 'T',
  name: 'Approve it',
  assignee: 'ann',
  created: NOON_TEXT,
  due: '2026-01-31T10:00:00.001+0000',
  followUp: null,
  lastUpdated: null,
  delegationState: null,
  description: null,
  executionId: 'E',
  owner: null,
  parentTaskId: null,
  priority: 50,
  processDefinitionId: 'order:3:u',
  processInstanceId: 'PI',
  taskDefinitionKey: 'Approve',
  caseExecutionId: null,
  caseInstanceId: null,
  caseDefinitionId: null,
  suspended: false,
  formKey: 'embedded:form',
  camundaFormRef: null,
  tenantId: null,
  taskState: 'Created',
};

const UNKNOWN = new NullValueError('Cannot find task with id T: task is null');

describe('task', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
    rest.engine.answer('tasks.find', [USER_TASK]);
    rest.engine.answer('tasks.count', 1);
  });

  it('responds to an unknown task as each resource does in Camunda', async () => {
    rest.engine.answer('tasks.findOne', null);
    rest.engine.answer('tasks.findVariables', null);
    for (const command of ['complete', 'claim', 'setAssignee'])
      rest.engine.answer(`tasks.${command}`, UNKNOWN);
    const message = UNKNOWN.message;
    expect(await rest.errorOf('GET /task/T')).toEqual({
      status: 404,
      type: 'InvalidRequestException',
      message: 'No matching task with id T',
      code: null,
    });
    expect(await rest.errorOf('POST /task/T/complete', {})).toEqual({
      status: 500,
      type: 'RestException',
      message: `Cannot complete task T: ${message}`,
      code: 0,
    });
    expect(await rest.errorOf('POST /task/T/claim', { userId: 'bob' })).toEqual({
      status: 500,
      type: 'NullValueException',
      message,
      code: 0,
    });
    for (const request of ['POST /task/T/assignee', 'POST /task/T/unclaim']) {
      expect(await rest.errorOf(request)).toEqual({
        status: 400,
        type: 'NotFoundException',
        message,
        code: 0,
      });
    }
    expect(await rest.errorOf('GET /task/T/variables')).toEqual({
      status: 500,
      type: 'NullValueException',
      message: "task T doesn't exist: task is null",
      code: 0,
    });
    expect(await rest.errorOf('GET /task/T/variables/a')).toMatchObject({
      type: 'RestException',
      message: "Cannot get task variable a: task T doesn't exist: task is null",
    });
  });

  it('refuses to claim the task of another user', async () => {
    rest.engine.answer(
      'tasks.claim',
      new BadUserRequestError('already claimed', 'TaskAlreadyClaimedException'),
    );
    expect(await rest.errorOf('POST /task/T/claim', { userId: 'bob' })).toEqual({
      status: 500,
      type: 'TaskAlreadyClaimedException',
      message: 'already claimed',
      code: 0,
    });
    rest.engine.answer(
      'tasks.claim',
      new BadUserRequestError('is suspended', 'SuspendedEntityInteractionException'),
    );
    expect(await rest.errorOf('POST /task/T/claim', { userId: 'bob' })).toMatchObject({
      status: 400,
      type: 'SuspendedEntityInteractionException',
    });
    rest.engine.answer('tasks.claim', new ProcessEngineError('other'));
    expect(await rest.errorOf('POST /task/T/claim', { userId: 'bob' })).toMatchObject({ message: 'other' });
    rest.engine.answer('tasks.setAssignee', new ProcessEngineError('other'));
    expect(await rest.errorOf('POST /task/T/assignee')).toMatchObject({ status: 500, message: 'other' });
  });

  it('raises a BPMN error', async () => {
    rest.engine.answer('tasks.handleBpmnError', undefined);
    const body = { errorCode: 'NO', errorMessage: 'why', variables: { a: { value: true, type: 'Boolean' } } };
    expect(await rest.send('POST /task/T/bpmnError', body)).toMatchObject({ status: 204 });
    expect(rest.engine.calls.at(-1)).toMatchObject({
      method: 'tasks.handleBpmnError',
      args: ['T', { errorCode: 'NO', errorMessage: 'why' }],
    });
  });

  it('refuses a BPMN error of an unknown or suspended task, and one without a code', async () => {
    expect(await rest.errorOf('POST /task/T/bpmnError', {})).toEqual({
      status: 400,
      type: 'RestException',
      message: 'errorCode is null',
      code: 0,
    });
    for (const [error, status] of [
      [UNKNOWN, 404],
      [new BadUserRequestError('is suspended'), 400],
      [new ProcessEngineError('other'), 500],
    ] as const) {
      rest.engine.answer('tasks.handleBpmnError', error);
      expect(await rest.errorOf('POST /task/T/bpmnError', { errorCode: 'NO' })).toMatchObject({
        status,
        message: error.message,
      });
    }
  });

  it('lists the users and groups of a task', async () => {
    rest.engine.answer('tasks.findOne', { ...USER_TASK, owner: 'eve', candidateUsers: ['bob'] });
    const candidates = [
      { userId: 'bob', groupId: null, type: 'candidate' },
      { userId: null, groupId: 'staff', type: 'candidate' },
    ];
    expect(await rest.answerOf('GET /task/T/identity-links')).toEqual([
      { userId: 'ann', groupId: null, type: 'assignee' },
      { userId: 'eve', groupId: null, type: 'owner' },
      ...candidates,
    ]);
    expect(await rest.answerOf('GET /task/T/identity-links?type=candidate')).toEqual(candidates);
    rest.engine.answer('tasks.findOne', null);
    expect(await rest.errorOf('GET /task/T/identity-links')).toMatchObject({
      status: 500,
      type: 'NullValueException',
    });
  });

  it('refuses a completion with an invalid variable or an error of the engine', async () => {
    const refusal = await rest.errorOf('POST /task/T/complete', { variables: { a: { type: 'Nope' } } });
    expect(refusal).toEqual({
      status: 400,
      type: 'InvalidRequestException',
      message: "Cannot complete task T: Unsupported value type 'Nope'",
      code: null,
    });
    expect(rest.engine.calls).toEqual([]);
    rest.engine.answer('tasks.complete', new BadUserRequestError("task with id 'T' is suspended."));
    expect(await rest.errorOf('POST /task/T/complete', {})).toMatchObject({
      status: 500,
      type: 'RestException',
      message: "Cannot complete task T: task with id 'T' is suspended.",
    });
  });

  it('lists, counts and gets', async () => {
    rest.engine.answer('tasks.findOne', USER_TASK);
    expect(
      await rest.answerOf(
        `GET /task?processInstanceId=PI&assigned=true&priority=50&createdAfter=${NOON_TEXT}&taskDefinitionKeyIn=a,b&sortBy=dueDate&sortOrder=desc&maxResults=5`,
      ),
    ).toEqual([DTO]);
    expect(rest.query).toEqual({
      processInstanceId: 'PI',
      assigned: true,
      priority: 50,
      createdAfter: NOON,
      taskDefinitionKeyIn: ['a', 'b'],
      maxResults: 5,
      sorting: [{ sortBy: 'dueDate', sortOrder: 'desc' }],
    });
    expect(
      await rest.answerOf('POST /task', {
        nameLike: 'App%',
        taskIdIn: ['T'],
        minPriority: 5,
        processVariables: [{ name: 'n', operator: 'gt', value: 1 }],
      }),
    ).toEqual([DTO]);
    expect(rest.query).toMatchObject({
      nameLike: 'App%',
      taskIdIn: ['T'],
      minPriority: 5,
      processVariables: [{ name: 'n', operator: 'gt', value: 1 }],
    });
    expect(await rest.answerOf('GET /task/count?unassigned=true')).toEqual({ count: 1 });
    expect(await rest.answerOf('POST /task/count', { assignee: 'ann' })).toEqual({ count: 1 });
    expect(rest.query).toEqual({ assignee: 'ann' });
    expect(await rest.answerOf('GET /task/T')).toEqual(DTO);
  });

  it('completes, with and without variables in return', async () => {
    rest.engine.answer('tasks.complete', new Map([['ok', { type: 'Boolean', value: true, valueInfo: {} }]]));
    const body = { variables: { ok: { value: true } } };
    expect((await rest.send('POST /task/T/complete', body)).status).toBe(204);
    expect(rest.lastCall?.args).toEqual([
      'T',
      new Map([['ok', { type: 'Boolean', value: true, valueInfo: {} }]]),
    ]);
    expect(await rest.answerOf('POST /task/T/complete', { withVariablesInReturn: true })).toEqual({
      ok: { type: 'Boolean', value: true, valueInfo: {} },
    });
    expect(rest.lastCall?.args).toEqual(['T', new Map()]);
  });

  it('assigns, claims and unclaims', async () => {
    const sent = async (request: string, body?: unknown): Promise<unknown> => {
      expect((await rest.send(request, body)).status).toBe(204);
      return rest.lastCall;
    };
    const assigned = (userId: string | null): unknown => ({
      method: 'tasks.setAssignee',
      args: ['T', userId],
    });
    expect(await sent('POST /task/T/claim', { userId: 'bob' })).toEqual({
      method: 'tasks.claim',
      args: ['T', 'bob'],
    });
    expect(await sent('POST /task/T/claim', {})).toEqual(assigned(null));
    expect(await sent('POST /task/T/assignee', { userId: 'bob' })).toEqual(assigned('bob'));
    expect(await sent('POST /task/T/assignee', { userId: null })).toEqual(assigned(null));
    expect(await sent('POST /task/T/unclaim')).toEqual(assigned(null));
  });

  it('shows the variables that are visible to a task', async () => {
    rest.engine.answer(
      'tasks.findVariables',
      new Map([['scan', { type: 'Bytes', value: 'aGk=', valueInfo: {} }]]),
    );
    expect(await rest.answerOf('GET /task/T/variables')).toEqual({
      scan: { type: 'Bytes', value: 'aGk=', valueInfo: {} },
    });
    expect(await rest.answerOf('GET /task/T/variables/scan')).toMatchObject({ value: 'aGk=' });
    expect((await rest.send('GET /task/T/variables/scan/data')).body).toMatchObject({
      content: Buffer.from('hi'),
    });
    expect(await rest.errorOf('GET /task/T/variables/x')).toMatchObject({
      status: 404,
      message: 'task variable with name x does not exist',
    });
  });
});
