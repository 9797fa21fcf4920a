import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineResponseError,
  type EngineTasksClient,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';
import type { OpenTask } from './process-task.js';
import { TaskCommandSender } from './task-command.sender.js';
import type { TaskProcessFinder } from './task-process.finder.js';

const CALL = { method: 'POST', path: '/task/t/complete' };
const LOST = new EngineAmbiguousError(CALL, 'no answer', null);
const refusal = (status: number, message: string, type = 'RestException', code = 0) =>
  new EngineResponseError(CALL, status, type, message, code);
const GONE = refusal(500, 'Cannot complete task t: Cannot find task with id t: task is null');
const RACE = refusal(500, 'ENGINE-03005 updated by another transaction concurrently.', 'RestException', 1);

const record = { correlationId: 'a', status: 'pending' };
const open = { task: { id: 't', taskDefinitionKey: 'A', assignee: 'kim' }, record } as unknown as OpenTask;

describe('TaskCommandSender', () => {
  let isOpen: boolean;
  let assignee: string;
  let deleteReason: string | null;
  let commands: (Error | null)[];
  let sender: TaskCommandSender;
  const getTask = jest.fn(async () => (isOpen ? { ...open.task, assignee } : null));

  beforeEach(() => {
    isOpen = true;
    assignee = 'kim';
    deleteReason = null;
    commands = [];
    const tasks = {
      getTask,
      findEndedTask: async () =>
        deleteReason === null
          ? null
          : {
              id: 't',
              processInstanceId: 'p',
              assignee: 'lee',
              endTime: '2026-01-31T10:00:00.000+0000',
              deleteReason,
            },
    };
    const processes = { find: async () => new Map([['p', record]]) };
    sender = new TaskCommandSender(
      tasks as unknown as EngineTasksClient,
      processes as unknown as TaskProcessFinder,
    );
  });

  const complete = (endedBy: 'completed' | 'deleted' | null = 'completed') =>
    sender.send(open, endedBy, async () => {
      const failure = commands.shift() ?? null;
      if (failure !== null) throw failure;
    });

  it('is done if the engine executes the command', async () => {
    expect(await complete()).toBeNull();
  });

  it('repeats a command without an answer while the task is open', async () => {
    commands = [LOST, LOST];
    expect(await complete()).toBeNull();
    expect(commands).toEqual([]);
  });

  it('counts a command without an answer as executed if the task was completed', async () => {
    commands = [LOST];
    [isOpen, deleteReason] = [false, 'completed'];
    expect(await complete()).toBeNull();
  });

  it('counts a repeated command as executed if the first one was, and only its answer was lost', async () => {
    commands = [LOST, GONE];
    deleteReason = 'completed';
    getTask
      .mockImplementationOnce(async () => ({ ...open.task, assignee }))
      .mockImplementationOnce(async () => null);
    expect(await complete()).toBeNull();
  });

  it('says that the task was removed if it did not end as the command ends it', async () => {
    commands = [LOST];
    [isOpen, deleteReason] = [false, 'deleted'];
    expect(await complete()).toMatchObject({ kind: 'ended', completed: false, assignee: 'lee' });
    commands = [LOST];
    expect(await complete('deleted')).toBeNull();
    commands = [LOST];
    expect(await complete(null)).toMatchObject({ kind: 'ended' });
  });

  it.each([
    ['a task that is gone', GONE],
    ['a lost race', RACE],
  ])('says who had the task for %s', async (_, error) => {
    commands = [error];
    [isOpen, deleteReason] = [false, 'completed'];
    expect(await complete()).toEqual({
      kind: 'ended',
      record,
      assignee: 'lee',
      endedAt: new Date('2026-01-31T10:00:00.000Z'),
      completed: true,
    });
  });

  it('says that the task has ended if the history does not have it', async () => {
    commands = [GONE];
    isOpen = false;
    expect(await complete()).toMatchObject({ kind: 'ended', assignee: 'kim', completed: false });
  });

  it('repeats a command that lost a race against a change of the same task', async () => {
    commands = [RACE];
    expect(await complete()).toBeNull();
  });

  it('says that the task has ended if the engine refuses the loser of a race with another error', async () => {
    commands = [refusal(500, 'An exception occurred in the persistence layer.')];
    isOpen = false;
    deleteReason = 'completed';
    expect(await complete()).toMatchObject({ kind: 'ended', assignee: 'lee', completed: true });
  });

  it('gives up after three attempts without an answer, in doubt', async () => {
    commands = [LOST, LOST, LOST];
    expect(await complete()).toEqual({ kind: 'engine-unavailable', inDoubt: true, cause: LOST });
  });

  it('is in doubt if the task cannot be read after a command without an answer', async () => {
    const away = new EngineUnreachableError(CALL, 'refused');
    commands = [LOST];
    getTask.mockRejectedValueOnce(away);
    expect(await complete()).toEqual({ kind: 'engine-unavailable', inDoubt: true, cause: away });
  });

  it('is in doubt if the engine refuses only the repetition of a command without an answer', async () => {
    const failing = refusal(500, 'Cannot complete task t: Unknown property used in expression: ${x}.');
    commands = [LOST, failing];
    expect(await complete()).toEqual({ kind: 'engine-unavailable', inDoubt: true, cause: failing });
    commands = [RACE, failing];
    expect(await complete()).toMatchObject({ kind: 'refused' });
  });

  it('is not in doubt if nothing was sent', async () => {
    for (const error of [
      new EngineUnreachableError(CALL, 'refused'),
      new EngineMisconfiguredError(CALL, 'answered 401', 401),
    ]) {
      commands = [error];
      expect(await complete()).toMatchObject({ kind: 'engine-unavailable', inDoubt: false });
    }
  });

  it('takes an answer of 500 that is not the engine as no answer', async () => {
    commands = [new EngineMisconfiguredError(CALL, 'answered 500', 500)];
    [isOpen, deleteReason] = [false, 'completed'];
    expect(await complete()).toBeNull();
  });

  it('says who has a task that another user has claimed', async () => {
    assignee = 'lee';
    commands = [refusal(500, "Task 't' is already claimed", 'TaskAlreadyClaimedException')];
    expect(await complete(null)).toEqual({ kind: 'claimed', record, assignee: 'lee' });
  });

  it('passes on variables that the engine refuses, a suspension, and a fault of the process', async () => {
    commands = [refusal(400, 'Cannot complete task t: Cannot convert', 'InvalidRequestException')];
    expect(await complete()).toMatchObject({ kind: 'bad-variables' });
    commands = [refusal(500, "Cannot complete task t: ENGINE-03043 task with id 't' is suspended.")];
    expect(await complete()).toMatchObject({ kind: 'refused', reason: 'the process is suspended.' });
    commands = [
      refusal(500, "Cannot complete task t: Unknown property used in expression: ${x}. Cause: no 'x'"),
    ];
    expect(await complete()).toEqual({
      kind: 'refused',
      record,
      reason: "Unknown property used in expression: ${x}. Cause: no 'x'",
    });
  });
});
