/**
 * Compares random block-structured processes with a recursive oracle. Waits end in a random order, the engine is closed
 * or crashes and is opened again at random, and commands fail at random.
 *
 * `PROPERTY_RUNS=2000` makes a long run; fast-check prints the seed and the path of a failure.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { processBodies } from '../testing/block.arbitrary.js';
import { fileOf, START_VARIABLES } from '../testing/block.builder.js';
import { BlockOracle, type Happening, TrappedError, type Wait } from '../testing/block.oracle.js';
import type { Body } from '../testing/block.types.js';
import { plain, variables } from '../testing/engine.harness.js';
import { type EngineRig, memoryRig, sqliteRig } from '../testing/engine.rigs.js';
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../testing/property.runs.js';

/** Sets the trap off in all instances. */
const DISARMED: Happening = { key: null, variables: { trap: 'off' } };

/** Numbers from which a run takes its choices. */
type Choices = Iterator<number>;

/** One instance, in the engine and in the oracle. */
class Run {
  private readonly happened: Happening[] = [];
  private oracle: BlockOracle;

  private constructor(
    private readonly rig: EngineRig,
    private readonly body: Body,
    readonly id: string,
  ) {
    this.oracle = BlockOracle.after(body, START_VARIABLES, []);
  }

  static async start(rig: EngineRig, body: Body): Promise<Run> {
    await rig.h.deploy(fileOf(body));
    const { id } = await rig.h.start('p', START_VARIABLES);
    return new Run(rig, body, id);
  }

  choices(): readonly Wait[] {
    return this.oracle.choices();
  }

  /** Ends a wait in the engine and in the oracle. */
  async take(wait: Wait): Promise<void> {
    const happening = this.happening(wait, 'off');
    await this.perform(wait, happening);
    this.happened.push(happening);
    this.oracle.happen(happening);
  }

  /** The same with a variable that makes expressions fail: the command has all effects or none. */
  async takeTrapped(wait: Wait): Promise<void> {
    if (wait.kind === 'timer') return;
    const happening = this.happening(wait, 'on');
    await this.lock(wait);
    const before = observe(this.rig);
    const performed = await this.perform(wait, happening).then(
      () => true,
      () => false,
    );
    expect(performed).toBe(!this.isTrap(happening));
    if (performed) {
      // The variable must not make a timer fail, because the engine would record the failure.
      this.happened.push(happening);
      this.oracle.happen(happening);
      await this.disarm();
      return;
    }
    expect(observe(this.rig)).toEqual(before);
  }

  /** Checks that the engine is in the state of the oracle. */
  check(): void {
    const { engine } = this.rig.h;
    expect(waitingIn(this.rig)).toEqual(this.oracle.waiting());
    expect(
      engine.history.activities
        .find({})
        .map(
          ({ activityId, endTime, canceled }) =>
            `${activityId} ${endTime === null ? 'runs' : canceled ? 'canceled' : 'done'}`,
        )
        .sort(),
    ).toEqual(this.oracle.trail());
    expect(
      engine.history.instances
        .find({})
        .map(({ processDefinitionKey, state }) => `${processDefinitionKey} ${state}`)
        .sort(),
    ).toEqual(this.oracle.outcomes());
    expect(
      Object.fromEntries(
        engine.history.variables
          .find({ processInstanceId: this.id })
          .filter(({ activityInstanceId }) => activityInstanceId === this.id)
          .map(({ name, value }) => [name, value.value]),
      ),
    ).toEqual(this.oracle.variables());
    if (this.oracle.waiting().length > 0)
      expect(plain(engine.runtime.findVariables(this.id, { local: true }))).toEqual(this.oracle.variables());
  }

  private happening({ key, kind }: Wait, trap: 'on' | 'off'): Happening {
    return { key, variables: kind === 'timer' ? {} : { last: this.happened.length + 1, trap } };
  }

  private isTrap(happening: Happening): boolean {
    const copy = BlockOracle.after(this.body, START_VARIABLES, this.happened);
    try {
      copy.happen(happening);
      return false;
    } catch (error) {
      if (error instanceof TrappedError) return true;
      throw error;
    }
  }

  private async disarm(): Promise<void> {
    const { runtime } = this.rig.h.engine;
    for (const { id } of runtime.processInstances.find({}))
      await runtime.changeVariables(id, variables({ trap: 'off' }), []);
    this.happened.push(DISARMED);
    this.oracle.happen(DISARMED);
  }

  private async lock({ kind, key }: Wait): Promise<void> {
    if (kind === 'external') await this.rig.h.engine.externalTasks.lock(idOf(this.rig, key), 'w', 1_000);
  }

