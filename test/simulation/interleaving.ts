import { ProblemError } from '../../src/common/errors/index.js';
import { canonicalHash } from '../../src/common/json/index.js';
import type { StoredEvent } from '../../src/event-log/index.js';
import { isFinal, isReplaceable, type ProcessRecord } from '../../src/process-store/index.js';
import type {
  CompletingTask,
  CompletionResult,
} from '../../src/process/commands/process-completion.service.js';
import type { ProcessAnswer } from '../../src/process/http/process-view.presenter.js';
import type { FakeEngine } from '../support/process.harness.js';
import { MemoryTable } from './memory.repository.js';
import { SeededRun } from './seeded.run.js';
import { SimulatedEngine, type StartFate } from './simulated.engine.js';
import { CONFIGURATION, type DurableWorld, type Mutant, SimulatedInstance } from './simulated.instance.js';

/** Periods of the services' own tasks, in ms. */
const LOOK_MS = 1_000;
const WATCH_MS = 5_000;
const SETTLE_CHECK_MS = 250;

/** Longest delay of an answer after its instance has written the outcome, in ms: a few disk accesses. */
const PROMPT_MS = 400;

/** A run that is still active after this time is a violation, in ms. */
const LONGEST_RUN_MS = 150_000;

/** When the 10-minute sweep of the service runs, in ms after the last event. */
const SWEEP_AFTER_MS = 25_000;

/** How a process in the engine behaves. */
type Life = 'completes' | 'runs' | 'ends-silently' | 'incident' | 'bpmn-error' | 'is-deleted';

/** A process of the scenario. */
interface Plan {
  readonly correlationId: string;
  readonly life: Life;
  /** True if the engine has no definition for it. */
  readonly isRefused: boolean;
  readonly isLate: boolean;
  readonly mostlyFails: boolean;
  startCalls: number;
}

/** A request without an answer. */
interface Request {
  readonly correlationId: string;
  readonly instance: SimulatedInstance;
  readonly issuedAt: number;
  drop: () => void;
  isGone: boolean;
}

type View = Pick<ProcessRecord, 'status' | 'data' | 'error' | 'errorCode'>;

/** The two starts that clients make for an id; the second has other variables. */
const VARIABLES = [{ userId: 'u' }, { userId: 'other' }] as const;
const HASHES = VARIABLES.map((variables) => canonicalHash({ processKey: 'test', variables }));

/**
 * One run of one or two instances of the service over one table and one engine. A seed decides what happens and in which
 * order: starts, repeated and conflicting starts, completions, duplicate and different completions, cancels, clients that
 * disconnect, engine calls that fail on either side, outages, lost hints, and crashes.
 */
export class Interleaving extends SeededRun {
  private readonly durable: DurableWorld;
  private readonly instances: SimulatedInstance[] = [];
  private readonly plans = new Map<string, Plan>();
  private readonly open = new Set<Request>();
  private readonly exclusive: boolean;
  private readonly hintShare: number;
  /** All views of the committed rows, by id. */
  private readonly committed = new Map<string, Set<string>>();
  /** When a process left `pending`, in ms. */
  private readonly endedAt = new Map<string, number>();
  /** Ids that a client was answered 202 for. */
  private readonly accepted = new Set<string>();
  /** The final outcome that a client received, by id. */
  private readonly finalReceived = new Map<string, string>();
  /** Engine instances whose completion was refused because the row has another instance. */
  private readonly refusedAsOthers: { readonly correlationId: string; readonly processInstanceId: string }[] =
    [];
  /** Number of outstanding events and workers. */
  private ahead = 0;
  private lastEventAt = 0;
  private settledRounds = 0;
  private nextSweepAt = 0;
  private over = false;

