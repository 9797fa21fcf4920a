import { describe, expect, it } from '@jest/globals';
import { readDeliveries, readFetchedTasks } from './fetched-task.reader.js';

const TASK = {
  id: 't',
  topicName: 'topic',
  activityId: 'A',
  executionId: 'e',
  processInstanceId: 'i',
  processDefinitionKey: 'p',
  businessKey: 'key',
  retries: 2,
  variables: { a: { type: 'Integer', value: 1, valueInfo: {} } },
};

describe('readFetchedTasks', () => {
  it('reads the members of each task that the worker needs', () => {
    expect(
      readFetchedTasks([
        { ...TASK, workerId: 'w', priority: 5 },
        { ...TASK, id: 'u' },
      ]),
    ).toEqual([TASK, { ...TASK, id: 'u' }]);
    expect(readFetchedTasks([])).toEqual([]);
  });

  it.each(['businessKey', 'executionId', 'retries'])('reads an absent %s as null', (name) => {
    for (const value of [null, undefined]) {
      expect(readFetchedTasks([{ ...TASK, [name]: value }])).toEqual([{ ...TASK, [name]: null }]);
    }
  });

  it('reads absent variables as none, and a variable without a type', () => {
    for (const variables of [null, undefined]) {
      expect(readFetchedTasks([{ ...TASK, variables }])).toEqual([{ ...TASK, variables: {} }]);
    }
    const untyped = { a: { type: null, value: 'x' }, b: { value: null } };
    expect(readFetchedTasks([{ ...TASK, variables: untyped }])).toEqual([{ ...TASK, variables: untyped }]);
  });

  it('accepts a variable of any name', () => {
    const variables = JSON.parse('{"__proto__":{"type":"String","value":"x"},"constructor":{}}') as object;
    const [task] = readFetchedTasks([{ ...TASK, variables }]);
    expect(Object.keys(task?.variables ?? {})).toEqual(['__proto__', 'constructor']);
    const wrong = [{ ...TASK, variables: JSON.parse('{"__proto__":1}') as unknown }];
    expect(() => readFetchedTasks(wrong)).toThrow(
      'tasks[0].variables: expected an object of typed variables.',
    );
  });

  it('names the invalid task and its member', () => {
    expect(() => readFetchedTasks([TASK, { ...TASK, retries: '3' }])).toThrow(
      'tasks[1].retries: expected number or null.',
    );
  });

  it.each([
    ['an object instead of a list', { tasks: [] }],
    ['a text', 'tasks'],
    ['null', null],
    ['a null in the list', [TASK, null]],
    ['a list in the list', [[]]],
    ['an empty id', [{ ...TASK, id: '' }]],
    ...['id', 'topicName', 'activityId', 'processInstanceId', 'processDefinitionKey'].map(
      (name) => [`no ${name}`, [{ ...TASK, [name]: undefined }]] as const,
    ),
    ['a business key that is not a text', [{ ...TASK, businessKey: 5 }]],
    ['retries that are not a number', [{ ...TASK, retries: '3' }]],
    ['variables in a list', [{ ...TASK, variables: [] }]],
    ['a variable that is a plain value', [{ ...TASK, variables: { a: 1 } }]],
    ['a type that is not a text', [{ ...TASK, variables: { a: { type: 1, value: 1 } } }]],
  ])('refuses %s', (_, body) => {
    expect(() => readFetchedTasks(body)).toThrow(TypeError);
  });
});

describe('readDeliveries', () => {
  const lockDurations = new Map([['topic', 60_000]]);
  // As Operaton 1.0.3 sent it.
  const FIRST = {
    ...TASK,
    retries: null,
    createTime: '2026-11-30T22:16:37.969+0000',
    lockExpirationTime: '2026-11-30T22:17:41.279+0000',
  };

  it('reads how long a task waited, from two times of the engine', () => {
    expect(readDeliveries([FIRST], lockDurations)).toEqual([{ topicName: 'topic', ageMs: 3_310 }]);
    const elsewhere = { ...FIRST, createTime: '2026-12-01T00:16:37.969+0200' };
    expect(readDeliveries([elsewhere], lockDurations)).toEqual([{ topicName: 'topic', ageMs: 3_310 }]);
  });

  it.each([
    ['a retry', { retries: 2 }],
    ['an engine without createTime', { createTime: undefined }],
    ['an engine with another format of dates', { createTime: '30.11.2026 22:16' }],
    ['a task without a lock', { lockExpirationTime: null }],
    ['a topic that was not requested', { topicName: 'other' }],
  ])('knows no age for %s', (_, members) => {
    expect(readDeliveries([{ ...FIRST, ...members }], lockDurations)).toMatchObject([{ ageMs: null }]);
  });
});