  private async perform(wait: Wait, happening: Happening): Promise<void> {
    const { engine } = this.rig.h;
    const given = variables(happening.variables as Record<string, string | number>);
    switch (wait.kind) {
      case 'external': {
        await this.lock(wait);
        const id = idOf(this.rig, wait.key);
        if (wait.fails) {
          const error = { workerId: 'w', errorCode: 'FAILED', errorMessage: null, variables: given };
          await engine.externalTasks.handleBpmnError(id, error);
        } else {
          const result = { workerId: 'w', variables: given, localVariables: variables() };
          await engine.externalTasks.complete(id, result);
        }
        return;
      }
      case 'user':
        await engine.tasks.complete(idOf(this.rig, wait.key), given);
        return;
      case 'timer':
        await engine.jobs.execute(idOf(this.rig, wait.key));
        return;
      case 'message':
        await engine.messages.correlate({
          messageName: wait.key.slice('message:'.length),
          businessKey: null,
          processInstanceId: null,
          correlationKeys: new Map(),
          localCorrelationKeys: new Map(),
          variables: given,
          localVariables: new Map(),
          triggeredScopeVariables: new Map(),
          tenantId: undefined,
          all: false,
        });
    }
  }
}

/** Everything that the engine waits for, by what the oracle calls it. */
function waitsOf({ h: { engine } }: EngineRig): readonly (readonly [key: string, id: string])[] {
  const path = (executionId: string): string =>
    String(engine.runtime.findVariables(executionId)?.get('path')?.value);
  const key = (kind: string, one: { readonly activityId: string; readonly executionId: string }): string =>
    `${kind}:${one.activityId.replace(/Start$/, '')}@${path(one.executionId)}`;
  return [
    ...engine.externalTasks.find({}).map((task) => [key('external', task), task.id] as const),
    ...engine.jobs.find({}).map((job) => [key('timer', job), job.id] as const),
    ...engine.messages.subscriptions
      .find({})
      .map(({ id, eventName }) => [`message:${eventName}`, id] as const),
    ...engine.tasks.find({}).map((task) => [key('user', task), task.id] as const),
  ];
}

function waitingIn(rig: EngineRig): readonly string[] {
  return waitsOf(rig)
    .map(([key]) => key)
    .sort();
}

function idOf(rig: EngineRig, key: string): string {
  const found = waitsOf(rig).find(([one]) => one === key);
  if (found === undefined) throw new Error(`The engine does not wait for ${key}`);
  return found[1];
}

/** Everything that can be seen of an engine. */
function observe({ h: { engine } }: EngineRig) {
  const { runtime, history } = engine;
  const instances = runtime.processInstances.find({});
  return {
    instances,
    trees: instances.map(({ id }) => runtime.findActivityInstanceTree(id)),
    variables: runtime.variableInstances.find({}),
    executions: runtime.executions.find({}),
    incidents: runtime.incidents.find({}),
    tasks: engine.externalTasks.find({}),
    jobs: engine.jobs.find({}),
    subscriptions: engine.messages.subscriptions.find({}),
    userTasks: engine.tasks.find({}),
    history: [
      history.instances.find({}),
      history.activities.find({}),
      history.variables.find({}),
      history.incidents.find({}),
      history.userTasks.find({}),
      history.taskLog.find({}),
    ],
  };
}

/** What of an engine has to be there again when it is opened anew. */
async function reopen(rig: EngineRig, isCrash: boolean): Promise<void> {
  const before = observe(rig);
  await rig.reopen(isCrash);
  expect(observe(rig)).toEqual(before);
}

async function runThrough(rig: EngineRig, body: Body, choices: Choices): Promise<void> {
  const choose = (limit: number): number => Number(choices.next().value) % limit;
  const run = await Run.start(rig, body);
  run.check();
  for (let waits = run.choices(); waits.length > 0; waits = run.choices()) {
    if (choose(6) === 0) await reopen(rig, choose(2) === 0);
    const wait = waits[choose(waits.length)]!;
    if (choose(5) === 0) await run.takeTrapped(wait);
    else await run.take(wait);
    run.check();
  }
  await reopen(rig, true);
  run.check();
  const {
    instances,
    trees,
    variables: left,
    executions,
    incidents,
    tasks,
    jobs,
    subscriptions,
    userTasks,
  } = observe(rig);
  expect(
    [instances, trees, left, executions, incidents, tasks, jobs, subscriptions, userTasks].flat(),
  ).toEqual([]);
}

function property(open: () => Promise<EngineRig>) {
  return fc.asyncProperty(processBodies, fc.infiniteStream(fc.nat(10_000)), async (body, choices) => {
    const rig = await open();
    try {
      await runThrough(rig, body, choices);
    } finally {
      await rig.dispose();
    }
  });
}

describe('a block-structured process', () => {
  it(
    'has the waits of the oracle after each step, despite failures and restarts of the engine',
    async () => {
      await fc.assert(property(memoryRig), { numRuns: propertyRuns(250) });
    },
    PROPERTY_TIMEOUT_MS,
  );

  it(
    'does so on a file',
    async () => {
      await fc.assert(property(sqliteRig), { numRuns: propertyRuns(30) });
    },
    PROPERTY_TIMEOUT_MS,
  );
});
