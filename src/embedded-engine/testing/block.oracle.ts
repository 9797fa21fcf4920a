import { type Activity, type Block, type Body, type Handler, isTaken } from './block.types.js';

/** A wait state of the engine, written `kind:elementId@path`; the path distinguishes instances and rounds. */
export interface Wait {
  readonly key: string;
  readonly kind: 'external' | 'user' | 'message' | 'timer';
  readonly elementId: string;
  /** An external task whose worker reports a BPMN error. */
  readonly fails: boolean;
}

/** The end of a wait. */
export interface Happening {
  /** Null: only sets the variables in all instances. */
  readonly key: string | null;
  /** Set before the token continues; empty for a timer. */
  readonly variables: Readonly<Record<string, unknown>>;
}

interface OpenWait extends Wait {
  readonly happen: () => void;
  /** A non-interrupting message could arrive again; the oracle accepts it once. */
  taken: boolean;
}

/** An expression has failed: the command is rolled back, and the oracle is no longer valid. */
export class TrappedError extends Error {
  override readonly name = 'TrappedError';
}

/** An entered element with its children and waits. */
class Visit {
  state: 'runs' | 'done' | 'canceled' = 'runs';
  readonly children: Visit[] = [];
  readonly waits: OpenWait[] = [];
  /** Called when the last path inside has ended. */
  whenEmpty = (): void => undefined;
  /** The handler of an error from `inside`: a child, or null for the visit itself. */
  catching = (_inside: Visit | null): (() => void) | null => null;
  /** Output mappings; they run when the element completes and when it is cancelled. */
  applyOutputs = (): void => undefined;
  /** The out mappings of a called instance, at its end and when an error leaves it. */
  returnResult = (): void => undefined;

  constructor(
    readonly id: string,
    readonly parent: Visit | null,
    readonly run: ProcessRun,
    readonly path: string,
  ) {
    parent?.children.push(this);
  }
}

/** A process instance. */
interface ProcessRun {
  readonly key: string;
  state: 'ACTIVE' | 'COMPLETED' | 'INTERNALLY_TERMINATED';
  readonly variables: Map<string, unknown>;
}

/** Executes the tree of blocks like the tokens of a process, and records the waits. */
export class BlockOracle {
  private readonly visits: Visit[] = [];
  private readonly runs: ProcessRun[] = [];

  /** The oracle after all these ends of waits. */
  static after(
    body: Body,
    start: Readonly<Record<string, unknown>>,
    happened: readonly Happening[],
  ): BlockOracle {
    const oracle = new BlockOracle();
    oracle.process('p', body, null, '', start, () => undefined);
    for (const happening of happened) oracle.happen(happening);
    return oracle;
  }

  /** Ends a wait. @throws TrappedError, after which the oracle is no longer valid */
  happen({ key, variables }: Happening): void {
    if (key === null) {
      const active = this.runs.filter(({ state }) => state === 'ACTIVE');
      for (const run of active) write(run, variables);
      return;
    }
    for (const visit of this.open()) {
      const wait = visit.waits.find((one) => one.key === key);
      if (wait === undefined) continue;
      write(visit.run, variables);
      wait.happen();
      return;
    }
    throw new Error(`Nothing waits for ${key}`);
  }

  /** The keys of all waits, sorted. */
  waiting(): readonly string[] {
    return this.open()
      .flatMap(({ waits }) => waits.map(({ key }) => key))
      .sort();
  }

  /** The waits that can end next. */
  choices(): readonly Wait[] {
    return this.open().flatMap(({ waits }) => waits.filter(({ taken }) => !taken));
  }

  /** `elementId state` of every entered element, sorted. */
  trail(): readonly string[] {
    return this.visits.map(({ id, state }) => `${id} ${state}`).sort();
  }

  /** `processKey state` of every instance, sorted. */
  outcomes(): readonly string[] {
    return this.runs.map(({ key, state }) => `${key} ${state}`).sort();
  }

