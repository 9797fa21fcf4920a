import {
  EngineAmbiguousError,
  EngineResponseError,
  EngineUnreachableError,
} from '../../src/camunda-engine/index.js';
import { FakeEngine } from '../support/process.harness.js';
import type { VirtualWorld } from './virtual.world.js';

/** What happens to a start call. */
export type StartFate =
  | 'taken'
  /** The engine takes it, and its answer is lost. */
  | 'answer-lost'
  /** The call is lost, and the engine never receives it. */
  | 'never-arrived'
  | 'rolled-back'
  | 'unreachable'
  /** The engine has no such definition. */
  | 'refused'
  /** The engine takes it later than `START_SETTLE_MS` allows. */
  | 'late';

/** The queries and deletions of the services. */
const CALLS = [
  'deleteProcessInstance',
  'findEndedAmong',
  'findEndedInstances',
  'findHistoricInstances',
  'findIncidentsAfter',
  'findIncidents',
  'findInstances',
  'findLastEnd',
  'findLatestActivities',
  'findRunningInstances',
  'findRunningRoots',
  'findVariables',
  'getHistoricInstance',
  'getHistoricVariables',
  'getProcessInstance',
  'findLatestOfKey',
] as const satisfies readonly (keyof FakeEngine)[];

const FACTS = { method: 'POST', path: '/' };

/** The engine of all instances of the service; its calls take time, and fail as the scenario decides. */
export class SimulatedEngine {
  readonly fake = new FakeEngine();
  /** True while it is unreachable. */
  isAway = false;
  /** Share of calls that fail, except starts. */
  troubleShare = 0;
  /** Instances of starts that the engine took too late. */
  readonly late = new Set<string>();
  private taken = 0;

  /**
   * @param fateOf decides the fate of the next start with this business key
   * @param onTaken called with each new instance
   */
  constructor(
    readonly world: VirtualWorld,
    readonly fateOf: (businessKey: string) => StartFate,
    private readonly onTaken: (processInstanceId: string, start: FakeEngine['starts'][number]) => void,
    readonly startTimeoutMs: number,
    readonly settleMs: number,
  ) {}

  /** Usually short, rarely a large part of the start timeout. */
  latencyMs(): number {
    const { chance } = this.world;
    return chance.hits(0.1) ? chance.below(this.startTimeoutMs / 2) : chance.below(15);
  }

  take(start: FakeEngine['starts'][number]): string {
    this.taken += 1;
    const id = `instance-${this.taken}`;
    this.fake.starts.push(start);
    this.fake.hold(id, start);
    this.world.note(`engine takes ${id} for ${start.businessKey}`);
    this.onTaken(id, start);
    return id;
  }
}

/** The client of one instance of the service; answers after the end of the instance are dropped. */
export class SimulatedEngineClient {
  isAway = false;
  readonly state = { definitions: {} };
  private readonly recovered: (() => void)[] = [];

  constructor(
    private readonly engine: SimulatedEngine,
    private readonly isAlive: () => boolean,
  ) {
    for (const name of CALLS) {
      const ask = this.engine.fake[name].bind(this.engine.fake) as (...given: unknown[]) => Promise<unknown>;
      Object.assign(this, { [name]: (...given: unknown[]) => this.call(() => ask(...given)) });
    }
  }

  onRecovered(listener: () => void): void {
    this.recovered.push(listener);
  }

  async version(): Promise<string> {
    await this.call(() => Promise.resolve());
    if (this.isAway) {
      this.isAway = false;
      for (const listener of this.recovered) listener();
    }
    return '7.24.0';
  }

  isSettled(): boolean {
    return true;
  }

  startProcessInstance(start: FakeEngine['starts'][number]): Promise<{ id: string }> {
    const { engine } = this;
    const { world } = engine;
    return new Promise((resolve, reject) => {
      const fail = (error: Error, ms = engine.latencyMs()): void => {
        this.answerIn(ms, () => {
          reject(error);
        });
      };
      const fate = engine.isAway ? 'unreachable' : engine.fateOf(start.businessKey);
      world.note(`start of ${start.businessKey} is sent: ${fate}`);
      switch (fate) {
        case 'taken':
          world.later(engine.latencyMs(), () => {
            const id = engine.take(start);
            this.answerIn(engine.latencyMs(), () => {
              resolve({ id });
            });
          });
          break;
        case 'answer-lost':
          world.later(engine.latencyMs(), () => {
            engine.take(start);
          });
          fail(timeOut(), engine.startTimeoutMs);
          break;
        case 'late':
          world.later(engine.startTimeoutMs + engine.settleMs + 500 + world.chance.below(2_000), () => {
            engine.late.add(engine.take(start));
          });
          fail(timeOut(), engine.startTimeoutMs);
          break;
        case 'never-arrived':
          fail(timeOut());
          break;
        case 'rolled-back':
          fail(new EngineResponseError(FACTS, 500, 'ProcessEngineException', 'deadlock', null));
          break;
        case 'refused':
          fail(new EngineResponseError(FACTS, 404, 'RestException', 'No matching process definition', null));
          break;
        case 'unreachable':
          this.isAway = engine.isAway;
          fail(new EngineUnreachableError(FACTS, 'connection refused'));
          break;
      }
    });
  }

  private call<T>(ask: () => Promise<T>): Promise<T> {
    const { engine } = this;
    const { world } = engine;
    return new Promise((resolve, reject) => {
      if (engine.isAway) {
        this.isAway = true;
        this.answerIn(0, () => {
          reject(new EngineUnreachableError(FACTS, 'connection refused'));
        });
        return;
      }
      const isTrouble = world.chance.hits(engine.troubleShare);
      world.later(engine.latencyMs(), () => {
        void ask().then((answer) => {
          this.answerIn(engine.latencyMs(), () => {
            if (isTrouble) reject(timeOut());
            else resolve(answer);
          });
        });
      });
    });
  }

  private answerIn(ms: number, answer: () => void): void {
    this.engine.world.later(ms, () => {
      if (this.isAlive()) answer();
    });
  }
}

function timeOut(): EngineAmbiguousError {
  return new EngineAmbiguousError(FACTS, 'no answer in time', null);
}
