import { beforeEach, describe, expect, it } from '@jest/globals';
import { WAITING_PROCESSES } from '../../../test/fixtures/any-process/any-process.js';
import {
  EngineBpmnModelsService,
  type EngineRequest,
  type EngineResponse,
  EngineTransport,
  EngineWaitsClient,
} from '../../camunda-engine/index.js';
import { createEngineClients } from '../../camunda-engine/testing/engine-clients.js';
import { createConfiguration } from '../../config/index.js';
import { EngineWaitsReader } from './engine-waits.reader.js';

/** Answers each path with the rows of the test, and records the calls. */
class PathTransport extends EngineTransport {
  readonly requests: EngineRequest[] = [];
  readonly rows = new Map<string, unknown>();

  async send(request: EngineRequest): Promise<EngineResponse> {
    this.requests.push(request);
    const { superProcessInstance } = request.query ?? {};
    const path = superProcessInstance === undefined ? request.path : `called:${String(superProcessInstance)}`;
    const body = this.rows.get(path);
    if (body instanceof Error) throw body;
    const isList = /^(called:|\/(task|job|event-subscription|external-task|incident)$)/.test(path);
    if (body === undefined && !isList)
      return {
        status: 404,
        contentType: 'application/json',
        body: { type: 'InvalidRequestException', message: 'does not exist', code: 0 },
      };
    return { status: 200, contentType: 'application/json', body: body ?? [] };
  }
}

describe('reading what an instance waits for', () => {
  let engine: PathTransport;
  let reader: EngineWaitsReader;

  beforeEach(() => {
    engine = new PathTransport();
    const { connection, instances } = createEngineClients(engine, createConfiguration({}).camunda);
    reader = new EngineWaitsReader(
      instances,
      new EngineWaitsClient(connection),
      new EngineBpmnModelsService(connection),
    );
  });

  function run(id: string, key: string): unknown {
    const instance = { id, definitionId: `${key}:1:1`, businessKey: null, suspended: false };
    engine.rows.set(`/process-instance/${id}`, instance);
    engine.rows.set(`/process-definition/${encodeURIComponent(`${key}:1:1`)}/xml`, {
      bpmn20Xml: WAITING_PROCESSES[`${key}.bpmn`],
    });
    return instance;
  }

  it('makes three calls for a process that only has a worker, and reads its model once', async () => {
    run('I', 'quote');
    engine.rows.set('/external-task', [
      { id: 'E', activityId: 'price', topicName: 'quote.price', processDefinitionId: 'quote:1:1' },
    ]);
    await reader.read('I');
    engine.requests.length = 0;
    expect(await reader.read('I')).toEqual({
      entries: [
        {
          kind: 'externalTask',
          id: 'E',
          name: 'price',
          activityId: 'price',
          since: null,
          topicName: 'quote.price',
          retries: null,
        },
      ],
      instanceIds: ['I'],
      isComplete: true,
      hasWork: true,
      firstDueAt: null,
    });
    expect(engine.requests.map(({ path }) => path).sort()).toEqual([
      '/external-task',
      '/incident',
      '/process-instance/I',
    ]);
  });

  it('limits every list, and shows incidents first', async () => {
    run('I', 'several');
    engine.rows.set(
      '/task',
      Array.from({ length: 20 }, (_, n) => ({ id: `T${n}`, name: 'Sign' })),
    );
    engine.rows.set('/incident', [
      {
        id: 'N',
        processInstanceId: 'I',
        processDefinitionId: 'several:1:1',
        incidentTimestamp: '2026-01-01T01:00:00.000+0100',
        incidentType: 'failedJob',
        activityId: 'pause',
        incidentMessage: 'no',
      },
    ]);
    const waits = await reader.read('I');
    expect(waits?.entries).toHaveLength(20);
    expect(waits?.entries[0]).toEqual({
      kind: 'incident',
      id: 'N',
      name: 'Pause',
      activityId: 'pause',
      since: '2026-01-01T00:00:00.000Z',
      incidentType: 'failedJob',
      message: 'no',
    });
    expect(waits?.hasWork).toBe(true);
    const lists = engine.requests.filter(({ path }) => /task$|job$|subscription$|incident$/.test(path));
    expect(lists.map(({ query }) => query?.maxResults)).toEqual([20, 20, 20, 20, 20]);
  });

  it('reads the element of a timer once if the model has several', async () => {
    run('I', 'several');
    const job = { id: 'J', processDefinitionId: 'several:1:1', dueDate: '2026-01-01T00:00:00.000+0000' };
    engine.rows.set('/job', [{ ...job, jobDefinitionId: 'D' }]);
    engine.rows.set('/job-definition/D', { activityId: 'late' });
    await reader.read('I');
    const waits = await reader.read('I');
    expect(waits?.entries).toMatchObject([{ kind: 'timer', name: 'Too late', activityId: 'late' }]);
    expect(waits?.firstDueAt).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(engine.requests.filter(({ path }) => path.startsWith('/job-definition'))).toHaveLength(1);
  });

  it('has no name for a timer whose element the engine does not know', async () => {
    run('I', 'several');
    engine.rows.set('/job', [{ id: 'J', processDefinitionId: 'several:1:1', jobDefinitionId: 'D' }]);
    const waits = await reader.read('I');
    expect(waits).toMatchObject({
      entries: [{ kind: 'timer', name: null, activityId: null, due: null }],
      // A timer without a due date counts as work of the engine.
      hasWork: true,
    });
  });

  it('looks at called instances up to ten instances, and says that there are more', async () => {
    run('I', 'calls-person');
    const called = Array.from({ length: 10 }, (_, n) => run(`C${n}`, 'approve'));
    engine.rows.set('called:I', called.slice(0, 2));
    expect(await reader.read('I')).toMatchObject({ instanceIds: ['I', 'C0', 'C1'], isComplete: true });
    engine.rows.set('called:I', called);
    engine.requests.length = 0;
    const waits = await reader.read('I');
    expect([waits?.instanceIds.length, waits?.isComplete]).toEqual([10, false]);
    expect(engine.requests.length).toBeLessThanOrEqual(25);
  });

  it('finds nothing if the instance is gone, also between the calls', async () => {
    expect(await reader.read('gone')).toBeNull();
    run('I', 'approve');
    expect(await reader.read('I')).toMatchObject({ entries: [], hasWork: false });
  });

  it('fails as the engine does', async () => {
    run('I', 'approve');
    engine.rows.set('/task', new Error('reset'));
    await expect(reader.read('I')).rejects.toThrow('reset');
  });
});