  /** The variables of the first instance. */
  variables(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.runs[0]?.variables ?? []);
  }

  private open(): readonly Visit[] {
    return this.visits
      .filter(({ state }) => state === 'runs')
      .concat(this.roots.filter(({ run }) => run.state === 'ACTIVE'));
  }

  /** The instances themselves. */
  private readonly roots: Visit[] = [];

  private process(
    key: string,
    body: Body,
    caller: Visit | null,
    path: string,
    variables: Readonly<Record<string, unknown>>,
    next: () => void,
    returnResult = (_run: ProcessRun): void => undefined,
  ): void {
    const run: ProcessRun = { key, state: 'ACTIVE', variables: new Map(Object.entries(variables)) };
    this.runs.push(run);
    const root = new Visit(key, caller, run, path);
    root.returnResult = () => {
      returnResult(run);
    };
    this.roots.push(root);
    this.body(body, root, () => {
      run.state = 'COMPLETED';
      if (caller !== null) caller.children.splice(caller.children.indexOf(root), 1);
      root.returnResult();
      next();
    });
  }

  /** Runs the content of a process or sub-process, then `next`. */
  private body({ inner, events }: Body, scope: Visit, next: () => void): void {
    scope.whenEmpty = next;
    for (const event of events)
      this.listen(event, scope, () => {
        this.eventSubProcess(event, scope);
      });
    const error = events.find(({ on }) => on === 'error');
    if (error !== undefined)
      scope.catching = (inside) =>
        inside?.id === error.id
          ? null
          : () => {
              this.eventSubProcess(error, scope);
            };
    this.pass(`${scope.id}Start`, scope);
    this.block(inner, scope, () => {
      this.end(`${scope.id}End`, scope);
    });
  }

  private block(block: Block, scope: Visit, next: () => void): void {
    switch (block.kind) {
      case 'activity':
        this.activity(block, scope, next);
        return;
      case 'catch': {
        const visit = this.enter(block.id, scope);
        this.wait(block.on, block.id, visit, () => {
          this.leave(visit);
          next();
        });
        return;
      }
      case 'fragile':
        if (scope.run.variables.get('trap') === 'on') throw new TrappedError(block.id);
        this.pass(block.id, scope);
        scope.run.variables.set(`done_${block.id}`, 1);
        next();
        return;
      case 'sequence':
        block.blocks.reduceRight<() => void>(
          (then, one) => () => {
            this.block(one, scope, then);
          },
          next,
        )();
        return;
      case 'gateway':
        this.gateway(block, scope, next);
        return;
      case 'race':
        this.race(block, scope, next);
        return;
      case 'repeat':
        this.repeat(block, scope, next);
        return;
      case 'raise': {
        const task = this.enter(block.id, scope);
        this.wait('external', block.id, task, () => {
          this.leave(task);
          this.pass(`${block.id}Ask`, scope);
          if (block.throws) {
            this.throwError(this.enter(`${block.id}Fail`, scope));
            return;
          }
          this.pass(`${block.id}Go`, scope);
          next();
        });
      }
    }
  }

  private gateway(block: Extract<Block, { kind: 'gateway' }>, scope: Visit, next: () => void): void {
    this.pass(block.id, scope);
    const taken = block.branches.filter((_branch, at) => isTaken(block, at));
    const arrived: Visit[] = [];
    for (const branch of taken) {
      this.block(branch, scope, () => {
        arrived.push(this.enter(`${block.id}Join`, scope));
        if (arrived.length < taken.length) return;
        for (const visit of arrived) this.leave(visit);
        next();
      });
    }
  }

  private race({ id, events }: Extract<Block, { kind: 'race' }>, scope: Visit, next: () => void): void {
    const gateway = this.enter(id, scope);
    for (const { event, then } of events) {
      this.wait(event.on, event.id, gateway, () => {
        this.cancel(gateway);
        this.pass(event.id, scope);
        this.block(then, scope, () => {
          this.pass(`${id}Meet`, scope);
          next();
        });
      });
    }
  }

  private repeat(
    { id, times, body }: Extract<Block, { kind: 'repeat' }>,
    scope: Visit,
    next: () => void,
  ): void {
    const outer = this.enter(id, scope);
    const round = (count: number): void => {
      this.pass(`${id}Merge`, outer);
      const inner = this.enter(`${id}Round`, outer, `${outer.path}.${count}`);
      this.body({ inner: body, events: [] }, inner, () => {
        this.leave(inner);
        this.pass(`${id}Count`, outer);
        this.pass(`${id}Again`, outer);
        if (count + 1 < times) round(count + 1);
        else this.end(`${id}End`, outer);
      });
    };
    outer.whenEmpty = () => {
      this.leave(outer);
      next();
    };
    this.pass(`${id}Start`, outer);
    round(0);
  }

  private activity(activity: Activity, scope: Visit, next: () => void): void {
    const { id, loop, boundaries } = activity;
    const host = this.enter(loop === null ? id : `${id}#multiInstanceBody`, scope);
    const after = (): void => {
      if (boundaries.length > 0) this.pass(`${id}Meet`, scope);
      next();
    };
    for (const event of boundaries)
      this.listen(event, host, () => {
        this.boundary(event, host, scope, after);
      });
    const error = boundaries.find(({ on }) => on === 'error');
    const leave = (): void => {
      this.leave(host);
      after();
    };
    if (loop === null) this.work(activity, host, leave);
    else this.instances(activity, loop, host, leave);
    if (error === undefined) return;
    // The event sub-processes of the activity catch an error first.
    const inside = host.catching;
    host.catching = (from) =>
      inside(from) ??
      (() => {
        this.boundary(error, host, scope, after);
      });
  }

  private instances(
    activity: Activity,
    loop: NonNullable<Activity['loop']>,
    body: Visit,
    next: () => void,
  ): void {
    let completed = 0;
    const instance = (at: number): void => {
      const visit = this.enter(activity.id, body, `${body.path}/${at}`);
      this.work(activity, visit, () => {
        this.leave(visit);
        completed += 1;
        if (completed >= Math.min(loop.count, loop.enough ?? loop.count)) {
          this.clear(body);
          next();
        } else if (loop.isSequential) instance(at + 1);
      });
    };
    if (loop.count === 0) next();
    else if (loop.isSequential) instance(0);
    else for (let at = 0; at < loop.count && body.state === 'runs'; at += 1) instance(at);
  }

  /** Runs the work of an activity, then `next`. */
  private work({ id, work, isMapped }: Activity, visit: Visit, next: () => void): void {
    if (isMapped) {
      const seen = visit.run.variables.get('last');
      visit.applyOutputs = () => visit.run.variables.set(`out_${id}`, seen);
    }
    switch (work.type) {
      case 'external':
        this.wait(
          'external',
          id,
          visit,
          work.fails
            ? () => {
                this.throwError(visit);
              }
            : next,
          work.fails,
        );
        return;
      case 'user':
        this.wait('user', id, visit, next);
        return;
      case 'receive':
        this.wait('message', id, visit, next);
        return;
      case 'sub':
        this.body(work.body, visit, next);
        return;
      case 'call': {
        const given = { path: visit.path, last: visit.run.variables.get('last'), trap: 'off' };
        this.process(`${id}Called`, work.body, visit, visit.path, given, next, (called) => {
          visit.run.variables.set(`result_${id}`, called.variables.get('last'));
        });
      }
    }
  }

  private boundary(event: Handler, host: Visit, scope: Visit, after: () => void): void {
    if (event.interrupting) this.cancel(host);
    this.pass(event.id, scope);
    this.block(event.then, scope, () => {
      if (event.interrupting) after();
      else this.end(`${event.id}End`, scope);
    });
  }

  private eventSubProcess(event: Handler, scope: Visit): void {
    if (event.interrupting) {
      this.clear(scope);
      scope.waits.length = 0;
    }
    const visit = this.enter(event.id, scope);
    this.body({ inner: event.then, events: [] }, visit, () => {
      this.leave(visit);
      this.endPath(scope);
    });
  }

  /** Waits for the message or the timer of a boundary event or an event sub-process; errors need no wait. */
  private listen({ id, on, interrupting }: Handler, owner: Visit, happen: () => void): void {
    if (on === 'error') return;
    const wait = this.wait(on, id, owner, () => {
      if (interrupting || on === 'timer') owner.waits.splice(owner.waits.indexOf(wait), 1);
      else wait.taken = true;
      happen();
    });
  }

  private wait(
    kind: Wait['kind'],
    elementId: string,
    owner: Visit,
    happen: () => void,
    fails = false,
  ): OpenWait {
    const wait = { key: `${kind}:${elementId}@${owner.path}`, kind, elementId, fails, happen, taken: false };
    owner.waits.push(wait);
    return wait;
  }

  /** Searches a handler from the source outwards, also in callers. */
  private throwError(from: Visit): void {
    let inside: Visit | null = null;
    for (let visit: Visit | null = from; visit !== null; inside = visit, visit = visit.parent) {
      const caught = visit.catching(inside);
      if (caught === null) {
        visit.returnResult();
        continue;
      }
      caught();
      return;
    }
    throw new Error(`No handler catches the error of ${from.id}`);
  }

  private enter(id: string, scope: Visit, path = scope.path): Visit {
    const visit = new Visit(id, scope, scope.run, path);
    this.visits.push(visit);
    return visit;
  }

  private leave(visit: Visit): void {
    this.close(visit, 'done');
  }

  private pass(id: string, scope: Visit): void {
    this.leave(this.enter(id, scope));
  }

  /** Ends a path; the last one ends its scope. */
  private end(id: string, scope: Visit): void {
    this.pass(id, scope);
    this.endPath(scope);
  }

  private endPath(scope: Visit): void {
    if (scope.children.length === 0) scope.whenEmpty();
  }

  private cancel(visit: Visit): void {
    this.clear(visit);
    if (this.roots.includes(visit)) {
      visit.run.state = 'INTERNALLY_TERMINATED';
      visit.parent?.children.splice(visit.parent.children.indexOf(visit), 1);
    } else this.close(visit, 'canceled');
  }

  private clear(scope: Visit): void {
    for (const child of scope.children.toReversed()) this.cancel(child);
  }

  private close(visit: Visit, state: 'done' | 'canceled'): void {
    visit.applyOutputs();
    visit.state = state;
    visit.parent?.children.splice(visit.parent.children.indexOf(visit), 1);
  }
}

function write(run: ProcessRun, variables: Happening['variables']): void {
  for (const [name, value] of Object.entries(variables)) run.variables.set(name, value);
}