  constructor(
    seed: number,
    private readonly mutant: Mutant = {},
  ) {
    super(seed);
    this.lastEventAt = this.world.now;
    const { chance } = this.world;
    const table = new MemoryTable();
    const engine = new SimulatedEngine(
      this.world,
      (correlationId) => this.fateOf(correlationId),
      (id, start) => {
        this.live(id, start);
      },
      CONFIGURATION.camunda.startTimeoutMs,
      CONFIGURATION.process.startSettleMs,
    );
    this.durable = { world: this.world, table, engine, trail: new Map<string, StoredEvent[]>() };
    this.exclusive = chance.hits(0.25);
    this.hintShare = chance.pick([0, 0.5, 1]);
    engine.troubleShare = chance.pick([0, 0, 0.05, 0.2]);
    table.observe((row, before) => {
      const views = this.committed.get(row.correlationId) ?? new Set();
      views.add(viewOf(row));
      this.committed.set(row.correlationId, views);
      if (row.status !== 'pending' && before?.status !== row.status && !this.endedAt.has(row.correlationId)) {
        this.endedAt.set(row.correlationId, this.world.now);
      }
      if (before !== undefined && before.version > row.version)
        this.violate(`the version of ${row.correlationId} went back`);
      if (before !== undefined && isFinal(before) && viewOf(before) !== viewOf(row)) {
        this.violate(`the final outcome of ${row.correlationId} was replaced`);
      }
    });
  }

  protected override isOver(): boolean {
    return this.over;
  }

  protected begin(): void {
    const count = this.exclusive ? 1 : 2;
    for (let index = 0; index < count; index += 1) this.openInstance(index);
    this.plan();
    this.tick(SETTLE_CHECK_MS, () => {
      this.checkSettled();
    });
  }

  private get chance() {
    return this.world.chance;
  }

  // Instances

  private openInstance(index: number): void {
    let instance: SimulatedInstance | undefined;
    const sweeps = this.world.intervalsOf(() => {
      instance = new SimulatedInstance(
        this.durable,
        String.fromCharCode(65 + index),
        this.exclusive,
        this.mutant,
      );
    });
    if (instance === undefined) return;
    const opened = instance;
    this.instances[index] = opened;
    this.world.note(`${opened.name} opens`);
    opened.boot();
    opened.waitroom.observe((correlationId) => {
      this.world.note(`${opened.name} wakes the waiters of ${correlationId}`);
      this.hintOthers(opened);
    });
    const whileAlive = (everyMs: number, act: () => void): void => {
      this.tick(everyMs, () => {
        if (opened.isAlive) act();
        return opened.isAlive;
      });
    };
    const { rows } = this.durable.table;
    if (this.mutant.looksOff !== true) {
      whileAlive(LOOK_MS, () => {
        void opened.waiterRefresh.refresh();
      });
    }
    whileAlive(LOOK_MS, () => {
      for (const sweep of sweeps) sweep();
      // Without a due row a round finds nothing.
      const isDue = [...rows.values()].some(
        ({ startNextAt }) => (startNextAt?.getTime() ?? Infinity) <= this.world.now,
      );
      if (isDue) opened.reconciler.requestRound();
    });
    whileAlive(WATCH_MS, () => {
      if ([...rows.values()].some(isReplaceable)) void opened.watcher.watchNow();
    });
  }

  /** Acts periodically until the act returns false. */
  private tick(everyMs: number, act: () => unknown): void {
    const round = (): void => {
      if (act() !== false) this.world.later(everyMs, round);
    };
    this.world.later(this.chance.below(everyMs), round);
  }

  private crash(index: number): void {
    const instance = this.instances[index];
    if (instance?.isAlive !== true) return;
    this.world.note(`${instance.name} crashes`);
    instance.crash();
    for (const request of this.open) if (request.instance === instance) this.open.delete(request);
    this.soon(this.chance.below(1_500), () => {
      this.openInstance(index);
    });
  }

  /** Delivers a hint to the other instances, or loses it. */
  private hintOthers(from: SimulatedInstance): void {
    if (this.mutant.looksOff === true) return;
    for (const other of this.instances) {
      if (other === from || !this.chance.hits(this.hintShare)) continue;
      this.world.later(this.chance.below(30), () => {
        if (other.isAlive) void other.waiterRefresh.refresh();
      });
    }
  }

  private anyInstance(): SimulatedInstance | undefined {
    return this.chance.pick(this.instances);
  }

  // Scenario

  private soon(delayMs: number, act: () => void): void {
    this.ahead += 1;
    this.world.later(delayMs, () => {
      this.ahead -= 1;
      this.lastEventAt = this.world.now;
      act();
    });
  }

