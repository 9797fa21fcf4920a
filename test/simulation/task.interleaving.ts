import { ProcessAccess } from '../../src/auth/index.js';
import {
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineResponseError,
  EngineUnreachableError,
  type UserTask,
} from '../../src/camunda-engine/index.js';
import type { ProcessRecord } from '../../src/process-store/index.js';
import { NextTaskService } from '../../src/process/commands/next-task.service.js';
import type { TaskObstacle, TaskSuccession } from '../../src/process/commands/process-task.js';
import { ProcessTaskService, type TaskLeaving } from '../../src/process/commands/process-task.service.js';
import { TaskCommandSender } from '../../src/process/commands/task-command.sender.js';
import { TaskListService } from '../../src/process/commands/task-list.service.js';
import { TaskProcessFinder } from '../../src/process/commands/task-process.finder.js';
import { SeededRun } from './seeded.run.js';
import type { VirtualWorld } from './virtual.world.js';

/** Longest time of a read or commit on the disk, and of a call to the engine, in ms. */
const DISK_MS = 20;
const CALL_MS = 30;
/** After this time a call to the engine has no answer, in ms. */
const CALL_TIMEOUT_MS = 1_500;
/** The engine executes no request later than this after it was sent, in ms. */
const LATEST_MS = 4_000;
/** How long after the end of the instance its row has the outcome, in ms. */
const OUTCOME_AFTER_MS = 100;
/** How often a waiting request looks for the outcome, in ms. */
const LOOK_MS = 50;
/** A client repeats an unclear request after this time in ms, and at most so often. */
const REPEAT_MS = 900;
const MAX_REPEATS = 40;
/** How long after the end of a task the engine may refuse its loser for the concurrent transaction, in ms. */
const RACE_MS = 30;

const FACTS = { method: 'POST', path: '/task/t/complete' };
const CORRELATION_ID = 'p';
const INSTANCE = 'i';
const COMPLETED = 'completed';
const DELETED = 'deleted';

/** Makes a deliberate fault in what the shipped services learn. */
export interface TaskMutant {
  /** The history has every ended task as removed. */
  readonly forgetsCompletions?: boolean;
  /** The history has every ended task as completed. */
  readonly invents?: boolean;
  /** The loser of a race gets no answer instead of a refusal. */
  readonly hidesRefusals?: boolean;
  /** An action on a task is not written to the trail. */
  readonly losesTrail?: boolean;
}

/** What happens to a command on its way to the engine. */
type Fate =
  'taken' | 'answer-lost' | 'late' | 'never-arrived' | 'bad-gateway' | 'conflict' | 'unreachable' | 'failing';

type Leaving = TaskLeaving['kind'];

/** One task of a person in the engine. */
interface SimulatedTask {
  readonly id: string;
  readonly created: number;
  endedAt: number | null;
  deleteReason: string | null;
  /** The request whose command ended it; null if the instance was cancelled, or another client of the engine did. */
  endedBy: string | null;
}

/** An instance with tasks one after the other. */
class SimulatedProcess {
  readonly tasks: SimulatedTask[] = [];
  /** The requests whose commands took effect, in this order. */
  readonly effects: string[] = [];
  endedAt: number | null = null;

  constructor(
    private readonly world: VirtualWorld,
    private readonly count: number,
    private readonly onOpen: (task: SimulatedTask) => void,
  ) {}

  open(): void {
    const task = {
      id: `t${this.tasks.length + 1}`,
      created: this.world.now,
      endedAt: null,
      deleteReason: null,
      endedBy: null,
    };
    this.tasks.push(task);
    this.world.note(`the engine opens ${task.id}`);
    this.onOpen(task);
  }

  find(id: string): SimulatedTask | undefined {
    return this.tasks.find((task) => task.id === id);
  }

  openTask(id: string): SimulatedTask | undefined {
    const task = this.find(id);
    return task?.endedAt === null ? task : undefined;
  }

  /** @returns false if the task is not open */
  leave(id: string, request: string | null, deleteReason: string): boolean {
    const task = this.openTask(id);
    if (task === undefined) return false;
    this.world.note(`the engine ends ${id} as ${deleteReason} for ${request ?? 'a client from elsewhere'}`);
    task.endedAt = this.world.now;
    task.deleteReason = deleteReason;
    task.endedBy = request;
    if (request !== null) this.effects.push(request);
    if (this.tasks.length < this.count) this.open();
    else this.endedAt = this.world.now;
    return true;
  }

