import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness, plain } from '../testing/engine.harness.js';
import { bpmn, sequence } from '../testing/process.builder.js';
import { ProcessInstanceState } from '../state/process-instance.state.js';
import { RecordingStore } from '../testing/recording.store.js';

let store: RecordingStore;
let h: EngineHarness;

beforeEach(async () => {
  store = new RecordingStore();
  h = await EngineHarness.open({ store });
  await h.deploy(bpmn(sequence('p', 'A', 'B')));
  store.commits.length = 0;
});

/** Whether a promise has settled once everything that is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('a command', () => {
  it('commits one change set, including the locks of the polls that it serves', async () => {
    const poll = h.poll('B');
    await h.start('p');
    const { id } = await h.take('A');
    store.commits.length = 0;
    await h.complete(id, { n: 1 });
    const [next] = await poll.tasks;
    expect(store.commits).toHaveLength(1);
    const [changes] = store.commits;
    expect(changes?.tasks.get(id)).toBeNull();
    expect(changes?.tasks.get(next!.id)).toMatchObject({
      workerId: 'w',
      lockExpirationTime: h.clock.now + 1_000,
    });
    expect([...changes!.historicActivities.values()].map((record) => record.activityId)).toEqual(['A', 'B']);
    expect([...changes!.historicVariables.values()].map((record) => record.name)).toEqual(['n']);
    const { root } = ProcessInstanceState.restore(
      changes!.instances.get(next!.processInstanceId)!.snapshot(),
    );
    expect(root.children).toHaveLength(1);
  });

  it('writes nothing when it fails', async () => {
    await expect(h.start('unknown')).rejects.toThrow(
      "no deployed process definition found with id 'unknown'",
    );
    await expect(h.complete('nope')).rejects.toMatchObject({
      kind: 'NotFound',
      message: 'External task with id nope does not exist',
    });
    expect(store.commits).toEqual([]);
  });

  it('settles when its changes are durable, and so do the polls that it serves', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const poll = h.poll('B');
    store.slow = true;
    const completed = h.complete(id);
    expect(await isSettled(completed)).toBe(false);
    expect(await isSettled(poll.tasks)).toBe(false);
    expect(h.engine.externalTasks.findOne(id)).toBeNull();
    store.settle();
    await completed;
    expect(await poll.tasks).toHaveLength(1);
  });

  it('returns tasks when their locks are durable', async () => {
    await h.start('p');
    store.slow = true;
    const fetched = h.fetch('A');
    expect(await isSettled(fetched)).toBe(false);
    store.settle();
    expect(await fetched).toHaveLength(1);
  });
});

describe('a store that rejects a commit', () => {
  it('stops the engine, rejects waiting polls, and accepts no more commands', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const served = h.poll('B');
    const parked = h.poll('other');
    store.slow = true;
    const completed = h.complete(id);
    const behind = h.start('p');
    store.settle(new Error('disk full'));
    store.settle();
    const stopped = {
      name: 'ProcessEngineException',
      kind: 'Stopped',
      message:
        "The engine's store takes no writes: disk full. What was answered with success is kept; whether this request is, is not known. Repeat it when the engine is back.",
      cause: new Error('disk full'),
    };
    await expect(completed).rejects.toMatchObject(stopped);
    await expect(served.tasks).rejects.toMatchObject(stopped);
    await expect(parked.tasks).rejects.toMatchObject(stopped);
    await expect(behind).rejects.toMatchObject(stopped);
    await expect(h.start('p')).rejects.toMatchObject(stopped);
    await expect(h.fetch('A')).rejects.toMatchObject(stopped);
    await h.engine.close();
    expect(store.closed).toBe(1);
  });

  it('calls onStopped once', async () => {
    const errors: unknown[] = [];
    const opened = await EngineHarness.open({
      store,
      onStopped: (error) => {
        errors.push(error.message);
      },
    });
    await opened.deploy(bpmn(sequence('p', 'A')));
    expect(errors).toEqual([]);
    store.slow = true;
    const started = [opened.start('p'), opened.start('p')];
    store.settle(new Error('disk full'));
    store.settle(new Error('disk full'));
    for (const each of started) await expect(each).rejects.toThrow('disk full');
    await expect(opened.start('p')).rejects.toThrow('disk full');
    expect(errors).toEqual([expect.stringContaining('disk full')]);
  });

  it('rejects the fetch, and the polls that were served with it', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    await h.start('p');
    const waiting = h.poll('A', { topics: [{ topicName: 'A', lockDuration: 1_000, businessKey: 'none' }] });
    store.slow = true;
    const fetched = h.fetch('A');
    store.settle(new Error('disk full'));
    await expect(fetched).rejects.toThrow('disk full');
    await expect(waiting.tasks).rejects.toThrow('disk full');
    await expect(h.complete(id)).rejects.toThrow('disk full');
  });
});

describe('an unexpected error', () => {
  it('fails the command with an engine error that has it as cause, and changes nothing', async () => {
    const { id } = await h.start('p', { n: 1 });
    const broken = new Map([['n', null]]) as never;
    await expect(h.engine.runtime.changeVariables(id, broken, [])).rejects.toMatchObject({
      kind: 'ProcessEngine',
      cause: expect.any(TypeError),
    });
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ n: 1 });
  });
});

describe('a closed engine', () => {
  it('rejects commands, new polls and waiting polls, and closes its store once', async () => {
    const parked = h.poll('A');
    const closing = h.engine.close();
    await expect(parked.tasks).rejects.toMatchObject({ kind: 'Shutdown' });
    await closing;
    await h.engine.close();
    expect(store.closed).toBe(1);
    const refused = {
      kind: 'Shutdown',
      message: 'Request rejected due to shutdown of application server.',
    };
    await expect(h.start('p')).rejects.toMatchObject(refused);
    await expect(h.fetch('A')).rejects.toMatchObject(refused);
  });
});