  private plan(): void {
    const { chance } = this;
    const ids = chance.hits(0.3) ? ['a', 'b'] : ['a'];
    const crashes = chance.pick([0, 0, 0, 1, 1, 2]);
    for (const correlationId of ids) {
      // After a crash the key is unknown until a process with it is open or started.
      const isLate = crashes === 0 && chance.hits(0.06);
      const plan: Plan = {
        correlationId,
        life: isLate
          ? 'runs'
          : chance.pick<Life>([
              'completes',
              'completes',
              'completes',
              'completes',
              'runs',
              'runs',
              'ends-silently',
              'incident',
              'bpmn-error',
              'is-deleted',
            ]),
        isRefused: !isLate && chance.hits(0.1),
        isLate,
        mostlyFails: chance.hits(0.15),
        startCalls: 0,
      };
      this.plans.set(correlationId, plan);
      const starts = 1 + chance.below(4);
      for (let count = 0; count < starts; count += 1) {
        const variant = chance.hits(0.05) ? 1 : 0;
        this.soon(this.moment(), () => void this.start(correlationId, variant));
      }
      const completions = chance.pick([0, 0, 1, 2, 3]);
      for (let count = 0; count < completions; count += 1) {
        const data = chance.hits(0.6) ? 'same' : `different ${count}`;
        this.soon(this.moment(), () => void this.complete(correlationId, data));
      }
      const cancels = chance.pick([0, 0, 0, 1, 2]);
      for (let count = 0; count < cancels; count += 1) {
        this.soon(this.moment(), () => void this.cancel(correlationId));
      }
      if (chance.hits(0.15)) {
        this.soon(this.moment(), () => {
          this.dropClient(correlationId);
        });
      }
    }
    for (let count = 0; count < crashes; count += 1) {
      this.soon(this.moment(), () => {
        this.crash(chance.below(this.instances.length));
      });
    }
    if (chance.hits(0.1)) {
      this.soon(this.moment(), () => {
        this.world.note('the engine is away');
        this.durable.engine.isAway = true;
        this.soon(chance.below(3_000), () => {
          this.world.note('the engine is back');
          this.durable.engine.isAway = false;
        });
      });
    }
  }

  /** Mostly at the same time, to provoke races. */
  private moment(): number {
    const { chance } = this;
    if (chance.hits(0.5)) return chance.below(40);
    return chance.hits(0.7) ? chance.below(250) : chance.below(4_000);
  }

  private fateOf(correlationId: string): StartFate {
    const plan = this.plans.get(correlationId);
    if (plan === undefined) throw new Error(`the scenario has no process ${correlationId}`);
    plan.startCalls += 1;
    if (plan.isRefused) return plan.startCalls === 1 && this.chance.hits(0.2) ? 'unreachable' : 'refused';
    if (plan.isLate) return plan.startCalls === 1 ? 'late' : 'taken';
    // Every start succeeds in the end, unless the engine always rolls it back.
    if (plan.startCalls > 3 || !this.chance.hits(plan.mostlyFails ? 0.8 : 0.15)) return 'taken';
    return this.chance.pick<StartFate>([
      'answer-lost',
      'answer-lost',
      'never-arrived',
      'rolled-back',
      'unreachable',
    ]);
  }

  /** A new instance runs in the engine. */
  private live(processInstanceId: string, start: FakeEngine['starts'][number]): void {
    const plan = this.plans.get(start.businessKey);
    if (plan === undefined || plan.life === 'runs') return;
    const { fake } = this.durable.engine;
    // A fast process ends before the answer to its start arrives.
    this.soon(this.chance.hits(0.6) ? this.chance.below(30) : this.chance.below(600), () => {
      if (fake.instances.get(processInstanceId)?.state !== 'ACTIVE') return;
      this.world.note(`${processInstanceId} ${plan.life}`);
      switch (plan.life) {
        case 'ends-silently':
          fake.endInstance(processInstanceId, 'COMPLETED');
          break;
        case 'is-deleted':
          fake.endInstance(processInstanceId, 'EXTERNALLY_TERMINATED');
          break;
        case 'incident':
          fake.incidents.push({
            id: `incident-${processInstanceId}`,
            processInstanceId,
            incidentMessage: 'stuck',
            incidentTimestamp: new Date().toISOString(),
          });
          this.work(processInstanceId, start, 'incident');
          break;
        default:
          this.work(processInstanceId, start, plan.life);
      }
    });
  }

