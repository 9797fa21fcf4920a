import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness, deletion, plain, variables } from '../testing/engine.harness.js';
import {
  and,
  boundaryOn,
  bpmn,
  catchEvent,
  end,
  error,
  errorEnd,
  eventGateway,
  eventSubProcess,
  message,
  onDuration,
  onError,
  onMessage,
  path,
  process,
  receive,
  start,
  subProcess,
  task,
  terminate,
} from '../testing/process.builder.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open({ stepLimit: 1_000 });
});

function send(messageName: string, more: Record<string, unknown> = {}) {
  return h.engine.messages.correlate({
    messageName,
    businessKey: null,
    processInstanceId: null,
    correlationKeys: new Map(),
    localCorrelationKeys: new Map(),
    variables: new Map(),
    localVariables: new Map(),
    triggeredScopeVariables: new Map(),
    tenantId: undefined,
    all: false,
    ...more,
  });
}

/** Fires the one timer that waits. */
async function fire(): Promise<void> {
  const [job, ...others] = h.engine.jobs.find({});
  if (job === undefined || others.length > 0) throw new Error(`${others.length + (job ? 1 : 0)} jobs`);
  await h.engine.jobs.execute(job.id);
}

const events = (): number =>
  h.engine.jobs.count({}) + h.engine.messages.subscriptions.count({}) + h.engine.tasks.count({});

describe('intermediate catch events', () => {
  it('wait for their timer and continue', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          catchEvent('C', onDuration('PT1M')),
          task('A'),
          end(),
          path('start', 'C', 'A', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    expect(h.engine.jobs.find({})).toMatchObject([
      { activityId: 'C', dueDate: h.clock.now + 60_000, retries: 3, processInstanceId: id },
    ]);
    await fire();
    expect([h.waiting(), events()]).toEqual([['A'], 0]);
  });

  it('wait for their message, whose variables are set in the process', async () => {
    await h.deploy(
      bpmn(
        message('m'),
        process('p', [start(), catchEvent('C', onMessage('m')), end(), path('start', 'C', 'end')]),
      ),
    );
    const { id } = await h.start('p');
    const [result] = await send('m', { variables: variables({ paid: true }) });
    expect(result).toMatchObject({
      resultType: 'Execution',
      execution: { processInstanceId: id, ended: true },
    });
    expect([h.outcome(id), h.historicVariables(id)]).toEqual([['COMPLETED', 'end'], { paid: true }]);
  });

  it('take a message name and a due date from variables', async () => {
    await h.deploy(
      bpmn(
        '<message id="m" name="order_${no}"/>',
        process('p', [
          start(),
          and('f'),
          catchEvent('C', onMessage('m')),
          catchEvent('T', onDuration('${wait}')),
          end(),
          path('start', 'f', 'C', 'end'),
          path('f', 'T', 'end'),
        ]),
      ),
    );
    await h.start('p', { no: 7, wait: 'PT2H' });
    expect(h.engine.messages.subscriptions.find({}).map(({ eventName }) => eventName)).toEqual(['order_7']);
    expect(h.engine.jobs.find({})[0]?.dueDate).toBe(h.clock.now + 7_200_000);
  });

  it('fail a start with an invalid timer, and change nothing', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          task('A'),
          catchEvent('C', onDuration('${wait}')),
          end(),
          path('start', 'C', 'A', 'end'),
        ]),
      ),
    );
    await expect(h.start('p', { wait: 'soon' })).rejects.toThrow(/parsing duration 'soon'/);
    await expect(h.start('p', { wait: 'P999999999Y' })).rejects.toThrow(/parsing duration 'P999999999Y'/);
    expect(h.engine.jobs.find({})).toEqual([]);
    expect(h.engine.runtime.processInstances.count({})).toBe(0);
  });
});