  cancel(): void {
    if (this.endedAt !== null) return;
    this.world.note('the instance is cancelled');
    this.endedAt = this.world.now;
    for (const task of this.tasks) {
      if (task.endedAt !== null) continue;
      task.endedAt = this.world.now;
      task.deleteReason = DELETED;
    }
  }
}

/** What is known of one request, beside its answer. */
interface Request {
  readonly id: string;
  readonly taskId: string;
  readonly leaving: Leaving;
  /** True once a command of it got no answer of the engine. */
  isInDoubt: boolean;
  /** True if the service ended before it answered. */
  isCut: boolean;
  answer: TaskSuccession | TaskObstacle | null;
}

/** What survives a crash of the service. */
interface Durable {
  readonly world: VirtualWorld;
  readonly process: SimulatedProcess;
  readonly requests: Map<string, Request>;
  /** The requests of the rows of the trail, one for each row. */
  readonly trail: string[];
  /** True if the engine runs inside the service, and ends with it. */
  readonly isEmbedded: boolean;
  readonly fate: () => Fate;
  /** Share of the reads of the engine without an answer. */
  readonly readTrouble: number;
  readonly mutant: TaskMutant;
}

/** One run of the service: the shipped services over the durable state, until it crashes. */
class TaskInstance {
  readonly service: ProcessTaskService;
  isAlive = true;

  constructor(
    private readonly durable: Durable,
    readonly name: string,
  ) {
    const { world, process, trail, mutant } = durable;
    const engine = {
      getTask: (id: string) =>
        this.ask(() => {
          const task = process.openTask(id);
          return task === undefined ? null : shownTask(task);
        }),
      findTasks: () => this.ask(() => process.tasks.filter(({ endedAt }) => endedAt === null).map(shownTask)),
      findEndedTask: (id: string) =>
        this.ask(() => {
          const task = process.find(id);
          return task === undefined || task.endedAt === null ? null : this.endedTask(task);
        }),
      findCandidates: (id: string) =>
        this.ask(() => (process.openTask(id) === undefined ? null : { users: [], groups: [] })),
      findVariables: (id: string) => this.ask(() => (process.openTask(id) === undefined ? null : {})),
      findCalledInstances: () => this.ask(() => []),
      complete: (id: string, variables: Readonly<Record<string, { readonly value?: unknown }>>) =>
        this.command(id, String(variables.request?.value), COMPLETED),
      raiseBpmnError: (
        id: string,
        { variables }: { readonly variables: Readonly<Record<string, { readonly value?: unknown }>> },
      ) => this.command(id, String(variables.request?.value), DELETED),
    };
    const history = {
      findHistoricInstances: () =>
        this.ask(() => [{ id: INSTANCE, rootProcessInstanceId: INSTANCE, businessKey: CORRELATION_ID }]),
    };
    const store = {
      peek: () => null,
      get: () => this.disk(() => this.record()),
      table: { findByIds: () => this.disk(() => [this.record()]) },
    };
    const waits = { waitFor: (_id: string, timeoutMs: number) => this.wait(timeoutMs) };
    const events = {
      log: (
        _record: unknown,
        event: { readonly requestData: { readonly variables: { request: string } } },
      ) => {
        const { request } = event.requestData.variables;
        return this.disk(() => {
          world.note(`the trail has ${request}`);
          if (mutant.losesTrail !== true) trail.push(request);
        });
      },
    };
    const finder = new TaskProcessFinder(engine as never, history as never, store as never);
    const list = new TaskListService(engine as never, finder, { find: () => store.get() } as never);
    this.service = new ProcessTaskService(
      engine as never,
      list,
      new TaskCommandSender(engine as never, finder),
      new NextTaskService(engine as never, list, finder, store as never),
      waits as never,
      store as never,
      events as never,
    );
    world.note(`${name} opens`);
  }

  private endedTask(task: SimulatedTask) {
    const { mutant } = this.durable;
    let { deleteReason } = task;
    if (mutant.forgetsCompletions === true) deleteReason = DELETED;
    if (mutant.invents === true) deleteReason = COMPLETED;
    return {
      id: task.id,
      processInstanceId: INSTANCE,
      taskDefinitionKey: task.id,
      assignee: null,
      endTime: new Date(task.endedAt ?? 0).toISOString(),
      deleteReason,
    };
  }

  private get isOver(): boolean {
    const { world, process } = this.durable;
    return process.endedAt !== null && world.now >= process.endedAt + OUTCOME_AFTER_MS;
  }

  private record(): ProcessRecord {
    return {
      correlationId: CORRELATION_ID,
      processKey: 'k',
      processInstanceId: INSTANCE,
      status: this.isOver ? 'ok' : 'pending',
    } as ProcessRecord;
  }