  /** A worker of an instance has the task; after a crash another worker gets it. */
  private work(processInstanceId: string, start: FakeEngine['starts'][number], life: Life): void {
    const instance = this.anyInstance();
    if (instance?.isAlive !== true) {
      this.soon(300, () => {
        this.work(processInstanceId, start, life);
      });
      return;
    }
    const { engine } = this.durable;
    const correlationId = start.businessKey;
    const traceabilityId = String(engine.fake.instances.get(processInstanceId)?.variables.traceability_id);
    const task: CompletingTask = {
      processInstanceId,
      processDefinitionKey: start.processKey,
      traceabilityId,
      topic: 'test.last',
    };
    const facts = { ...task, correlationId, taskId: 'task', stepName: 'last', step: 2 };
    const report = async (): Promise<void> => {
      if (life === 'incident') {
        await instance.listener.incident({ ...facts, error: 'stuck' });
      } else if (life === 'bpmn-error') {
        await instance.listener.unhandledBpmnError({ ...facts, errorCode: 'REFUSED', errorMessage: 'no' });
      } else {
        const end = await instance.completions.complete({ correlationId, task, status: 'ok', data: 'same' });
        if (instance.isAlive) this.receiveCompletion(correlationId, end, task);
      }
    };
    let isDone = false;
    this.ahead += 1;
    void report().then(
      () => {
        if (!instance.isAlive || isDone) return;
        isDone = true;
        this.ahead -= 1;
        if (life === 'incident') this.maybeRepair(processInstanceId, start);
        else if (engine.fake.instances.get(processInstanceId)?.state === 'ACTIVE')
          engine.fake.endInstance(processInstanceId, 'COMPLETED');
      },
      (error: unknown) => {
        // A failed handler is retried after its lock expires, below.
        this.world.note(`a worker at ${instance.name} failed: ${String(error)}`);
      },
    );
    // The lock of the task expires if its worker is gone or has failed.
    this.world.later(1_000, () => {
      if (isDone) return;
      isDone = true;
      this.ahead -= 1;
      this.work(processInstanceId, start, life);
    });
  }

  private maybeRepair(processInstanceId: string, start: FakeEngine['starts'][number]): void {
    if (!this.chance.hits(0.5)) return;
    this.soon(this.chance.below(3_000), () => {
      const { fake } = this.durable.engine;
      if (fake.instances.get(processInstanceId)?.state !== 'ACTIVE') return;
      this.world.note(`${processInstanceId} is repaired`);
      fake.incidents = fake.incidents.filter((each) => each.processInstanceId !== processInstanceId);
      this.work(processInstanceId, start, 'completes');
    });
  }

  // Clients

  private async start(correlationId: string, variant: 0 | 1): Promise<void> {
    const variables = VARIABLES[variant];
    await this.ask(
      correlationId,
      `start ${variant}`,
      (instance, request) =>
        instance.start({ processKey: 'test', correlationId, variables: { ...variables } }, (gone) => {
          request.drop = gone;
        }),
      (request, answer) => {
        this.receiveAnswer(request, answer);
        this.checkPrompt(request);
      },
      (request, { code }) => {
        this.checkPrompt(request);
        const row = this.durable.table.rows.get(correlationId);
        const isRefused = this.plans.get(correlationId)?.isRefused === true;
        if (code === 'unknown-process-definition' && isRefused) return;
        if (code === 'correlation-id-conflict' && row?.requestHash !== HASHES[variant]) return;
        this.violate(`a start of ${correlationId} was answered with ${code}`);
      },
    );
  }

  private async complete(correlationId: string, data: string): Promise<void> {
    await this.ask(
      correlationId,
      `complete with ${data}`,
      (instance) => instance.completions.complete({ correlationId, status: 'ok', data }),
      (_request, end) => {
        this.receiveCompletion(correlationId, end);
      },
      (_request, { code }) => {
        this.violate(`a completion of ${correlationId} was answered with ${code}`);
      },
    );
  }

  private async cancel(correlationId: string): Promise<void> {
    const before = this.durable.table.rows.get(correlationId);
    await this.ask(
      correlationId,
      'cancel',
      (instance) => instance.cancel(correlationId),
      (request, answer) => {
        this.receiveAnswer(request, answer);
      },
      (_request, { code }) => {
        const isRemovable = before === undefined || this.plans.get(correlationId)?.isRefused === true;
        if (code === 'unknown-process' && isRemovable) return;
        const row = this.durable.table.rows.get(correlationId);
        if (code === 'process-ended' && row !== undefined && row.status !== 'pending') return;
        this.violate(`a cancel of ${correlationId} was answered with ${code}`);
      },
    );
  }

