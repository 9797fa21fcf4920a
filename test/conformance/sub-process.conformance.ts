import { describe, expect, it } from '@jest/globals';
import { uncorrelated } from './support/answers.js';
import {
  and,
  boundary,
  boundaryMessage,
  boundaryTimer,
  end,
  error,
  eventSubProcess,
  io,
  message,
  onError,
  onMessage,
  path,
  start,
  subProcess,
  task,
  terminate,
  timer,
} from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();

const correlate = (messageName: string, processInstanceId: string) =>
  engine.post('/message', { messageName, processInstanceId });

describe('sub-process', () => {
  const SIMPLE = [
    start(),
    subProcess('S', [start('s'), task('A'), end('e'), path('s', 'A', 'e')]),
    task('B'),
    end(),
    path('start', 'S', 'B', 'end'),
  ];

  it('continues when its content has ended', async () => {
    const process = await engine.process(SIMPLE);
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['A']);
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['B']);
    expect(await process.trail(instance)).toEqual(['A', 'S', 'e', 's', 'start']);
  });

  it('waits for all its tokens', async () => {
    const process = await engine.process([
      start(),
      subProcess('S', [
        start('s'),
        and('fork'),
        task('A'),
        task('B'),
        end('e1'),
        end('e2'),
        path('s', 'fork', 'A', 'e1'),
        path('fork', 'B', 'e2'),
      ]),
      task('C'),
      end(),
      path('start', 'S', 'C', 'end'),
    ]);
    const instance = await process.start();
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['B']);
    await process.complete('B');
    expect(await process.waitsIn(instance)).toEqual(['C']);
  });

  it('keeps its variables to itself', async () => {
    const process = await engine.process([
      start(),
      subProcess('S', [start('s'), task('A'), end('e'), path('s', 'A', 'e')], io({ own: 'x' })),
      task('B'),
      end(),
      path('start', 'S', 'B', 'end'),
    ]);
    await process.start();
    expect((await process.fetchOne('A')).variables).toHaveProperty('own');
    const [job] = await engine.list(`/external-task?processDefinitionKey=${process.key}`);
    await engine.post(`/external-task/${String(job?.id)}/complete`, { workerId: 'worker-1' });
    expect((await process.fetchOne('B')).variables).toEqual({});
  });

  it('is ended by a terminate end event, and the instance continues', async () => {
    const process = await engine.process([
      start(),
      subProcess('S', [
        start('s'),
        and('fork'),
        task('A'),
        task('T'),
        terminate('stop'),
        end('e'),
        path('s', 'fork', 'A', 'e'),
        path('fork', 'T', 'stop'),
      ]),
      task('B'),
      end(),
      path('start', 'S', 'B', 'end'),
    ]);
    const instance = await process.start();
    await process.complete('T');
    expect(await process.waitsIn(instance)).toEqual(['B']);
    expect(await process.trail(instance)).toEqual(['!A', 'S', 'T', 'fork', 's', 'start', 'stop']);
  });

  it('nests', async () => {
    const process = await engine.process([
      start(),
      subProcess('S1', [
        start('s1'),
        subProcess('S2', [start('s2'), task('A'), end('e2'), path('s2', 'A', 'e2')]),
        task('B'),
        end('e1'),
        path('s1', 'S2', 'B', 'e1'),
      ]),
      end(),
      path('start', 'S1', 'end'),
    ]);
    const instance = await process.start();
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['B']);
    await process.complete('B');
    expect(await process.state(instance)).toBe('COMPLETED');
  });

  it.each([true, false])('is left by a message at its boundary, interrupting: %s', async (interrupting) => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [...SIMPLE, boundaryMessage('b', 'S', 'm', interrupting), task('X'), path('b', 'X', 'end')],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    expect(await correlate(name, instance)).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(interrupting ? ['X'] : ['A', 'X']);
    if (interrupting) expect(await correlate(name, instance)).toMatchObject(uncorrelated(name));
    else {
      await correlate(name, instance);
      expect(await process.waitsIn(instance)).toEqual(['A', 'X', 'X']);
    }
  });

  it('is left by a timer at its boundary', async () => {
    const process = await engine.process([
      ...SIMPLE,
      boundaryTimer('b', 'S', 'PT1H'),
      task('X'),
      path('b', 'X', 'end'),
    ]);
    const instance = await process.start();
    const [job] = await engine.list(`/job?processInstanceId=${instance}`);
    expect(await engine.post(`/job/${String(job?.id)}/execute`)).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['X']);
  });
});

