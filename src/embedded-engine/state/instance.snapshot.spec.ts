import { describe, expect, it } from '@jest/globals';
import { ActivityState } from './activity.state.js';
import type { InstanceSnapshot } from './instance.snapshot.js';
import { ProcessInstanceState } from './process-instance.state.js';

/** An instance with everything that one can have. */
function instance(): ProcessInstanceState {
  const header = {
    id: 'p',
    definitionId: 'order:1:d',
    businessKey: 'key',
    tenantId: null,
    startTime: 1,
    startActivityId: 'Start',
    caller: { processInstanceId: 'c', activityInstanceId: 'Call:1', rootProcessInstanceId: 'r' },
  };
  const state = ProcessInstanceState.create(header, 'order');
  const { root } = state;
  root.variables = new Map([
    ['__proto__', { id: 'v1', value: { type: 'Null', value: null, valueInfo: {} }, createTime: 2 }],
    ['flag', { id: 'v2', value: { type: 'Boolean', value: false, valueInfo: {} }, createTime: 0 }],
    [
      'file',
      { id: 'v3', value: { type: 'File', value: 'AA==', valueInfo: { filename: 'a' } }, createTime: 3 },
    ],
    [
      'shown',
      { id: 'v4', value: { type: 'String', value: '', valueInfo: {} }, createTime: 4, shownIn: 'Sub:1' },
    ],
  ]);
  const scope = new ActivityState('Sub:1', 'Sub', 'e1', root, 5, true, 6);
  scope.variables = new Map();
  scope.calledInstanceId = 'called';
  const task = new ActivityState('Task:1', 'Task', 'p', scope, 7, false, 1_795_298_004_222_000);
  task.taskId = 't';
  task.waits = [{ kind: 'job', id: 'j', nodeId: 'Timer' }];
  scope.children.push(task);
  root.children.push(scope, new ActivityState('Join:1', 'Join', 'e2', root, 8, false, 9));
  state.suspended = true;
  return state;
}

function throughJson(snapshot: InstanceSnapshot): InstanceSnapshot {
  return JSON.parse(JSON.stringify(snapshot)) as InstanceSnapshot;
}

describe('the snapshot of an instance', () => {
  it('restores the complete instance', () => {
    expect(ProcessInstanceState.restore(throughJson(instance().snapshot()))).toEqual(instance());
  });

  it('is readable in format 1 too', () => {
    const { header } = instance();
    const first = {
      format: 1,
      header,
      suspended: true,
      root: {
        id: 'p',
        nodeId: 'order',
        executionId: 'p',
        startTime: 1,
        isVariableScope: true,
        sequence: 0,
        variables: [...(instance().root.variables ?? [])],
        children: [
          {
            id: 'Sub:1',
            nodeId: 'Sub',
            executionId: 'e1',
            startTime: 5,
            isVariableScope: true,
            sequence: 6,
            calledInstanceId: 'called',
            variables: [],
            children: [
              {
                id: 'Task:1',
                nodeId: 'Task',
                executionId: 'p',
                startTime: 7,
                isVariableScope: false,
                sequence: 1_795_298_004_222_000,
                taskId: 't',
                waits: [{ kind: 'job', id: 'j', nodeId: 'Timer' }],
              },
            ],
          },
          {
            id: 'Join:1',
            nodeId: 'Join',
            executionId: 'e2',
            startTime: 8,
            isVariableScope: false,
            sequence: 9,
          },
        ],
      },
    } as const;
    expect(ProcessInstanceState.restore(throughJson(first))).toEqual(instance());
  });
});