  private wait(timeoutMs: number) {
    let cancel = (): void => undefined;
    const ended = new Promise((resolve) => {
      let isDone = false;
      const end = (value: unknown): void => {
        isDone = true;
        resolve(value);
      };
      const until = this.durable.world.now + timeoutMs;
      const look = (): void => {
        if (isDone) return;
        if (this.isOver) end({ kind: 'completed', payload: this.record() });
        else if (this.durable.world.now >= until) end({ kind: 'timeout' });
        else this.laterAlive(LOOK_MS, look);
      };
      look();
      cancel = () => {
        end({ kind: 'cancelled' });
      };
    });
    return { ended, cancel };
  }

  /** A commit or a read is one step; the service learns of it in a later one, and never if it crashes in between. */
  private disk<T>(run: () => T): Promise<T> {
    return this.step(DISK_MS, run);
  }

  private ask<T>(run: () => T): Promise<T> {
    const { world, readTrouble } = this.durable;
    return this.step(CALL_MS, run).then((answer) => {
      if (world.chance.hits(readTrouble)) throw timeOut();
      return answer;
    });
  }

  private step<T>(ms: number, run: () => T): Promise<T> {
    const { world } = this.durable;
    return new Promise((resolve) => {
      this.laterAlive(world.chance.below(ms), () => {
        const result = run();
        this.laterAlive(world.chance.below(ms), () => {
          resolve(result);
        });
      });
    });
  }

  private laterAlive(ms: number, run: () => void): void {
    this.durable.world.later(ms, () => {
      if (this.isAlive) run();
    });
  }

  private command(taskId: string, request: string, deleteReason: string): Promise<void> {
    const { world, process, isEmbedded, fate, requests, mutant } = this.durable;
    const { chance } = world;
    const chosen = fate();
    world.note(`${this.name} sends ${request}: ${chosen}`);
    /** The engine executes a request also if its client is gone, unless it ends with it. */
    const execute = (ms: number, then: (isExecuted: boolean) => void): void => {
      world.later(ms, () => {
        if (this.isAlive || !isEmbedded) then(process.leave(taskId, request, deleteReason));
      });
    };
    const ignore = (): void => undefined;
    return new Promise((resolve, reject) => {
      const fail = (ms: number, error: Error, isKnown = true): void => {
        const found = requests.get(request);
        if (!isKnown && found !== undefined) found.isInDoubt = true;
        this.laterAlive(ms, () => {
          reject(error);
        });
      };
      const waitMs = (): number => (chance.hits(0.5) ? CALL_MS : CALL_TIMEOUT_MS);
      switch (chosen) {
        case 'taken':
          execute(chance.below(CALL_MS), (isExecuted) => {
            const answerMs = chance.below(CALL_MS);
            if (isExecuted) this.laterAlive(answerMs, resolve);
            else if (mutant.hidesRefusals === true) fail(answerMs, timeOut());
            else fail(answerMs, this.refusal(taskId));
          });
          break;
        case 'answer-lost':
          execute(chance.below(CALL_MS), ignore);
          fail(waitMs(), timeOut(), false);
          break;
        case 'late':
          execute(CALL_MS + chance.below(LATEST_MS - CALL_MS), ignore);
          fail(waitMs(), timeOut(), false);
          break;
        case 'never-arrived':
          fail(CALL_TIMEOUT_MS, timeOut(), false);
          break;
        case 'bad-gateway':
          if (chance.hits(0.5)) execute(chance.below(CALL_MS), ignore);
          fail(CALL_MS, new EngineMisconfiguredError(FACTS, 'a page of a proxy', 500), false);
          break;
        case 'conflict':
          fail(CALL_MS, optimisticLocking());
          break;
        case 'unreachable':
          fail(0, new EngineUnreachableError(FACTS, 'connection refused'));
          break;
        case 'failing':
          // The engine rolls the command back: an activity behind the task fails.
          fail(CALL_MS, new EngineResponseError(FACTS, 500, 'RestException', 'Unknown property used', 0));
          break;
      }
    });
  }

  /** What the engine answers for a task that is not open: two messages, and a conflict to the loser of a close race. */
  private refusal(taskId: string): EngineResponseError {
    const { world, process } = this.durable;
    const endedAt = process.find(taskId)?.endedAt ?? 0;
    if (world.now - endedAt <= RACE_MS && world.chance.hits(0.5)) return optimisticLocking();
    return world.chance.hits(0.5)
      ? new EngineResponseError(FACTS, 404, 'RestException', 'No matching task', 0)
      : new EngineResponseError(FACTS, 500, 'RestException', `Cannot find task ${taskId}: task is null`, 0);
  }
}

