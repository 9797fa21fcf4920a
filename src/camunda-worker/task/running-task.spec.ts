import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { HttpService } from '../../common/http/index.js';
import type { TaskCalls } from './fetched-task.js';
import { RunningTask } from './running-task.js';
import { TaskAbortedError } from './task.errors.js';

function createTask(): RunningTask {
  const fetched = {
    id: 't',
    topicName: 'a',
    activityId: 'A',
    executionId: null,
    processInstanceId: 'i',
    processDefinitionKey: 'p',
    businessKey: 'key',
    retries: null,
    variables: {},
  };
  return new RunningTask(fetched, { workerId: 'w' } as TaskCalls, 3, new Logger(), {} as HttpService);
}

describe('the signal of a RunningTask', () => {
  it('aborts with the reason, whether it was first read before or after', () => {
    const task = createTask();
    const early = task.signal;
    expect([early.aborted, task.abortedBy]).toEqual([false, null]);
    task.abort('lock-lost');
    expect(early.reason).toBeInstanceOf(TaskAbortedError);
    expect(task.abortedBy).toBe('lock-lost');
    const late = createTask();
    late.abort('stopping');
    expect([late.signal.aborted, (late.signal.reason as TaskAbortedError).reason]).toEqual([
      true,
      'stopping',
    ]);
  });

  it('keeps the first reason, and calls each listener once', () => {
    const task = createTask();
    let calls = 0;
    task.abortSignal.addEventListener('abort', () => (calls += 1));
    task.abort('lock-lost');
    task.abort('stopping');
    expect([task.abortedBy, calls]).toEqual(['lock-lost', 1]);
  });
});
