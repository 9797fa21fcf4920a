import {
  type EngineRequest,
  type EngineResponse,
  EngineTransport,
  EngineAmbiguousError,
  type TypedVariables,
} from '../../camunda-engine/index.js';
import { until } from '../../common/testing/until.js';

type Answer = EngineResponse | Error | ((request: EngineRequest) => Promise<EngineResponse> | EngineResponse);

interface Task {
  readonly id: string;
  readonly instance: Instance;
  readonly topicName: string;
  workerId: string | null;
  lockedUntil: number;
  retries: number | null;
}

interface Instance {
  readonly id: string;
  readonly processKey: string;
  readonly businessKey: string | null;
  readonly variables: Record<string, unknown>;
  place: number;
}

interface Poll {
  readonly body: FetchBody;
  readonly answer: (tasks: unknown[]) => void;
}

interface FetchBody {
  readonly workerId: string;
  readonly maxTasks: number;
  readonly asyncResponseTimeout?: number;
  readonly topics: readonly { readonly topicName: string; readonly lockDuration: number }[];
}

/** A process of external tasks in a row; after a BPMN error it ends, or continues at `errorStep`. */
export interface FakeProcess {
  readonly topics: readonly string[];
  readonly errorStep?: number;
}

const json = (status: number, body: unknown): EngineResponse => ({
  status,
  contentType: 'application/json',
  body,
});

/** An engine error in the format of the REST API. */
function engineError(status: number, type: string, message: string, code: number | null = 0): EngineResponse {
  return json(status, { type, message, code });
}

/**
 * An engine in memory, behind the transport, with the semantics of Camunda 7.24 for external tasks: a lock's
 * end is checked by a fetch alone, a long poll is woken by a new task, an unlock or another poll, not by a retry that
 * falls due. Records every request, and answers with scripted responses if there are any.
 */
export class FakeEngine extends EngineTransport {
  readonly requests: EngineRequest[] = [];
  readonly incidents: string[] = [];
  readonly tasks = new Map<string, Task>();
  private readonly processes = new Map<string, FakeProcess>();
  private readonly instances = new Map<string, Instance>();
  private readonly scripted: { readonly path: RegExp; readonly answer: Answer }[] = [];
  private polls: Poll[] = [];
  private ids = 0;

  define(processKey: string, process: FakeProcess): void {
    this.processes.set(processKey, process);
  }

  /** Starts an instance and returns its id. */
  start(processKey: string, businessKey: string | null = null, variables: TypedVariables = {}): string {
    const id = `instance-${++this.ids}`;
    const instance = { id, processKey, businessKey, variables: { ...variables }, place: -1 };
    this.instances.set(id, instance);
    this.enter(instance, 0);
    return id;
  }

  isRunning(instanceId: string): boolean {
    return this.instances.has(instanceId);
  }

  /** Answers the next requests of a path with the given responses, one each, instead of the engine's. */
  answerNext(path: RegExp, ...answers: Answer[]): void {
    this.scripted.push(...answers.map((answer) => ({ path, answer })));
  }

  get parkedPolls(): number {
    return this.polls.length;
  }

  requestsTo(path: RegExp): EngineRequest[] {
    return this.requests.filter((request) => path.test(request.path));
  }

  /** Resolves when a condition is true. */
  until(condition: () => boolean): Promise<void> {
    return until(condition);
  }

  async send(request: EngineRequest): Promise<EngineResponse> {
    this.requests.push(request);
    await Promise.resolve();
    const index = this.scripted.findIndex(({ path }) => path.test(request.path));
    const [script] = index < 0 ? [] : this.scripted.splice(index, 1);
    if (script?.answer instanceof Error) throw script.answer;
    if (typeof script?.answer === 'function') return await script.answer(request);
    return script?.answer ?? (await this.answer(request));
  }

  private answer(request: EngineRequest): EngineResponse | Promise<EngineResponse> {
    const { path } = request;
    if (path === '/external-task/fetchAndLock') return this.fetchAndLock(request);
    if (path === '/external-task') return json(200, this.listTasks(request));
    const instance = /^\/process-instance\/(.+)$/.exec(path)?.[1];
    if (instance !== undefined) return this.getInstance(instance);
    const [, taskId, verb] = /^\/external-task\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    const task = this.tasks.get(taskId ?? '');
    if (task === undefined)
      return engineError(404, 'RestException', `External task with id ${taskId} does not exist`);
    return this.command(task, verb ?? '', request.json as Record<string, unknown>);
  }

