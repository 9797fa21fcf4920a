import type { EngineServices } from '../server/rest.routes.js';

/** A call of the REST layer. */
export interface RecordedCall {
  /** For example `externalTasks.complete` or `runtime.executions.find`. */
  readonly method: string;
  readonly args: readonly unknown[];
}

/** An engine that records its calls and returns prepared values; every other value is undefined. */
export class RecordingEngine implements EngineServices {
  readonly calls: RecordedCall[] = [];
  failure: EngineServices['failure'] = null;
  readonly repository = this.service('repository') as EngineServices['repository'];
  readonly runtime = this.service('runtime') as EngineServices['runtime'];
  readonly externalTasks = this.service('externalTasks') as EngineServices['externalTasks'];
  readonly history = this.service('history') as EngineServices['history'];
  readonly tasks = this.service('tasks') as EngineServices['tasks'];
  readonly messages = this.service('messages') as EngineServices['messages'];
  readonly jobs = this.service('jobs') as EngineServices['jobs'];
  private readonly answers = new Map<string, (...args: unknown[]) => unknown>();

  /** Prepares the return value of `service.method` or `service.query.method`; an Error is thrown. */
  answer(method: string, value: unknown): void {
    this.answers.set(method, () => {
      if (value instanceof Error) throw value;
      return value;
    });
  }

  /** Prepares the behaviour of `service.method`. */
  implement(method: string, behaviour: (...args: unknown[]) => unknown): void {
    this.answers.set(method, behaviour);
  }

  get lastCall(): RecordedCall | undefined {
    return this.calls.at(-1);
  }

  /** Arguments of the last call of `service.method`; undefined if there was none. */
  argumentsOf(method: string): readonly unknown[] | undefined {
    return this.calls.findLast((call) => call.method === method)?.args;
  }

  /** A service whose members are all methods, and queries: `service.query.method` is recorded under that name. */
  private service(name: string): object {
    const record =
      (method: string) =>
      (...args: unknown[]): unknown => {
        this.calls.push({ method, args });
        return this.answers.get(method)?.(...args);
      };
    const memberOf = (target: object, owner: string, wrap: (method: string) => object): object =>
      new Proxy(target, { get: (_target, property) => wrap(`${owner}.${String(property)}`) });
    return memberOf({}, name, (method) => memberOf(record(method), method, record));
  }
}
