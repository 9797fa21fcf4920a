import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type {
  EngineConnection,
  EngineBpmnModelsService,
  EngineWaitsClient,
  OwnBpmnModels,
} from '../../camunda-engine/index.js';
import { createConfiguration } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessHead, ProcessStoreService } from '../../process-store/index.js';
import { EarlyAnswerService, type EarlyWatch } from './early-answer.service.js';
import type { OutsideWaitsFinder } from './outside-waits.finder.js';
import type { InstanceWaits, WaitingFor } from './waiting-for.js';
import type { WaitingForService } from './waiting-for.service.js';

const TASK = { kind: 'userTask', id: 'T' } as WaitingFor;

describe('early answers', () => {
  let rows: Map<string, Partial<ProcessHead>>;
  /** Elements at which an instance of a definition can wait, by process key. */
  let models: Map<string, readonly string[]>;
  /** Instances at an element that can wait, and those that wait for nothing else. */
  let atWaitStates: Set<string>;
  let outside: Set<string>;
  /** Calls to the engine, and the ids that were looked at. */
  let queries: number;
  let looks: string[];
  let answered: string[];
  let failure: Error | null;
  let isAway: boolean;
  let shutdown: ShutdownService;

  beforeEach(() => {
    jest.useFakeTimers();
    rows = new Map();
    models = new Map([['theirs', ['decide']]]);
    atWaitStates = new Set();
    outside = new Set();
    queries = 0;
    looks = [];
    answered = [];
    failure = null;
    isAway = false;
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
  });

  afterEach(async () => {
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(2_000);
    await stopped;
    jest.useRealTimers();
  });

  function create(variables: Record<string, string> = {}): EarlyAnswerService {
    const keyOf = (id: string): string => rows.get(id.replace(/^I-/, ''))?.processKey ?? '';
    const waits = {
      findRunning: async (ids: readonly string[], activityIds?: readonly string[]) => {
        queries += 1;
        if (failure !== null) throw failure;
        return ids
          .filter((id) => activityIds === undefined || atWaitStates.has(id))
          .map((id) => ({ id, definitionId: keyOf(id) }));
      },
    } as unknown as EngineWaitsClient;
    const finder = {
      find: async (id: string) => {
        looks.push(id);
        return outside.has(id) ? ({ entries: [TASK] } as unknown as InstanceWaits) : null;
      },
    } as unknown as OutsideWaitsFinder;
    const modelOf = (key: string): unknown => ({ waitStateIds: models.get(key) ?? [] });
    return new EarlyAnswerService(
      { peek: (id: string) => rows.get(id) ?? null } as unknown as ProcessStoreService,
      {
        get isAway() {
          return isAway;
        },
      } as unknown as EngineConnection,
      waits,
      finder,
      { remember: () => undefined } as unknown as WaitingForService,
      { of: async (key: string) => modelOf(key) } as unknown as EngineBpmnModelsService,
      { of: (key: string) => (key.startsWith('our') ? modelOf(key) : null) } as unknown as OwnBpmnModels,
      createConfiguration(variables).wait,
      shutdown,
    );
  }

  function request(
    service: EarlyAnswerService,
    correlationId: string,
    row: Partial<ProcessHead> = {},
    waitMs = 25_000,
  ): EarlyWatch {
    const record = {
      correlationId,
      status: 'pending',
      processKey: 'theirs',
      tenantId: null,
      versionTag: null,
      processInstanceId: `I-${correlationId}`,
      ...row,
    } as ProcessHead;
    rows.set(correlationId, record);
    return service.watch(record, performance.now() + waitMs, () => {
      answered.push(correlationId);
    });
  }

  it('answers a request whose process only waits for something outside, once', async () => {
    const watch = request(create(), 'a');
    atWaitStates.add('I-a');
    outside.add('I-a');
    await jest.advanceTimersByTimeAsync(99);
    expect(queries).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    expect([answered, watch.found]).toEqual([['a'], [TASK]]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect([answered, queries]).toEqual([['a'], 2]);
  });

  it('looks again, less and less often, while something else can continue', async () => {
    request(create(), 'a');
    atWaitStates.add('I-a');
    await jest.advanceTimersByTimeAsync(20_000);
    expect(looks.length).toBeGreaterThan(5);
    expect(looks.length).toBeLessThan(25);
    outside.add('I-a');
    await jest.advanceTimersByTimeAsync(4_700);
    expect(answered).toEqual(['a']);
  });

  it('asks nothing for a process that never waits: of ours at once, of others after its model is read', async () => {
    const service = create();
    request(service, 'ours', { processKey: 'ours' });
    await jest.advanceTimersByTimeAsync(5_000);
    expect(queries).toBe(0);
    request(service, 'theirs', { processKey: 'only-steps' });
    await jest.advanceTimersByTimeAsync(5_000);
    expect([queries, looks]).toEqual([1, []]);
  });

  it('asks for a process of ours that has a user task', async () => {
    models.set('ours', ['decide']);
    request(create(), 'a', { processKey: 'ours' });
    atWaitStates.add('I-a');
    outside.add('I-a');
    await jest.advanceTimersByTimeAsync(100);
    expect([answered, queries]).toEqual([['a'], 1]);
  });

  it.each([{ tenantId: 'bank' }, { versionTag: '1.0' }])(
    'reads the model of the engine for a key of ours if the start chose %j',
    async (choice) => {
      request(create(), 'a', { processKey: 'ours', ...choice });
      await jest.advanceTimersByTimeAsync(100);
      expect(queries).toBeGreaterThan(0);
    },
  );

  it('asks nothing for a request that is over, a process that is decided, or one without an instance', async () => {
    const service = create();
    request(service, 'gone').stop();
    request(service, 'decided', { status: 'ok' });
    request(service, 'unstarted', { processInstanceId: null });
    request(service, 'short', {}, 200);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(queries).toBe(0);
  });

  it('asks nothing with EARLY_ANSWER=off', async () => {
    request(create({ EARLY_ANSWER: 'off' }), 'a');
    await jest.advanceTimersByTimeAsync(5_000);
    expect(queries).toBe(0);
  });

  it.each([1, 100, 10_000])(
    'makes at most 20 queries and 40 looks a second for %i requests',
    async (count) => {
      const service = create();
      for (let n = 0; n < count; n += 1) {
        request(service, `p${n}`);
        atWaitStates.add(`I-p${n}`);
      }
      await jest.advanceTimersByTimeAsync(1_000);
      expect(queries).toBeLessThanOrEqual(20);
      expect(looks.length).toBeLessThanOrEqual(40);
      const before = queries;
      await jest.advanceTimersByTimeAsync(10_000);
      expect(queries - before).toBeLessThanOrEqual(120);
    },
  );

  it('looks at each of many in turn', async () => {
    const service = create();
    for (let n = 0; n < 40; n += 1) {
      request(service, `p${n}`);
      atWaitStates.add(`I-p${n}`);
    }
    await jest.advanceTimersByTimeAsync(5_000);
    expect(new Set(looks).size).toBe(40);
  });

  it('goes on after a failure, and asks nothing while the engine is away', async () => {
    request(create(), 'a');
    atWaitStates.add('I-a');
    outside.add('I-a');
    failure = new Error('401');
    await jest.advanceTimersByTimeAsync(300);
    expect(answered).toEqual([]);
    failure = null;
    isAway = true;
    const before = queries;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(queries).toBe(before);
    isAway = false;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(answered).toEqual(['a']);
  });
});