  private command(task: Task, verb: string, body: Record<string, unknown>): EngineResponse {
    const done: EngineResponse = { status: 204, contentType: null, body: '' };
    if (verb === 'unlock') {
      Object.assign(task, { workerId: null, lockedUntil: 0 });
      this.wake();
      return done;
    }
    if (task.workerId !== body.workerId) {
      const message = `External Task ${task.id} cannot be completed by worker '${String(body.workerId)}'. It is locked by worker '${task.workerId}'.`;
      return engineError(400, 'RestException', message);
    }
    switch (verb) {
      case 'extendLock':
        if (task.lockedUntil <= Date.now())
          return engineError(400, 'RestException', 'Cannot extend a lock that expired');
        task.lockedUntil = Date.now() + Number(body.newDuration);
        return done;
      case 'failure':
        task.retries = Number(body.retries ?? 0);
        task.lockedUntil = Date.now() + Number(body.retryTimeout ?? 0);
        if (task.retries === 0) this.incidents.push(task.id);
        return done;
      default:
        this.leave(task, verb, body);
        return done;
    }
  }

  private leave(task: Task, verb: string, body: Record<string, unknown>): void {
    const { instance } = task;
    this.tasks.delete(task.id);
    Object.assign(instance.variables, body.variables);
    const errorStep = this.processes.get(instance.processKey)?.errorStep;
    if (verb === 'complete') this.enter(instance, instance.place + 1);
    else if (errorStep === undefined) this.instances.delete(instance.id);
    else this.enter(instance, errorStep);
  }

  private enter(instance: Instance, place: number): void {
    const topicName = this.processes.get(instance.processKey)?.topics[place];
    instance.place = place;
    if (topicName === undefined) {
      this.instances.delete(instance.id);
      return;
    }
    const id = `task-${++this.ids}`;
    this.tasks.set(id, { id, instance, topicName, workerId: null, lockedUntil: 0, retries: null });
    this.wake();
  }

  private getInstance(id: string): EngineResponse {
    const instance = this.instances.get(id);
    if (instance === undefined) {
      return engineError(
        404,
        'InvalidRequestException',
        `Process instance with id ${id} does not exist`,
        null,
      );
    }
    return json(200, {
      id,
      definitionId: `${instance.processKey}:1:x`,
      businessKey: instance.businessKey,
      suspended: false,
    });
  }

  private listTasks({ query }: EngineRequest): unknown[] {
    return [...this.tasks.values()]
      .filter(
        ({ workerId, lockedUntil }) => workerId === (query?.workerId ?? workerId) && lockedUntil > Date.now(),
      )
      .map((task) => ({ ...task, lockExpirationTime: new Date(task.lockedUntil).toISOString() }));
  }

  private fetchAndLock(request: EngineRequest): EngineResponse | Promise<EngineResponse> {
    const body = request.json as FetchBody;
    // A new request makes the engine check all waiting polls again.
    this.wake();
    const found = this.lock(body);
    if (found.length > 0 || body.asyncResponseTimeout === undefined) return json(200, found);
    return new Promise((resolve, reject) => {
      const poll: Poll = {
        body,
        answer: (tasks) => {
          settle();
          resolve(json(200, tasks));
        },
      };
      const onAbort = (): void => {
        settle();
        reject(new EngineAmbiguousError(request, 'aborted', null));
      };
      const timer = setTimeout(() => {
        poll.answer(this.lock(body));
      }, body.asyncResponseTimeout);
      const settle = (): void => {
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', onAbort);
        this.polls = this.polls.filter((other) => other !== poll);
      };
      request.signal?.addEventListener('abort', onAbort, { once: true });
      this.polls.push(poll);
    });
  }

  private wake(): void {
    for (const poll of [...this.polls]) {
      const tasks = this.lock(poll.body);
      if (tasks.length > 0) poll.answer(tasks);
    }
  }

  private lock({ workerId, maxTasks, topics }: FetchBody): unknown[] {
    const durations = new Map(topics.map(({ topicName, lockDuration }) => [topicName, lockDuration]));
    const free = [...this.tasks.values()].filter(
      (task) => durations.has(task.topicName) && task.lockedUntil <= Date.now() && task.retries !== 0,
    );
    return free.slice(0, maxTasks).map((task) => {
      task.workerId = workerId;
      task.lockedUntil = Date.now() + (durations.get(task.topicName) ?? 0);
      const { id, topicName, retries, instance } = task;
      const { id: processInstanceId, processKey: processDefinitionKey, businessKey, variables } = instance;
      return {
        ...{ id, topicName, retries, workerId, processInstanceId, processDefinitionKey, businessKey },
        activityId: topicName,
        variables: { ...variables },
      };
    });
  }
}
