import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type EngineTasksClient, EngineUnreachableError } from '../../camunda-engine/index.js';
import type { ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { Wait } from '../../waitroom/index.js';
import type { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import type { ProcessTrailService } from '../outcome/process-trail.service.js';
import type { NextTaskService } from './next-task.service.js';
import type { OpenTask, TaskObstacle } from './process-task.js';
import { ProcessTaskService, type TaskActor, type TaskLeaving } from './process-task.service.js';
import { ProcessAccess } from '../../auth/index.js';
import type { TaskCommandSender } from './task-command.sender.js';
import type { TaskListService } from './task-list.service.js';

const record = { correlationId: 'a', status: 'pending' } as unknown as ProcessRecord;
const open = { task: { id: 't', taskDefinitionKey: 'A', name: 'Do', assignee: 'kim' }, record };
const ACTOR: TaskActor = {
  userId: null,
  requester: { requestId: 'r', clientAddress: '::1', forwardedFor: null, principal: 'from-the-gateway' },
  access: ProcessAccess.all,
};

describe('ProcessTaskService', () => {
  const find = jest.fn<() => Promise<OpenTask | null>>();
  const send = jest.fn<() => Promise<TaskObstacle | null>>();
  const endOf = jest.fn<() => Promise<TaskObstacle | null>>();
  const get = jest.fn<TaskListService['get']>();
  const next = jest.fn(async () => ({ record, tasks: [] }));
  const log = jest.fn<ProcessTrailService['log']>();
  const cancel = jest.fn();
  let service: ProcessTaskService;

  beforeEach(() => {
    jest.clearAllMocks();
    find.mockResolvedValue(open as unknown as OpenTask);
    send.mockResolvedValue(null);
    endOf.mockResolvedValue(null);
    get.mockResolvedValue({ kind: 'task', task: open } as never);
    log.mockResolvedValue(undefined);
    const wait = { ended: new Promise(() => undefined), cancel } as unknown as Wait<ProcessRecord>;
    service = new ProcessTaskService(
      {} as unknown as EngineTasksClient,
      { find, get } as unknown as TaskListService,
      { send, endOf } as unknown as TaskCommandSender,
      { next } as unknown as NextTaskService,
      { waitFor: () => wait } as unknown as OutcomeWaitService,
      { get: async () => record } as unknown as ProcessStoreService,
      { log } as unknown as ProcessTrailService,
    );
  });

  const leave = (
    actor = ACTOR,
    waitMs = 1_000,
    leaving: TaskLeaving = { kind: 'complete', variables: { a: 1 } },
  ) => service.leave('t', leaving, actor, () => undefined, waitMs);

  it('writes the action with its user to the trail, and frees the variables before it waits', async () => {
    const onEmptied = jest.fn();
    const leaving: TaskLeaving = { kind: 'complete', variables: { a: 1 }, onEmptied };
    next.mockImplementationOnce(async () => {
      expect([leaving.variables, onEmptied.mock.calls.length]).toEqual([{}, 1]);
      return { record, tasks: [] };
    });
    expect(await leave({ ...ACTOR, userId: 'kim' }, 1_000, leaving)).toEqual({
      kind: 'left',
      record,
      nextTasks: [],
    });
    expect(log.mock.calls[0]?.[1]).toMatchObject({
      stepName: 'task-complete',
      requestData: { variables: { a: 1 } },
      metadata: { taskId: 't', userId: 'kim', assignee: 'kim', requestedBy: ACTOR.requester },
    });
    expect(cancel).toHaveBeenCalled();
  });

  it('takes the authenticated user if the request names none', async () => {
    await service.claim('t', 'kim', ACTOR);
    await service.unclaim('t', ACTOR);
    expect(log.mock.calls.map(([, event]) => [event.stepName, event.metadata])).toEqual([
      ['task-claim', expect.objectContaining({ userId: 'from-the-gateway' })],
      ['task-unclaim', expect.objectContaining({ userId: 'from-the-gateway' })],
    ]);
  });

  it('does not say that nothing was changed if a task cannot be read after its claim', async () => {
    const cause = new EngineUnreachableError({ method: 'GET', path: '/task/t' }, 'refused');
    get.mockResolvedValue({ kind: 'engine-unavailable', inDoubt: false, cause });
    const inDoubt = { kind: 'engine-unavailable', inDoubt: true, cause };
    expect(await service.claim('t', 'kim', ACTOR)).toEqual(inDoubt);
    expect(await service.unclaim('t', ACTOR)).toEqual(inDoubt);
  });

  it('does not look for the next task without a wait', async () => {
    expect(await leave(ACTOR, 0)).toEqual({ kind: 'left', record, nextTasks: [] });
    expect(next).not.toHaveBeenCalled();
  });

  it('does not fail a completed task because the trail cannot be written', async () => {
    log.mockRejectedValue(new Error('The store is away'));
    expect(await leave()).toMatchObject({ kind: 'left' });
  });

  it('waits for nothing if the command was not executed', async () => {
    const ended = { kind: 'unknown' } as const;
    send.mockResolvedValue(ended);
    expect(await leave()).toBe(ended);
    expect([cancel.mock.calls.length, log.mock.calls.length]).toEqual([1, 0]);
  });

  it('says what became of a task that is not open', async () => {
    find.mockResolvedValue(null);
    expect(await leave()).toEqual({ kind: 'unknown' });
    const ended = {
      kind: 'ended',
      record,
      assignee: 'lee',
      endedAt: new Date(),
      completed: true,
    } as const;
    endOf.mockResolvedValue(ended);
    expect(await leave()).toBe(ended);
  });

  it('refuses variables that the engine cannot hold before it asks the engine', async () => {
    const leaving: TaskLeaving = { kind: 'complete', variables: { correlationId: 'x' } };
    expect(await leave(ACTOR, 0, leaving)).toMatchObject({ kind: 'unacceptable-variables' });
    expect(find).not.toHaveBeenCalled();
  });

  it('says that the engine is away', async () => {
    const cause = new EngineUnreachableError({ method: 'GET', path: '/task/t' }, 'refused');
    find.mockRejectedValue(cause);
    const away = { kind: 'engine-unavailable', inDoubt: false, cause };
    expect(await leave()).toEqual(away);
    expect(await service.claim('t', 'kim', ACTOR)).toEqual(away);
    expect(await service.unclaim('t', ACTOR)).toEqual(away);
  });
});