describe('event sub-process', () => {
  const esp = (id: string, definition: string, interrupting = true) =>
    eventSubProcess(
      id,
      `${id}s`,
      definition,
      [task(`${id}X`), end(`${id}e`), path(`${id}s`, `${id}X`, `${id}e`)],
      interrupting,
    );
  const BODY = [start(), task('A'), end(), path('start', 'A', 'end')];

  it('that interrupts takes the place of its scope', async () => {
    const name = uniqueKey('m');
    const process = await engine.process([...BODY, esp('E', onMessage('m'))], {
      definitions: message('m', name),
    });
    const instance = await process.start();
    expect(await correlate(name, instance)).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['EX']);
    await process.complete('EX');
    expect(await process.state(instance)).toBe('COMPLETED');
    expect(await process.trail(instance)).toEqual(['!A', 'E', 'EX', 'Ee', 'Es', 'start']);
  });

  it('that does not interrupt runs beside its scope, as often as it is called', async () => {
    const name = uniqueKey('m');
    const process = await engine.process([...BODY, esp('E', onMessage('m'), false)], {
      definitions: message('m', name),
    });
    const instance = await process.start();
    await correlate(name, instance);
    await correlate(name, instance);
    expect(await process.waitsIn(instance)).toEqual(['A', 'EX', 'EX']);
    await process.complete('A');
    expect(await process.state(instance)).toBe('ACTIVE');
  });

  it('that interrupts ends the others of its scope and what they wait for', async () => {
    const [one, two] = [uniqueKey('m'), uniqueKey('m')];
    const process = await engine.process(
      [...BODY, esp('E', onMessage('m1')), esp('F', onMessage('m2'), false)],
      { definitions: message('m1', one) + message('m2', two) },
    );
    const instance = await process.start();
    await correlate(two, instance);
    await correlate(one, instance);
    expect(await process.waitsIn(instance)).toEqual(['EX']);
    expect(await correlate(two, instance)).toMatchObject(uncorrelated(two));
    expect(await correlate(one, instance)).toMatchObject(uncorrelated(one));
  });

  it('catches an error of its scope', async () => {
    const process = await engine.process(
      [...BODY, esp('E', onError('e1', 'camunda:errorCodeVariable="code"')), esp('F', onError('e2'))],
      { definitions: error('e1', 'ONE') + error('e2', 'TWO') },
    );
    const instance = await process.start();
    await process.throwError('A', 'ONE');
    expect(await process.waitsIn(instance)).toEqual(['EX']);
    expect(await process.variable(instance, 'code')).toMatchObject({ value: 'ONE' });
  });

  it('catches an error before the boundary of its scope does', async () => {
    const process = await engine.process([
      start(),
      subProcess('S', [start('s'), task('A'), end('e'), path('s', 'A', 'e'), esp('E', onError(null))]),
      end(),
      path('start', 'S', 'end'),
      boundary('b', 'S', null),
      task('X'),
      path('b', 'X', 'end'),
    ]);
    const instance = await process.start();
    await process.throwError('A', 'ONE');
    expect(await process.waitsIn(instance)).toEqual(['EX']);
  });

  it('has its errors caught by another one of its scope', async () => {
    const process = await engine.process([...BODY, esp('E', onError('e1')), esp('F', onError('e2'))], {
      definitions: error('e1', 'ONE') + error('e2', 'TWO'),
    });
    const instance = await process.start();
    await process.throwError('A', 'ONE');
    await process.throwError('EX', 'TWO');
    expect(await process.waitsIn(instance)).toEqual(['FX']);
  });

  it('does not catch its own errors', async () => {
    const process = await engine.process([
      start(),
      subProcess('S', [start('s'), task('A'), end('e'), path('s', 'A', 'e'), esp('E', onError(null))]),
      end(),
      path('start', 'S', 'end'),
      boundary('b', 'S', null),
      task('X'),
      path('b', 'X', 'end'),
    ]);
    const instance = await process.start();
    await process.throwError('A', 'ONE');
    await process.throwError('EX', 'ONE');
    expect(await process.waitsIn(instance)).toEqual(['X']);
    expect(await process.trail(instance)).toEqual(['!A', '!E', '!EX', '!S', 'Es', 'b', 's', 'start']);
  });

  it.each([true, false])('starts by a timer, interrupting: %s', async (interrupting) => {
    const process = await engine.process([...BODY, esp('E', timer('PT1H'), interrupting)]);
    const instance = await process.start();
    const [job] = await engine.list(`/job?processInstanceId=${instance}`);
    expect(await engine.post(`/job/${String(job?.id)}/execute`)).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(interrupting ? ['EX'] : ['A', 'EX']);
    expect(await engine.list(`/job?processInstanceId=${instance}`)).toEqual([]);
  });

  it('of a sub-process leaves the rest of the instance alone', async () => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [
        start(),
        and('fork'),
        subProcess('S', [start('s'), task('A'), end('e'), path('s', 'A', 'e'), esp('E', onMessage('m'))]),
        task('B'),
        end(),
        path('start', 'fork', 'S', 'end'),
        path('fork', 'B', 'end'),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    await correlate(name, instance);
    expect(await process.waitsIn(instance)).toEqual(['B', 'EX']);
  });

  it('is ended by a terminate end event of its own, without its scope', async () => {
    const name = uniqueKey('m');
    const process = await engine.process(
      [
        ...BODY,
        eventSubProcess(
          'E',
          'es',
          onMessage('m'),
          [task('X'), terminate('stop'), path('es', 'X', 'stop')],
          false,
        ),
      ],
      { definitions: message('m', name) },
    );
    const instance = await process.start();
    await correlate(name, instance);
    await process.complete('X');
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });

  it('gets the variables of its message', async () => {
    const name = uniqueKey('m');
    const process = await engine.process([...BODY, esp('E', onMessage('m'))], {
      definitions: message('m', name),
    });
    const instance = await process.start();
    await engine.post('/message', {
      messageName: name,
      processInstanceId: instance,
      processVariables: { all: { value: 1 } },
    });
    expect((await process.fetchOne('EX')).variables).toMatchObject({ all: { value: 1 } });
    expect(await process.variable(instance, 'all')).toMatchObject({ value: 1 });
  });

  it('shows in history as a sub-process', async () => {
    const name = uniqueKey('m');
    const process = await engine.process([...BODY, esp('E', onMessage('m'))], {
      definitions: message('m', name),
    });
    const instance = await process.start();
    await correlate(name, instance);
    const rows = await engine.list(`/history/activity-instance?processInstanceId=${instance}`);
    const types = new Map(rows.map((row) => [row.activityId, row.activityType]));
    expect([types.get('E'), types.get('Es'), types.get('EX')]).toEqual([
      'subProcess',
      'messageStartEvent',
      'serviceTask',
    ]);
  });
});
