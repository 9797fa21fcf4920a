import type { TaskEvent } from '../outcome/task-event.log.js';
import { TaskEventLog } from '../outcome/task-event.log.js';
import { TaskOutcomeListener } from '../outcome/task-outcome.listener.js';
import type { BpmnErrorReport, FailureReport, FetchedTask, TaskCalls } from '../task/fetched-task.js';
import type { TypedVariables } from '../../camunda-engine/index.js';

/** A fetched task; pass the members that matter. */
export function fakeTask(facts: Partial<FetchedTask> = {}): FetchedTask {
  return {
    id: 'task-1',
    topicName: 'order.charge',
    activityId: 'Charge',
    executionId: 'execution-1',
    processInstanceId: 'instance-1',
    processDefinitionKey: 'order',
    businessKey: 'order-1',
    retries: null,
    variables: {},
    ...facts,
  };
}

/** Records the appended rows. */
export class RecordingEventLog extends TaskEventLog {
  readonly events: TaskEvent[] = [];

  constructor(private readonly onAppend: (event: TaskEvent) => void | Promise<void> = () => undefined) {
    super();
  }

  async append(event: TaskEvent): Promise<void> {
    await this.onAppend(event);
    this.events.push(event);
  }
}

type CallOf<K extends keyof TaskOutcomeListener> = Parameters<TaskOutcomeListener[K]>[0];

/** Records its calls. */
export class RecordingListener extends TaskOutcomeListener {
  readonly incidents: CallOf<'incident'>[] = [];
  readonly unhandled: CallOf<'unhandledBpmnError'>[] = [];
  readonly finished: CallOf<'completed'>[] = [];

  completed(facts: CallOf<'completed'>): void {
    this.finished.push(facts);
  }

  async incident(facts: CallOf<'incident'>): Promise<void> {
    this.incidents.push(facts);
  }

  async unhandledBpmnError(facts: CallOf<'unhandledBpmnError'>): Promise<void> {
    this.unhandled.push(facts);
  }
}

/** Records every engine call; throws the next of `answers`, one per call, if it is an error. */
export class RecordingCalls implements TaskCalls {
  readonly made: { readonly call: string; readonly with?: unknown }[] = [];
  readonly answers: (Error | null)[] = [];

  constructor(readonly workerId = 'worker-a') {}

  complete(_taskId: string, variables: TypedVariables): Promise<void> {
    return this.note('complete', variables);
  }

  bpmnError(_taskId: string, report: BpmnErrorReport): Promise<void> {
    return this.note('bpmnError', report);
  }

  failure(_taskId: string, report: FailureReport): Promise<void> {
    return this.note('failure', report);
  }

  extendLock(_taskId: string, durationMs: number): Promise<void> {
    return this.note('extendLock', durationMs);
  }

  unlock(): Promise<void> {
    return this.note('unlock');
  }

  names(): string[] {
    return this.made.map(({ call }) => call);
  }

  private async note(call: string, about?: unknown): Promise<void> {
    this.made.push({ call, with: about });
    const answer = this.answers.shift();
    if (answer) throw answer;
  }
}