  /** Sends a request to an instance and handles the answer, unless the instance has crashed or the client has gone. */
  private async ask<T>(
    correlationId: string,
    what: string,
    act: (instance: SimulatedInstance, request: Request) => Promise<T>,
    answered: (request: Request, answer: T) => void,
    failed: (request: Request, problem: ProblemError) => void,
  ): Promise<void> {
    const instance = this.anyInstance();
    // The port is closed; the client does not try another instance.
    if (instance?.isAlive !== true) return;
    const request = {
      correlationId,
      instance,
      issuedAt: this.world.now,
      drop: () => undefined,
      isGone: false,
    };
    this.open.add(request);
    this.world.note(`${instance.name}: ${what} ${correlationId}`);
    const isExpected = (): boolean => instance.isAlive && !request.isGone;
    try {
      const answer = await act(instance, request);
      if (isExpected()) {
        this.world.note(`${instance.name}: ${what} ${correlationId} is answered with ${textOf(answer)}`);
        answered(request, answer);
      }
    } catch (error) {
      if (!isExpected()) return;
      this.world.note(`${instance.name}: ${what} ${correlationId} fails: ${String(error)}`);
      if (error instanceof ProblemError) failed(request, error);
      else this.violate(`${what} ${correlationId} failed: ${String(error)}`);
    } finally {
      this.open.delete(request);
    }
  }

  private dropClient(correlationId: string): void {
    for (const request of this.open) {
      if (request.correlationId !== correlationId) continue;
      this.world.note(`a client of ${correlationId} disconnects`);
      request.isGone = true;
      request.drop();
      return;
    }
  }

  // Invariants

  private receiveAnswer({ correlationId }: Request, { body }: ProcessAnswer): void {
    const view = JSON.parse(body) as View & { data: unknown };
    this.receive(correlationId, { ...view, data: view.data === null ? null : JSON.stringify(view.data) });
  }

  private receiveCompletion(correlationId: string, end: CompletionResult, task?: CompletingTask): void {
    if (end.kind === 'unknown') {
      this.violate(`a completion of ${correlationId} was answered as unknown`);
      return;
    }
    if (end.kind === 'refused' && end.reason === 'other-instance' && task !== undefined)
      this.refusedAsOthers.push({ correlationId, processInstanceId: task.processInstanceId });
    this.receive(correlationId, end.record);
  }

  /** A client received a row: it must be durable, and must not change if it is final. */
  private receive(correlationId: string, view: View): void {
    const text = viewOf(view);
    const row = this.durable.table.rows.get(correlationId);
    this.accepted.add(correlationId);
    if (row === undefined) {
      this.violate(`a client received ${correlationId}, which has no row`);
    } else if (this.committed.get(correlationId)?.has(text) !== true) {
      this.violate(`a client received ${text} of ${correlationId}, which was not durable`);
    } else if (isFinalView(view)) {
      const earlier = this.finalReceived.get(correlationId);
      if (viewOf(row) !== text || (earlier ?? text) !== text)
        this.violate(`two outcomes of ${correlationId}: ${text}, and ${earlier ?? viewOf(row)}`);
      this.finalReceived.set(correlationId, text);
    }
  }

  /** A waiter is answered soon after the outcome: at once for an outcome of its instance, otherwise after a refresh. */
  private checkPrompt({ correlationId, instance, issuedAt }: Request): void {
    const endedAt = this.endedAt.get(correlationId);
    if (endedAt === undefined) return;
    const knownAt = instance.endsKnownAt.get(correlationId) ?? Infinity;
    const knownBy = Math.min(knownAt, endedAt + LOOK_MS);
    const lateMs = this.world.now - Math.max(knownBy, issuedAt) - PROMPT_MS;
    if (lateMs > 0)
      this.violate(`a waiter for ${correlationId} at ${instance.name} was answered ${lateMs} ms too late`);
  }

