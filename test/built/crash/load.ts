import {
  bpmn,
  and,
  end,
  flow,
  path,
  process,
  start,
  task,
} from '../../../src/embedded-engine/testing/process.builder.js';

/** The tasks of the process: A and B side by side, then C, then D. */
export const TASKS = ['A', 'B', 'C', 'D'] as const;

const PROCESS = bpmn(
  process('kill', [
    start(),
    and('fork'),
    ...TASKS.map((id) => task(id)),
    and('join'),
    end(),
    path('start', 'fork', 'A', 'join', 'C', 'D', 'end'),
    flow('fork', 'B'),
    flow('B', 'join'),
  ]),
);

interface FetchedTask {
  readonly id: string;
  readonly activityId: string;
  readonly processInstanceId: string;
}

/** Lock duration of a task in ms: a task returns after it if its worker has lost the engine. */
const LOCK_DURATION = 1_000;

/**
 * Clients of an engine that is killed: they start processes, complete tasks, and record what was acknowledged.
 * The effect of a failed request is unknown, and the request is not repeated.
 */
export class Load {
  /** Instance ids by business key. */
  readonly acknowledgedStarts = new Map<string, string>();
  /** The values that completions have set, by `instance/task`. */
  readonly acknowledgedCompletions = new Map<string, string>();
  /** Violations of the engine's promises. */
  readonly violations: string[] = [];
  private sent = 0;
  private starting = true;
  private working = true;

  /** @param baseUrl address of the engine; settles when it listens */
  constructor(private readonly baseUrl: () => Promise<string>) {}

  async deploy(): Promise<void> {
    const form = new FormData();
    form.set('deployment-name', 'kill');
    form.set('kill.bpmn', new Blob([PROCESS]), 'kill.bpmn');
    const response = await fetch(`${await this.baseUrl()}/deployment/create`, { method: 'POST', body: form });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Starts processes one after the other until {@link stopStarting}. */
  async startProcesses(): Promise<void> {
    while (this.starting) {
      const businessKey = `key-${(this.sent += 1)}`;
      const answer = await this.post('/process-definition/key/kill/start', { businessKey });
      if (answer !== null) this.acknowledgedStarts.set(businessKey, (answer as { id: string }).id);
    }
  }

  /** Completes tasks until {@link stopWorking}. */
  async completeTasks(workerId: string): Promise<void> {
    while (this.working) {
      const tasks = (await this.post('/external-task/fetchAndLock', {
        workerId,
        maxTasks: 10,
        asyncResponseTimeout: 200,
        topics: TASKS.map((topicName) => ({ topicName, lockDuration: LOCK_DURATION })),
      })) as readonly FetchedTask[] | null;
      await Promise.all((tasks ?? []).map((fetched) => this.complete(workerId, fetched)));
    }
  }

  stopStarting(): void {
    this.starting = false;
  }

  stopWorking(): void {
    this.working = false;
  }

  private async complete(
    workerId: string,
    { id, activityId, processInstanceId }: FetchedTask,
  ): Promise<void> {
    const step = `${processInstanceId}/${activityId}`;
    if (this.acknowledgedCompletions.has(step)) this.violations.push(`${step} was completed and came again`);
    const value = `${workerId}-${(this.sent += 1)}`;
    const done = await this.post(`/external-task/${id}/complete`, {
      workerId,
      variables: { [activityId]: { value, type: 'String' } },
    });
    if (done !== null) this.acknowledgedCompletions.set(step, value);
  }

  /** The response; null if there is none, or if another worker has the task. */
  private async post(path: string, body: unknown): Promise<unknown> {
    try {
      const response = await fetch(`${await this.baseUrl()}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (response.ok) return text === '' ? {} : JSON.parse(text);
      // A task with an expired lock belongs to another worker (400) or is done (404); other errors are faults of the engine.
      if (response.status !== 400 && response.status !== 404)
        this.violations.push(`${path}: ${response.status} ${text}`);
    } catch {
      // The engine died.
    }
    return null;
  }
}