/**
 * One run of one or two instances of the service over one process with tasks. A seed decides what happens: clients that
 * complete the same task or raise an error at it, repetitions, clients of the engine, the cancel of the instance, answers
 * that are lost or late, refusals, and crashes.
 */
export class TaskInterleaving extends SeededRun {
  private readonly durable: Durable;
  private readonly instances: TaskInstance[] = [];
  private opened = 0;

  constructor(seed: number, mutant: TaskMutant = {}) {
    super(seed);
    const { chance } = this.world;
    const trouble = chance.pick([0, 0.2, 0.5, 0.8]);
    let sent = 0;
    this.durable = {
      world: this.world,
      process: new SimulatedProcess(this.world, 1 + chance.below(3), (task) => {
        this.work(task);
      }),
      requests: new Map(),
      trail: [],
      isEmbedded: chance.hits(0.25),
      readTrouble: chance.pick([0, 0.03, 0.1]),
      // In the end every command arrives.
      fate: () => {
        sent += 1;
        if (sent > 20 || !chance.hits(trouble)) return 'taken';
        return chance.pick<Fate>([
          'answer-lost',
          'answer-lost',
          'late',
          'never-arrived',
          'bad-gateway',
          'conflict',
          'unreachable',
          'failing',
        ]);
      },
      mutant,
    };
  }

  /** Whether two requests or more were answered as if each of them had ended the same task. */
  get hasTwins(): boolean {
    return this.durable.process.tasks.some(({ id }) => this.leftOf(id).length > 1);
  }

  private moment(): number {
    const { chance } = this.world;
    return chance.hits(0.7) ? chance.below(60) : chance.below(4_000);
  }

  protected begin(): void {
    const { world, durable } = this;
    const { chance } = world;
    const count = durable.isEmbedded ? 1 : 1 + chance.below(2);
    for (let index = 0; index < count; index += 1) this.openInstance(index);
    durable.process.open();
    if (chance.hits(0.3))
      world.later(this.moment(), () => {
        durable.process.cancel();
      });
    for (let crash = chance.pick([0, 0, 1, 1, 2, 3]); crash > 0; crash -= 1)
      world.later(this.moment(), () => {
        this.crash(chance.below(count));
      });
  }

  /** Lets two clients or more leave the task, and sometimes a client of the engine. */
  private work(task: SimulatedTask): void {
    const { chance } = this.world;
    const clients = 2 + chance.below(2);
    for (let client = 1; client <= clients; client += 1) {
      const leaving = chance.hits(0.8) ? 'complete' : 'bpmn-error';
      this.world.later(this.moment(), () => {
        void this.leave(`${task.id}-${client}`, task.id, leaving, MAX_REPEATS);
      });
    }
    if (chance.hits(0.15))
      this.world.later(this.moment(), () => {
        this.durable.process.leave(task.id, null, COMPLETED);
      });
  }

  private openInstance(index: number): void {
    this.opened += 1;
    this.instances[index] = new TaskInstance(
      this.durable,
      `${String.fromCharCode(65 + index)}${this.opened}`,
    );
  }

  private crash(index: number): void {
    const instance = this.instances[index];
    if (instance?.isAlive !== true) return;
    this.world.note(`${instance.name} crashes`);
    instance.isAlive = false;
    this.world.later(this.world.chance.below(800), () => {
      this.openInstance(index);
    });
  }

  /** Leaves a task, and again until it is clear what became of it, as clients do. */
  private async leave(client: string, taskId: string, kind: Leaving, left: number): Promise<void> {
    const { world, durable } = this;
    const instance = world.chance.pick(this.instances);
    const again = (): void => {
      if (left === 0) this.violate(`${client} is never resolved`);
      else
        world.later(REPEAT_MS + world.chance.below(200), () => {
          void this.leave(client, taskId, kind, left - 1);
        });
    };
    if (!instance.isAlive) {
      again();
      return;
    }
    const id = `${client}-${MAX_REPEATS - left + 1}`;
    const request: Request = { id, taskId, leaving: kind, isInDoubt: false, isCut: false, answer: null };
    durable.requests.set(id, request);
    // The client of a crashed service gets no answer and repeats.
    const watch = (): void => {
      if (request.answer !== null) return;
      if (instance.isAlive) world.later(300, watch);
      else {
        request.isCut = true;
        again();
      }
    };
    world.later(300, watch);
    const variables = { request: id };
    const leaving: TaskLeaving =
      kind === 'complete' ? { kind, variables } : { kind, variables, errorCode: 'E', errorMessage: null };
    const actor = { userId: null, requester: {} as never, access: ProcessAccess.all };
    const waitMs = world.chance.pick([0, 0, 400, 3_000]);
    let answer: TaskSuccession | TaskObstacle;
    try {
      answer = await instance.service.leave(taskId, leaving, actor, () => undefined, waitMs);
    } catch (error) {
      this.violate(`${id} failed: ${String(error)}`);
      return;
    }
    if (request.isCut || !this.instances.includes(instance)) return;
    request.answer = answer;
    world.note(`${instance.name} answers ${id}: ${answer.kind}`);
    this.check(request, answer);
    if (answer.kind === 'engine-unavailable' || answer.kind === 'refused') again();
  }

