/** Elements in each other, and many things at once. */
import { describe, expect, it } from '@jest/globals';
import {
  and,
  bpmn,
  boundary,
  boundaryMessage,
  boundaryTimer,
  callActivity,
  cardinality,
  catchMessage,
  element,
  end,
  error,
  errorEnd,
  eventSubProcess,
  flow,
  io,
  message,
  multiInstance,
  onMessage,
  or,
  path,
  process as processElement,
  start,
  subProcess,
  task,
  taskWith,
  xor,
} from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';
import { eventually } from './support/scenario.js';

const engine = useEngine();

describe('one in the other', () => {
  it('an inclusive gateway in a loop', async () => {
    const process = await engine.process([
      start(),
      xor('again'),
      or('fork'),
      task('A'),
      task('B'),
      or('join'),
      xor('more', 'default="out"'),
      end(),
      path('start', 'again', 'fork'),
      flow('fork', 'A', '${turn == 1}'),
      flow('fork', 'B', '${true}'),
      path('A', 'join', 'more'),
      path('B', 'join'),
      flow('more', 'again', '${turn == 1}'),
      flow('more', 'end', undefined, 'out'),
    ]);
    const instance = await process.start({ turn: 1 });
    await process.complete('B');
    expect(await process.waitsIn(instance)).toEqual(['A', 'join']);
    await process.complete('A', { turn: 1 });
    expect(await process.waitsIn(instance)).toEqual(['A', 'B']);
    await process.complete('A');
    await process.complete('B', { turn: 2 });
    expect(await process.state(instance)).toBe('COMPLETED');
  });

  it('an inclusive gateway in an inclusive gateway', async () => {
    const process = await engine.process([
      start(),
      or('f1'),
      or('f2'),
      task('A'),
      task('B'),
      task('C'),
      or('j2'),
      or('j1'),
      task('Z'),
      end(),
      path('start', 'f1'),
      flow('f1', 'f2', '${true}'),
      flow('f1', 'C', '${true}'),
      flow('f2', 'A', '${true}'),
      flow('f2', 'B', '${false}'),
      path('A', 'j2', 'j1', 'Z', 'end'),
      path('B', 'j2'),
      path('C', 'j1'),
    ]);
    const instance = await process.start();
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['C', 'j1']);
    await process.complete('C');
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('a parallel gateway in a sub-process in a parallel gateway', async () => {
    const inner = (id: string, a: string, b: string) =>
      subProcess(id, [
        start(`${id}s`),
        and(`${id}f`),
        task(a),
        task(b),
        and(`${id}j`),
        end(`${id}e`),
        path(`${id}s`, `${id}f`, a, `${id}j`, `${id}e`),
        path(`${id}f`, b, `${id}j`),
      ]);
    const process = await engine.process([
      start(),
      and('fork'),
      inner('S', 'A', 'B'),
      inner('T', 'C', 'D'),
      and('join'),
      task('Z'),
      end(),
      path('start', 'fork', 'S', 'join', 'Z', 'end'),
      path('fork', 'T', 'join'),
    ]);
    const instance = await process.start();
    for (const topic of ['A', 'D', 'B']) await process.complete(topic);
    expect(await process.waitsIn(instance)).toEqual(['C', 'Tj', 'join']);
    await process.complete('C');
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('a multi-instance activity in a multi-instance sub-process', async () => {
    const process = await engine.process([
      start(),
      `<subProcess id="S">${multiInstance('isSequential="true"', cardinality('2'))}${start('s')}${taskWith('A', multiInstance('', cardinality('2')))}${end('e')}${path('s', 'A', 'e')}</subProcess>`,
      task('Z'),
      end(),
      path('start', 'S', 'Z', 'end'),
    ]);
    const instance = await process.start();
    for (const _turn of [0, 1]) {
      const jobs = await process.fetch('A');
      expect(jobs.map((job) => job.variables.loopCounter?.value).sort()).toEqual([0, 1]);
      for (const job of jobs) await process.report(job, 'complete');
    }
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('an event sub-process in each instance of a sub-process', async () => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [
        start(),
        `<subProcess id="S">${multiInstance('', cardinality('2'))}${start('s')}${task('A')}${end('e')}${path('s', 'A', 'e')}${eventSubProcess('E', 'es', onMessage('m'), [task('X'), end('ee'), path('es', 'X', 'ee')])}</subProcess>`,
        task('Z'),
        end(),
        path('start', 'S', 'Z', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    expect(await engine.post('/message', { messageName: name, all: true })).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['X', 'X']);
    for (const job of await process.fetch('X')) await process.report(job, 'complete');
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('an error through two calls', async () => {
    const inner = await engine.process(
      [start(), task('A'), errorEnd('thrown', 'e'), path('start', 'A', 'thrown')],
      {
        definitions: error('e', 'DEEP'),
      },
    );
    const middle = await engine.process([
      start(),
      callActivity('C', inner.key),
      end(),
      path('start', 'C', 'end'),
    ]);
    const outer = await engine.process(
      [
        start(),
        callActivity('C', middle.key),
        boundary('b', 'C', 'e', 'camunda:errorCodeVariable="code"'),
        task('X'),
        end(),
        path('start', 'C', 'end'),
        path('b', 'X', 'end'),
      ],
      { definitions: error('e', 'DEEP') },
    );
    const instance = await outer.start();
    await inner.complete('A');
    expect(await outer.waitsIn(instance)).toEqual(['X']);
    expect(await outer.variable(instance, 'code')).toMatchObject({ value: 'DEEP' });
    expect(
      await engine.count(`/process-instance/count?processDefinitionKeyIn=${inner.key},${middle.key}`),
    ).toBe(0);
  });

  it.each(['message', 'timer'])('a called process that a %s at the boundary ends', async (kind) => {
    const name = uniqueKey('m');
    const child = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);
    const process = await engine.process(
      [
        start(),
        callActivity('C', child.key),
        kind === 'timer' ? boundaryTimer('b', 'C', 'PT1H') : boundaryMessage('b', 'C', 'm'),
        task('X'),
        end(),
        path('start', 'C', 'end'),
        path('b', 'X', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    const { processInstanceId } = await child.fetchOne('A');
    if (kind === 'timer') {
      const [job] = await engine.list(`/job?processInstanceId=${instance}`);
      await engine.post(`/job/${String(job?.id)}/execute`);
    } else await engine.post('/message', { messageName: name, processInstanceId: instance });
    expect(await process.waitsIn(instance)).toEqual(['X']);
    expect(await child.state(String(processInstanceId))).toBe('INTERNALLY_TERMINATED');
  });

  it('a boundary event that leads back before its activity', async () => {
    const process = await engine.process([
      start(),
      xor('again'),
      task('A'),
      boundary('b', 'A', null),
      end(),
      path('start', 'again', 'A', 'end'),
      path('b', 'again'),
    ]);
    const instance = await process.start();
    await process.throwError('A', 'E');
    await process.throwError('A', 'E');
    expect(await process.waitsIn(instance)).toEqual(['A']);
    await process.complete('A');
    expect(await process.trail(instance)).toEqual([
      '!A',
      '!A',
      'A',
      'again',
      'again',
      'again',
      'b',
      'b',
      'end',
      'start',
    ]);
  });

  it('a message that one branch waits for while another continues', async () => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [
        start(),
        and('fork'),
        catchMessage('M', 'm'),
        task('A'),
        and('join'),
        task('Z'),
        end(),
        path('start', 'fork', 'M', 'join', 'Z', 'end'),
        path('fork', 'A', 'join'),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['M', 'join']);
    await engine.post('/message', { messageName: name, processInstanceId: instance });
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('scopes ten deep', async () => {
    let content = [start('s'), task('A'), end('e'), path('s', 'A', 'e')];
    for (let depth = 0; depth < 10; depth++) {
      content = [
        start(`s${depth}`),
        subProcess(`S${depth}`, content, io({ [`v${depth}`]: String(depth) })),
        end(`e${depth}`),
        path(`s${depth}`, `S${depth}`, `e${depth}`),
      ];
    }
    const process = await engine.process(content);
    const instance = await process.start();
    expect(Object.keys((await process.fetchOne('A')).variables)).toHaveLength(10);
    const [job] = await engine.list(`/external-task?processInstanceId=${instance}`);
    await engine.post(`/external-task/${String(job?.id)}/complete`, { workerId: 'worker-1' });
    expect(await process.state(instance)).toBe('COMPLETED');
  });
});

describe('a file from a modeler', () => {
  it('with participants, lanes, notes, groups, data and a diagram is run', async () => {
    const key = uniqueKey();
    const text = bpmn(
      `<collaboration id="c"><participant id="p1" name="Us" processRef="${key}"/><participant id="p2" name="Them"/><messageFlow id="mf" sourceRef="p2" targetRef="p1"/></collaboration>`,
      processElement(key, [
        '<documentation>What it is for</documentation>',
        '<laneSet id="l"><lane id="lane"><flowNodeRef>start</flowNodeRef><flowNodeRef>A</flowNodeRef></lane></laneSet>',
        start(),
        '<dataObject id="d"/><dataObjectReference id="dr" dataObjectRef="d"/>',
        element(
          'serviceTask',
          'A',
          'name="A task" camunda:type="external" camunda:topic="A"',
          '<documentation>How</documentation>',
        ),
        end(),
        path('start', 'A', 'end'),
        '<textAnnotation id="t"><text>note</text></textAnnotation><association id="as" sourceRef="A" targetRef="t"/>',
      ]),
      `<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" id="di"><bpmndi:BPMNPlane id="pl" bpmnElement="${key}"/></bpmndi:BPMNDiagram>`,
    );
    const { status, body } = await engine.deploy({ 'modeler.bpmn': text });
    expect({ status, message: body.message }).toEqual({ status: 200, message: undefined });
    expect(await engine.post(`/process-definition/key/${key}/start`)).toMatchObject({ status: 200 });
    expect(await engine.read(`/process-definition/key/${key}`)).toMatchObject({
      description: 'What it is for',
    });
  });

  it('with prefixed elements and CDATA is run', async () => {
    const key = uniqueKey();
    const text = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <bpmn:process id="${key}" isExecutable="true" camunda:historyTimeToLive="1">
    <bpmn:startEvent id="s"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:exclusiveGateway id="g" default="f3"><bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing><bpmn:outgoing>f3</bpmn:outgoing></bpmn:exclusiveGateway>
    <bpmn:endEvent id="e1"/><bpmn:endEvent id="e2"/>
    <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="g"/>
    <bpmn:sequenceFlow id="f2" sourceRef="g" targetRef="e1"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression"><![CDATA[\${n < 5 && n > 1}]]></bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="f3" sourceRef="g" targetRef="e2"/>
  </bpmn:process>
</bpmn:definitions>`;
    expect(await engine.deploy({ 'prefixed.bpmn20.xml': text })).toMatchObject({ status: 200 });
    for (const [n, last] of [
      [3, 'e1'],
      [7, 'e2'],
    ]) {
      const { body } = await engine.post(`/process-definition/key/${key}/start`, {
        variables: { n: { value: n } },
      });
      const rows = await engine.list(
        `/history/activity-instance?processInstanceId=${String(body.id)}&activityType=noneEndEvent`,
      );
      expect(rows.map(({ activityId }) => activityId)).toEqual([last]);
    }
  });

  it.each(['asyncBefore', 'asyncAfter'])('with %s reaches the next element', async (attribute) => {
    const process = await engine.process([
      start(),
      task('A', '', `camunda:${attribute}="true"`),
      task('B'),
      end(),
      path('start', 'A', 'B', 'end'),
    ]);
    const instance = await process.start();
    const reaches = (id: string) =>
      eventually(
        () => process.waitsIn(instance),
        (ids) => ids?.[0] === id,
      );
    expect(await reaches('A')).toEqual(['A']);
    await eventually(
      () => engine.count(`/external-task/count?processInstanceId=${instance}`),
      (count) => count === 1,
    );
    await process.complete('A');
    expect(await reaches('B')).toEqual(['B']);
  });
});

describe('many at once', () => {
  it('two completions that meet in a join lose nothing', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      task('A'),
      task('B'),
      and('join'),
      task('Z'),
      end(),
      path('start', 'fork', 'A', 'join', 'Z', 'end'),
      path('fork', 'B', 'join'),
    ]);
    const instance = await process.start();
    const jobs = [await process.fetchOne('A'), await process.fetchOne('B')];
    const complete = () =>
      Promise.all(jobs.map(async (job) => ({ job, answer: await process.report(job, 'complete') })));
    // The loser receives an OptimisticLockingException with code 1, and repeats.
    for (const { job, answer } of await complete()) {
      if (answer.status === 204) continue;
      expect(answer).toMatchObject({ status: 500, body: { type: 'OptimisticLockingException', code: 1 } });
      expect(await process.report(job, 'complete')).toMatchObject({ status: 204 });
    }
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('two workers that fetch get no task twice', async () => {
    const process = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);
    await Promise.all(Array.from({ length: 10 }, () => process.start()));
    const taken: string[] = [];
    while (taken.length < 10) {
      const answers = await Promise.all(
        ['w1', 'w2', 'w3'].map((workerId) => process.fetch('A', {}, { workerId, maxTasks: 4 })),
      );
      taken.push(...answers.flat().map(({ id }) => id));
    }
    expect(new Set(taken).size).toBe(10);
    expect(taken).toHaveLength(10);
  });

  it('a message and a completion of the same instance leave it in one of two states', async () => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [
        start(),
        task('A'),
        boundaryMessage('b', 'A', 'm'),
        task('X'),
        task('Y'),
        end(),
        path('start', 'A', 'Y', 'end'),
        path('b', 'X', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    const job = await process.fetchOne('A');
    const answers = await Promise.all([
      process.report(job, 'complete'),
      engine.post('/message', { messageName: name, processInstanceId: instance }),
    ]);
    const [waiting] = (await process.waitsIn(instance)) ?? [];
    expect(answers.map(({ status }) => status === 204)).toEqual([waiting === 'Y', waiting === 'X']);
  });
});
