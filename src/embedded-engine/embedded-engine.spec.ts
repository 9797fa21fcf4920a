/** Recovery: an engine continues from the state of its store. */
import { describe, expect, it } from '@jest/globals';
import { EngineHarness, plain } from './testing/engine.harness.js';
import {
  and,
  bpmn,
  end,
  io,
  path,
  process,
  sequence,
  start,
  subProcess,
  task,
} from './testing/process.builder.js';
import { RecordingStore } from './testing/recording.store.js';

const BPMN = bpmn(
  process('p', [
    start(),
    subProcess(
      'sub',
      [
        start('s2'),
        and('fork'),
        task('A'),
        task('B'),
        and('join'),
        task('C'),
        end('e2'),
        path('s2', 'fork', 'A', 'join', 'C', 'e2'),
        path('fork', 'B', 'join'),
      ],
      io({ inner: '1' }),
    ),
    end(),
    path('start', 'sub', 'end'),
  ]),
);

async function reopen(store: RecordingStore, clock: { now: number }): Promise<EngineHarness> {
  return EngineHarness.open({ store: new RecordingStore(store.kept()) }, clock);
}

describe('an engine that opens the state of another', () => {
  it('has deployments, instances, tasks, locks and incidents, and continues with them', async () => {
    const store = new RecordingStore();
    const before = await EngineHarness.open({ store });
    await before.deploy(BPMN);
    await before.deploy(bpmn(sequence('q', 'Q')));
    await before.deploy(BPMN);
    const { id } = await before.start('p', new Map([['__proto__', 1]]), 'key');
    await before.work('A', { n: 1 });
    await before.fail((await before.take('B')).id, 0);
    await before.start('q');
    await before.fetch('Q');
    await before.engine.close();

    const after = await reopen(store, before.clock);
    expect(after.engine.repository.findLatestDefinition('p')?.version).toBe(2);
    expect(after.engine.repository.definitions.count({ latestVersion: true })).toBe(2);
    expect(after.engine.repository.deployments.count({})).toBe(3);
    expect(after.engine.runtime.findProcessInstance(id)).toMatchObject({ businessKey: 'key' });
    expect(plain(after.engine.runtime.findVariables(id))).toEqual(
      plain(before.engine.runtime.findVariables(id)),
    );
    expect(after.waiting()).toEqual(['B', 'Q']);
    expect(await after.fetch('Q')).toEqual([]);
    expect(await after.fetch('B')).toEqual([]);
    const [incident] = after.engine.runtime.incidents.find({ processInstanceId: id });
    expect(incident).toMatchObject({ incidentMessage: 'boom' });

    await after.engine.externalTasks.setRetries(incident!.configuration!, 1);
    expect(after.engine.runtime.incidents.count({})).toBe(0);
    const taken = await after.take('B');
    expect(plain(taken.variables)).toMatchObject({ inner: '1', n: 1 });
    await after.complete(taken.id);
    await after.work('C');
    expect(after.outcome(id)).toEqual(['COMPLETED', 'end']);

    after.clock.now += 2_000;
    await after.work('Q');
    const third = await after.deploy(BPMN);
    expect(third.definitions[0]?.version).toBe(3);
  });

  it('recognizes an unchanged deployment', async () => {
    const store = new RecordingStore();
    const before = await EngineHarness.open({ store });
    const { deployment } = await before.deploy(BPMN);
    const after = await reopen(store, before.clock);
    const again = await after.deploy(BPMN, { enableDuplicateFiltering: true });
    expect(again).toMatchObject({ deployment: { id: deployment.id }, definitions: [] });
  });

  it('rejects an instance in an unknown format', async () => {
    const store = new RecordingStore();
    const before = await EngineHarness.open({ store });
    await before.deploy(BPMN);
    await before.start('p');
    const kept = store.kept();
    const instances = kept.instances.map((instance) => ({ ...instance, format: 3 as never }));
    await expect(EngineHarness.open({ store: new RecordingStore({ ...kept, instances }) })).rejects.toThrow(
      'was written in format 3; this engine reads 2',
    );
  });

  it('does not restore a definition whose file no longer contains its process', async () => {
    const store = new RecordingStore();
    const before = await EngineHarness.open({ store });
    await before.deploy(BPMN);
    const after = await EngineHarness.open({
      store: new RecordingStore(store.kept()),
      compile: () => Promise.resolve({ processes: [], warnings: [] }),
    });
    expect(after.engine.repository.findLatestDefinition('p')).toBeNull();
    expect(after.engine.repository.deployments.count({})).toBe(1);
  });
});