describe('receive tasks', () => {
  it('wait for their message', async () => {
    await h.deploy(
      bpmn(message('m'), process('p', [start(), receive('R', 'm'), end(), path('start', 'R', 'end')])),
    );
    const { id } = await h.start('p');
    await send('m');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
  });

  it('without a message wait for a signal', async () => {
    await h.deploy(bpmn(process('p', [start(), receive('R', null), end(), path('start', 'R', 'end')])));
    const { id } = await h.start('p');
    const [execution] = h.engine.runtime.executions.find({ processInstanceId: id, activityId: 'R' });
    await h.engine.runtime.signal(execution?.id ?? '', variables({ x: 1 }));
    expect([h.outcome(id), h.historicVariables(id)]).toEqual([['COMPLETED', 'end'], { x: 1 }]);
    await expect(h.engine.runtime.signal(id, variables())).rejects.toThrow(/doesn't exist/);
  });
});

describe('event-based gateway', () => {
  const GATEWAY = bpmn(
    message('m'),
    process('p', [
      start(),
      eventGateway('G'),
      catchEvent('M', onMessage('m')),
      catchEvent('T', onDuration('PT1H')),
      task('A'),
      task('B'),
      end(),
      path('start', 'G', 'M', 'A', 'end'),
      path('G', 'T', 'B', 'end'),
    ]),
  );

  it('continues at the first event and cancels the other waits', async () => {
    await h.deploy(GATEWAY);
    const { id } = await h.start('p');
    expect(events()).toBe(2);
    await send('m');
    expect([h.waiting(), events()]).toEqual([['A'], 0]);
    expect(h.trail(id)).toEqual(['start', 'G canceled', 'M', 'A runs']);
  });

  it('continues at its timer', async () => {
    await h.deploy(GATEWAY);
    await h.start('p');
    await fire();
    expect([h.waiting(), events()]).toEqual([['B'], 0]);
  });
});

describe('boundary events', () => {
  it('interrupt by a timer: the task is removed, the boundary path is taken', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          task('A'),
          boundaryOn('T', 'A', onDuration('PT5M')),
          task('B'),
          end(),
          path('start', 'A', 'end'),
          path('T', 'B', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    const { id: taskId } = await h.take('A');
    await fire();
    expect([h.waiting(), h.trail(id), events()]).toEqual([['B'], ['start', 'A canceled', 'T', 'B runs'], 0]);
    await expect(h.complete(taskId)).rejects.toMatchObject({ kind: 'NotFound' });
  });

  it('end with their activity: a completed activity is not interrupted', async () => {
    await h.deploy(
      bpmn(
        message('m'),
        process('p', [
          start(),
          task('A'),
          boundaryOn('T', 'A', onDuration('PT5M')),
          boundaryOn('M', 'A', onMessage('m')),
          task('B'),
          end(),
          path('start', 'A', 'end'),
          path('T', 'end'),
          path('M', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    expect(events()).toBe(2);
    await h.work('A');
    expect([h.outcome(id), events()]).toEqual([['COMPLETED', 'end'], 0]);
  });

  it('that do not interrupt occur once as a timer, each time as a message', async () => {
    const quiet = { interrupting: false };
    await h.deploy(
      bpmn(
        message('m'),
        process('p', [
          start(),
          task('A'),
          boundaryOn('T', 'A', onDuration('PT5M'), quiet),
          boundaryOn('M', 'A', onMessage('m'), quiet),
          task('B'),
          end(),
          path('start', 'A', 'end'),
          path('T', 'B', 'end'),
          path('M', 'B'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await send('m');
    await send('m');
    await fire();
    expect(h.waiting()).toEqual(['A', 'B', 'B', 'B']);
    await h.work('A');
    expect([h.outcome(id)[0], events()]).toEqual(['ACTIVE', 0]);
    for (const { id: taskId } of await h.fetch('B')) await h.complete(taskId);
    expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
  });

  it('of a sub-process cancel everything inside', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          subProcess('S', [
            start('s'),
            and('f'),
            task('A'),
            catchEvent('C', onDuration('PT1H')),
            end('e'),
            path('s', 'f', 'A', 'e'),
            path('f', 'C', 'e'),
          ]),
          boundaryOn('T', 'S', onDuration('PT5M')),
          task('B'),
          end(),
          path('start', 'S', 'end'),
          path('T', 'B', 'end'),
        ]),
      ),
    );
    await h.start('p');
    const job = h.engine.jobs.find({ activityId: 'T' })[0];
    await h.engine.jobs.execute(job?.id ?? '');
    expect([h.waiting(), events()]).toEqual([['B'], 0]);
  });
});

describe('event sub-processes', () => {
  const inside = (id: string, name: string): string[] => [
    task(name),
    end(`${id}End`),
    path(`${id}Start`, name, `${id}End`),
  ];

  it('that interrupt replace the content of their scope', async () => {
    await h.deploy(
      bpmn(
        message('m'),
        process('p', [
          start(),
          and('f'),
          task('A'),
          task('B'),
          end(),
          path('start', 'f', 'A', 'end'),
          path('f', 'B', 'end'),
          eventSubProcess('E', onMessage('m'), inside('E', 'C')),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await send('m', { variables: variables({ why: 'x' }) });
    expect([h.waiting(), events()]).toEqual([['C'], 0]);
    await h.work('C');
    expect([h.outcome(id)[0], h.historicVariables(id)]).toEqual(['COMPLETED', { why: 'x' }]);
    expect(h.trail(id)).toEqual(['start', 'f', 'A canceled', 'B canceled', 'E', 'EStart', 'C', 'EEnd']);
  });

  it('that do not interrupt run beside it, and the scope ends with the last', async () => {
    const quiet = { interrupting: false };
    await h.deploy(
      bpmn(
        message('m'),
        process('p', [
          start(),
          task('A'),
          end(),
          path('start', 'A', 'end'),
          eventSubProcess('E', onMessage('m'), inside('E', 'C'), quiet),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await send('m');
    await send('m');
    await h.work('A');
    expect([h.waiting(), h.outcome(id)[0]]).toEqual([['C', 'C'], 'ACTIVE']);
    for (const { id: taskId } of await h.fetch('C')) await h.complete(taskId);
    expect([h.outcome(id)[0], events()]).toEqual(['COMPLETED', 0]);
  });

  it('catch the errors of their scope, and discard pending tokens of sibling branches', async () => {
    await h.deploy(
      bpmn(
        error('E1'),
        process('p', [
          start(),
          and('f'),
          errorEnd('X', 'E1'),
          task('B'),
          path('start', 'f', 'X'),
          path('f', 'B'),
          eventSubProcess('E', onError('E1', 'camunda:errorCodeVariable="code"'), inside('E', 'C')),
        ]),
      ),
    );
    const { id } = await h.start('p');
    expect([h.waiting(), h.historicVariables(id)]).toEqual([['C'], { code: 'E1' }]);
  });

  it('inside a sub-process catch before its boundary event, which catches the errors that they throw', async () => {
    await h.deploy(
      bpmn(
        error('E1'),
        process('p', [
          start(),
          subProcess('S', [
            start('s'),
            task('A'),
            end('e'),
            path('s', 'A', 'e'),
            eventSubProcess('E', onError('E1'), [task('C'), end('EEnd'), path('EStart', 'C', 'EEnd')]),
          ]),
          boundaryOn('B', 'S', onError('E1')),
          task('D'),
          end(),
          path('start', 'S', 'end'),
          path('B', 'D', 'end'),
        ]),
      ),
    );
    await h.start('p');
    await h.bpmnError((await h.take('A')).id, 'E1');
    expect(h.waiting()).toEqual(['C']);
    await h.bpmnError((await h.take('C')).id, 'E1');
    expect(h.waiting()).toEqual(['D']);
  });

  it('start by a timer that exists as long as the scope', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          task('A'),
          end(),
          path('start', 'A', 'end'),
          eventSubProcess('E', onDuration('PT1H'), inside('E', 'C')),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await fire();
    expect(h.waiting()).toEqual(['C']);
    await h.engine.runtime.deleteProcessInstance(id, deletion());
    const other = await h.start('p');
    await h.work('A');
    expect([h.outcome(other.id)[0], events()]).toEqual(['COMPLETED', 0]);
  });

  it('end alone at their own terminate end event', async () => {
    const quiet = { interrupting: false };
    await h.deploy(
      bpmn(
        message('m'),
        process('p', [
          start(),
          task('A'),
          end(),
          path('start', 'A', 'end'),
          eventSubProcess(
            'E',
            onMessage('m'),
            [and('f'), task('C'), terminate('T'), path('EStart', 'f', 'C'), path('f', 'T')],
            quiet,
          ),
        ]),
      ),
    );
    await h.start('p');
    await send('m');
    expect(h.waiting()).toEqual(['A']);
  });
});

describe('message start events', () => {
  const STARTED = bpmn(
    message('go'),
    process('p', [
      `<startEvent id="M">${onMessage('go')}</startEvent>`,
      task('A'),
      end(),
      path('M', 'A', 'end'),
    ]),
  );

  it('start the latest version with business key, keys and variables', async () => {
    await h.deploy(STARTED);
    await h.deploy(STARTED);
    const [result] = await send('go', {
      businessKey: 'b',
      correlationKeys: variables({ key: 1 }),
      variables: variables({ x: 2 }),
    });
    expect(result).toMatchObject({ resultType: 'ProcessDefinition', processInstance: { businessKey: 'b' } });
    expect(plain(result?.variables ?? null)).toEqual({ x: 2 });
    const [instance] = h.engine.runtime.processInstances.find({});
    expect(h.engine.repository.findDefinition(instance?.definitionId ?? '')?.version).toBe(2);
    expect(h.trail(instance?.id ?? '')).toEqual(['M', 'A runs']);
  });

  it('serve a start by key if there is only one, and not if there are several', async () => {
    await h.deploy(STARTED);
    const { id } = await h.start('p');
    expect(h.trail(id)).toEqual(['M', 'A runs']);
    const several = STARTED.replace(
      '<endEvent',
      `<startEvent id="N">${onMessage('other')}</startEvent><endEvent`,
    );
    await h.deploy(
      several
        .replace('<process', `${message('other')}<process`)
        .replace('</process>', `${path('N', 'A')}</process>`),
    );
    await expect(h.start('p')).rejects.toThrow(/no default start activity/);
  });

  it('belong to one process: a deployment of another key with the same message fails', async () => {
    await h.deploy(STARTED);
    await expect(h.deploy(STARTED.replace('id="p"', 'id="q"'))).rejects.toThrow(
      /already is a message event subscription/,
    );
    expect(h.engine.repository.findLatestDefinition('q')).toBeNull();
  });
});

describe('correlation', () => {
  const WAITING = bpmn(
    message('m'),
    process('p', [start(), receive('R', 'm'), end(), path('start', 'R', 'end')]),
  );

  it('rejects a message for which no execution, or more than one, waits', async () => {
    await h.deploy(WAITING);
    await expect(send('m')).rejects.toMatchObject({ camundaClass: 'MismatchingMessageCorrelationException' });
    await h.start('p');
    await h.start('p');
    await expect(send('m')).rejects.toThrow(/2 executions match/);
    expect(events()).toBe(2);
    expect(await send('m', { all: true })).toHaveLength(2);
    expect(events()).toBe(0);
  });

  it('selects by business key, instance and variables', async () => {
    await h.deploy(WAITING);
    const one = await h.start('p', { n: 1 }, 'k1');
    const two = await h.start('p', { n: 2 }, 'k2');
    const three = await h.start('p', { n: 3 }, 'k3');
    await send('m', { businessKey: 'k1' });
    await send('m', { correlationKeys: variables({ n: 2 }) });
    await expect(send('m', { correlationKeys: variables({ n: 9 }) })).rejects.toThrow(
      /No process definition/,
    );
    await send('m', { processInstanceId: three.id });
    for (const { id } of [one, two, three]) expect(h.outcome(id)[0]).toBe('COMPLETED');
  });
});

describe('timers that fail', () => {
  const FAILING = bpmn(
    process('p', [
      start(),
      catchEvent('C', onDuration('PT1M')),
      task('A', '', 'camunda:topic="${topic}"'),
      end(),
      path('start', 'C', 'A', 'end'),
    ]),
  );

  it('lose a retry each time, become an incident, and continue when retries are set', async () => {
    await h.deploy(FAILING);
    const { id } = await h.start('p');
    for (const retries of [2, 1, 0]) {
      await expect(fire()).rejects.toThrow(/topic/);
      expect(h.engine.jobs.find({})).toMatchObject([
        { retries, exceptionMessage: expect.stringMatching(/topic/) },
      ]);
    }
    const [job] = h.engine.jobs.find({});
    expect(h.engine.runtime.incidents.find({})).toMatchObject([
      { incidentType: 'failedJob', configuration: job?.id, processInstanceId: id, activityId: 'C' },
    ]);
    await h.engine.runtime.changeVariables(id, variables({ topic: 't' }), []);
    await h.engine.jobs.setRetries(job?.id ?? '', 1);
    expect(h.engine.runtime.incidents.count({})).toBe(0);
    await fire();
    expect(h.waiting()).toEqual(['A']);
    expect(h.engine.history.incidents.find({})).toMatchObject([{ state: 'RESOLVED' }]);
  });
});