  /** What must be true at the moment of the answer. */
  private check({ id, taskId, leaving }: Request, answer: TaskSuccession | TaskObstacle): void {
    const task = this.durable.process.find(taskId);
    switch (answer.kind) {
      case 'left':
        if (task?.deleteReason !== (leaving === 'complete' ? COMPLETED : DELETED))
          this.violate(`${id} was answered as done, and ${taskId} is ${String(task?.deleteReason)}`);
        if (answer.nextTasks.some((next) => next.task.id === taskId))
          this.violate(`${id} was answered with its own task as the next one`);
        break;
      case 'ended':
        if (task?.endedAt == null) this.violate(`${id} was answered as ended, and ${taskId} is open`);
        else if (answer.completed !== (task.deleteReason === COMPLETED))
          this.violate(`${id} was answered that completed is ${String(answer.completed)}`);
        break;
      case 'refused':
      case 'engine-unavailable':
        break;
      default:
        this.violate(`${id} was answered ${answer.kind}`);
    }
  }

  private leftOf(taskId: string): readonly Request[] {
    const requests = [...this.durable.requests.values()];
    return requests.filter((request) => request.taskId === taskId && request.answer?.kind === 'left');
  }

  protected judge(): void {
    const { process, requests, trail } = this.durable;
    const ended = process.tasks.filter(({ endedBy }) => endedBy !== null);
    if (new Set(process.effects).size !== process.effects.length || process.effects.length !== ended.length)
      this.violate(`the engine executed ${process.effects.join(', ')}`);
    for (const { id, endedBy } of process.tasks) {
      // Decision 0029: both are answered as done only if one of them got no answer of the engine.
      const sure = this.leftOf(id).filter(({ isInDoubt }) => !isInDoubt);
      for (const request of sure)
        if (request.id !== endedBy)
          this.violate(`${request.id} was answered as done, and ${String(endedBy)} ended ${id}`);
    }
    for (const request of requests.values()) this.judgeRequest(request);
    const unknown = trail.filter((id) => !requests.has(id));
    if (unknown.length > 0) this.violate(`the trail has ${unknown.join(', ')}`);
  }

  private judgeRequest({ id, isInDoubt, isCut, answer }: Request): void {
    const { process, trail } = this.durable;
    const rows = trail.filter((each) => each === id).length;
    const isExecuted = process.effects.includes(id);
    if (answer === null && !isCut) this.violate(`${id} has no answer`);
    if (answer?.kind === 'left' && rows !== 1) this.violate(`the trail has ${id} ${rows} times`);
    if (answer?.kind !== 'left' && rows > (isCut ? 1 : 0))
      this.violate(`the trail has ${id} ${rows} times without its answer`);
    if (rows > 0 && !isInDoubt && !isExecuted)
      this.violate(`the trail has ${id}, and the engine did not execute it`);
    if (!isExecuted || isCut || answer === null || answer.kind === 'left') return;
    // A caller without a clear answer must learn that its request may be executed.
    if (answer.kind !== 'engine-unavailable' || !answer.inDoubt)
      this.violate(`${id} ended its task and was answered ${answer.kind}`);
  }
}

function shownTask({ id, created }: SimulatedTask): UserTask {
  return {
    id,
    taskDefinitionKey: id,
    processInstanceId: INSTANCE,
    priority: 50,
    suspended: false,
    created: new Date(created).toISOString(),
  };
}

function timeOut(): EngineAmbiguousError {
  return new EngineAmbiguousError(FACTS, 'no answer in time', null);
}

function optimisticLocking(): EngineResponseError {
  return new EngineResponseError(FACTS, 500, 'OptimisticLockingException', 'ENGINE-03005', 1);
}