  /** Ends the run when nothing can change any more. */
  private checkSettled(): void {
    const reasons = this.unfinished();
    this.settledRounds = reasons.length === 0 ? this.settledRounds + 1 : 0;
    const quietMs = this.world.now - this.lastEventAt;
    if (this.settledRounds >= 2) {
      this.over = true;
    } else if (quietMs > LONGEST_RUN_MS) {
      this.violate(`the run does not settle: ${reasons.join('; ')}`);
      this.over = true;
    } else if (quietMs > SWEEP_AFTER_MS && this.world.now >= this.nextSweepAt) {
      // The service retries a failed sweep after the same time.
      this.nextSweepAt = this.world.now + WATCH_MS;
      this.world.note('the sweep');
      for (const { sweep } of this.instances) void sweep.sweepNow();
    }
  }

  private unfinished(): string[] {
    const reasons: string[] = [];
    if (this.ahead > 0) reasons.push(`${this.ahead} events are outstanding`);
    if (this.open.size > 0) reasons.push(`${this.open.size} requests have no answer`);
    if (this.instances.some(({ isAlive }) => !isAlive)) reasons.push('an instance is down');
    if (this.instances.some(({ diskInUse }) => diskInUse > 0)) reasons.push('the disk is busy');
    const { fake } = this.durable.engine;
    for (const row of this.durable.table.rows.values()) {
      const { correlationId, startNextAt, processInstanceId } = row;
      if (startNextAt !== null) reasons.push(`the start of ${correlationId} is not resolved`);
      const instance = fake.instances.get(processInstanceId ?? '');
      if (isReplaceable(row) && instance !== undefined && instance.state !== 'ACTIVE')
        reasons.push(`the end of ${instance.id} is not detected`);
    }
    for (const id of this.unwanted()) reasons.push(`${id} still runs`);
    return reasons;
  }

  /** Running engine instances that are surplus to their row. */
  private unwanted(): string[] {
    return [...this.durable.engine.fake.instances.values()]
      .filter(({ id, businessKey, state }) => {
        const row = this.durable.table.rows.get(businessKey);
        if (state !== 'ACTIVE' || row === undefined || row.requestHash === null) return false;
        return row.processInstanceId !== id || ['cancel', 'start-rejected'].includes(row.outcomeOrigin ?? '');
      })
      .map(({ id }) => id);
  }

  protected judge(): void {
    const { table, engine } = this.durable;
    for (const request of this.open) this.violate(`a request for ${request.correlationId} has no answer`);
    for (const { waitroom, name } of this.instances) {
      if (waitroom.size > 0) this.violate(`${waitroom.size} waiters are left at ${name}`);
    }
    for (const correlationId of this.accepted) {
      const row = table.rows.get(correlationId);
      if (row === undefined) this.violate(`the row of ${correlationId} is lost`);
      else if (row.status === 'pending' && row.processInstanceId === null)
        this.violate(`${correlationId} was accepted and never started`);
      else if (row.status === 'pending' && row.cancelRequestedAt !== null)
        this.violate(`the cancel of ${correlationId} was forgotten`);
    }
    for (const [correlationId, received] of this.finalReceived) {
      const row = table.rows.get(correlationId);
      if (row === undefined || viewOf(row) !== received)
        this.violate(`the outcome of ${correlationId} is lost`);
    }
    for (const id of this.unwanted()) this.violate(`${id} is surplus and still runs`);
    for (const { correlationId, processInstanceId } of this.refusedAsOthers) {
      if (table.rows.get(correlationId)?.processInstanceId === processInstanceId)
        this.violate(`the completion of ${processInstanceId} was refused, although it is the process`);
    }
    for (const correlationId of this.plans.keys()) {
      const kept = [...engine.fake.instances.values()].filter(
        ({ businessKey, state }) => businessKey === correlationId && state !== 'EXTERNALLY_TERMINATED',
      );
      if (kept.length > 1) this.violate(`${correlationId} has ${kept.length} instances`);
    }
  }
}

/** Whether an outcome is final, judged by its code as a client does. */
function isFinalView({ status, errorCode }: View): boolean {
  return status !== 'pending' && errorCode !== 'INCIDENT' && errorCode !== 'ENDED_WITHOUT_RESULT';
}

function viewOf({ status, data, error, errorCode }: View): string {
  return JSON.stringify([status, data, error, errorCode]);
}

function textOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return String(answer);
  if ('body' in answer) return String(answer.body).slice(0, 120);
  return JSON.stringify('kind' in answer ? answer.kind : answer);
}
