import { getMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { z } from 'zod';
import {
  EngineConnection,
  EngineInstancesClient,
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineResponseError,
  EngineUnreachableError,
  OwnBpmnModels,
  toTypedVariables,
  type TypedVariables,
} from '../../camunda-engine/index.js';
import { ScriptedTransport } from '../../camunda-engine/testing/scripted-transport.js';
import { type HttpCall, type HttpCaller, HttpCalls, type HttpService } from '../../common/http/index.js';
import { type CamundaConfig, createConfiguration } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { PoisonTaskGuard } from '../poison-tasks/poison-task.guard.js';
import { OutcomeReporter } from '../outcome/outcome.reporter.js';
import { DueRetryPoller } from '../outcome/due-retry.poller.js';
import {
  BusinessRuleError,
  FatalTaskError,
  RetryableTaskError,
  type TaskAbortedError,
} from '../task/task.errors.js';
import { fakeTask, RecordingCalls, RecordingEventLog, RecordingListener } from '../testing/recorders.js';
import type { HandlerTask } from '../task/topic-handler.js';
import type { TopicDeclaration } from '../topics/topic.decorator.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';
import { TopicRunner } from './topic.runner.js';

Logger.overrideLogger(false);

const CALL = { method: 'POST', path: '/external-task/task-1/complete' };
const refusal = (status: number, message: string, code = 0) =>
  new EngineResponseError(CALL, status, 'RestException', message, code);
const collision = () => new EngineResponseError(CALL, 500, 'OptimisticLockingException', 'concurrently', 1);
const gone = () => refusal(404, 'External task with id task-1 does not exist');
const lost = () =>
  refusal(400, "External Task task-1 cannot be completed by worker 'a'. It is locked by worker 'b'.");
const reset = () => new EngineAmbiguousError(CALL, 'reset', null);

interface Settle {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Calls that host a answers with 503, and all others with the headers of the request. */
class ScriptedCalls extends HttpCalls {
  constructor(private readonly caller: HttpCaller) {
    super();
  }

  override async request(method: string, url: string) {
    const status = url === 'http://a' ? 503 : 200;
    const call: HttpCall = { method, endpoint: url, durationMs: 1, status, ok: status === 200 };
    this.caller.record(call);
    if (!call.ok) throw new Error('answered 503');
    return { status, headers: this.caller.headers ?? {}, body: null };
  }
}

describe('TopicRunner', () => {
  let calls: RecordingCalls;
  let events: RecordingEventLog;
  let listener: RecordingListener;
  let transport: ScriptedTransport;
  let nudge: DueRetryPoller;
  let runner: TopicRunner;
  let deliveries: PoisonTaskGuard;
  let handle: (input: never, task: HandlerTask) => unknown;
  let config: CamundaConfig;

  beforeEach(() => {
    config = createConfiguration({ CAMUNDA_LOCK_DURATION_MS: '3000' }).camunda;
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    calls = new RecordingCalls();
    listener = new RecordingListener();
    transport = new ScriptedTransport();
    nudge = new DueRetryPoller(transport);
    const { database } = createConfiguration({});
    deliveries = new PoisonTaskGuard(config, database, new ShutdownService({ timeoutMs: 1, delayMs: 0 }));
    create(new RecordingEventLog());
    handle = () => ({});
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function create(log: RecordingEventLog): void {
    events = log;
    runner = createRunner(listener);
  }

  function createRunner(listener?: RecordingListener): TopicRunner {
    const engine = new EngineInstancesClient(new EngineConnection(transport), config);
    const http = { callsOf: (caller: HttpCaller) => new ScriptedCalls(caller) } as unknown as HttpService;
    const models = new OwnBpmnModels([]);
    const outcomes = new OutcomeReporter(events, engine, nudge, models, config, { paths: [] }, listener);
    return new TopicRunner(events, outcomes, nudge, http, deliveries, config, { paths: [] });
  }

  function topic(declaration: Partial<TopicDeclaration> = {}): RegisteredTopic {
    return {
      topic: 'order.charge',
      stepName: 'charge',
      step: 2,
      handlerName: 'ChargeHandler',
      handle: (input, task) => handle(input as never, task),
      declaration: {
        topic: 'order.charge',
        targetSystem: 'CamundaEngine',
        originatingSystem: 'FastifyAPI',
        ...declaration,
      },
    };
  }

  /** Lets time pass until the task is done. */
  async function run(facts = {}, declaration: Partial<TopicDeclaration> = {}): Promise<void> {
    const progress = { done: false };
    const ended = runner.run(topic(declaration), fakeTask(facts), calls).finally(() => {
      progress.done = true;
    });
    while (!progress.done) {
      await new Promise((resolve) => setImmediate(resolve));
      jest.advanceTimersByTime(10);
    }
    await ended;
  }

  const throwing = (error: unknown) => () => {
    throw error;
  };

  describe('reports the result of the handler to the engine', () => {
    it('a value: complete with typed variables', async () => {
      handle = async () => ({ paid: true, items: [1] });
      await run();
      expect(calls.made).toEqual([
        {
          call: 'complete',
          with: { paid: { type: 'Boolean', value: true }, items: { type: 'Json', value: '[1]' } },
        },
      ]);
      expect(events.events).toMatchObject([
        {
          status: 'ok',
          httpStatusCode: 200,
          httpMethod: null,
          endpoint: null,
          step: 2,
          stepName: 'charge',
          responseData: { paid: true, items: [1] },
          errorMessage: null,
          processName: 'order',
          correlationId: 'order-1',
        },
      ]);
    });

    it('nothing: complete without variables', async () => {
      handle = () => undefined;
      await run();
      expect(calls.made).toEqual([{ call: 'complete', with: {} }]);
    });

    it('a completed task to the listener too, and no other one', async () => {
      await run();
      expect(listener.finished).toMatchObject([{ correlationId: 'order-1', stepName: 'charge' }]);
      handle = throwing(new FatalTaskError('no'));
      await run();
      expect(listener.finished).toHaveLength(1);
    });

    it('a BusinessRuleError: a BPMN error with its code and variables', async () => {
      handle = throwing(
        new BusinessRuleError('no funds', { limit: 5 }, { code: 'DECLINED', cause: new Error('bank') }),
      );
      transport.json(200, { id: 'instance-1', definitionId: 'd', suspended: false });
      await run();
      expect(calls.made).toEqual([
        {
          call: 'bpmnError',
          with: {
            errorCode: 'DECLINED',
            errorMessage: 'no funds',
            variables: toTypedVariables({
              errorCode: 'DECLINED',
              errorMessage: 'no funds',
              errorType: 'BusinessRuleError',
            }),
          },
        },
      ]);
      expect(events.events).toMatchObject([
        {
          status: 'error',
          httpStatusCode: 400,
          errorMessage: 'no funds',
          metadata: { error: { code: 'DECLINED', details: { limit: 5 }, cause: 'bank' } },
        },
      ]);
      expect(listener.unhandled).toEqual([]);
    });

    it('invalid input: a BPMN error VALIDATION_ERROR, and the handler does not run', async () => {
      handle = () => {
        throw new Error('must not run');
      };
      await run({ variables: toTypedVariables({ userId: 5 }) }, { input: z.object({ userId: z.string() }) });
      expect(calls.made).toMatchObject([
        {
          call: 'bpmnError',
          with: { errorCode: 'VALIDATION_ERROR', errorMessage: expect.stringMatching(/userId/) as unknown },
        },
      ]);
      expect(events.events).toMatchObject([
        { status: 'error', httpStatusCode: 422, requestData: { userId: 5 } },
      ]);
    });

    it.each([[new RetryableTaskError('later')], [new TypeError('unknown')], ['a text']])(
      '%p: failure with retries one less',
      async (error) => {
        handle = throwing(error);
        await run();
        expect(calls.made).toMatchObject([{ call: 'failure', with: { retries: 3 } }]);
        expect(events.events).toMatchObject([
          {
            status: 'error',
            httpStatusCode: 500,
            metadata: { attempt: 1, retriesLeft: 3, retryInMs: expect.any(Number) },
          },
        ]);
        expect(listener.incidents).toEqual([]);
      },
    );

    it('a FatalTaskError: a failure without retries, and the listener receives the incident', async () => {
      handle = throwing(new FatalTaskError('broken'));
      await run({ variables: toTypedVariables({ traceability_id: 'T' }) });
      expect(calls.made).toMatchObject([
        { call: 'failure', with: { retries: 0, retryTimeout: 0, errorMessage: 'broken' } },
      ]);
      const { metadata } = events.events[0] ?? {};
      expect(metadata).toMatchObject({ attempt: 1, retriesLeft: 0 });
      expect(metadata).not.toHaveProperty('retryInMs');
      expect(listener.incidents).toEqual([
        {
          correlationId: 'order-1',
          processInstanceId: 'instance-1',
          processDefinitionKey: 'order',
          traceabilityId: 'T',
          taskId: 'task-1',
          stepName: 'charge',
          step: 2,
          error: 'broken',
        },
      ]);
    });

    it('the last retry used up: an incident', async () => {
      handle = throwing(new Error('again'));
      await run({ retries: 1 });
      expect(calls.made).toMatchObject([{ call: 'failure', with: { retries: 0 } }]);
      expect(events.events).toMatchObject([{ metadata: { attempt: 4, retriesLeft: 0 } }]);
      expect(listener.incidents).toHaveLength(1);
    });

    it.each([
      [
        'does not parse',
        { n: 'x' },
        { output: z.object({ n: z.number() }) },
        /is not valid: n: Invalid input: expected number, received string$/,
      ],
      ['is not an object', [1], {}, /is not an object of variables/],
      ['is a text', 'text', {}, /is not an object of variables/],
      ['is a Map', new Map([['a', 1]]), {}, /is not an object of variables but a Map/],
      ['is an Error', new Error('x'), {}, /is not an object of variables but an Error/],
      ['no variable can hold', { f: () => 1 }, {}, /"f"/],
      ['holds a Map', { out: { a: [new Map()] } }, {}, /"out\.a\.0".* a Map/],
      ['holds a Set', { out: new Set([1]) }, {}, /"out".* a Set/],
      ['holds an Error', { out: new Error('x') }, {}, /"out".* an Error/],
      ['holds NaN', { out: { n: NaN } }, {}, /"out\.n".* NaN/],
      ['has lost digits', { out: 9_007_199_254_740_992 }, {}, /"out".*lost digits/],
      [
        'has what the schema has not, with strict',
        { n: 1, note: 'x', rows: [{ id: 1, more: 2 }] },
        { output: z.object({ n: z.number(), rows: z.array(z.object({ id: z.number() })) }), strict: true },
        /does not have: note, rows\.0\.more\./,
      ],
    ])('output that %s: an incident', async (_, output, declaration, sentence) => {
      handle = () => output;
      await run({}, declaration);
      const errorMessage = expect.stringMatching(sentence) as unknown;
      expect(calls.made).toMatchObject([{ call: 'failure', with: { retries: 0, errorMessage } }]);
    });
  });

  it('warns of members that the output schema does not have, once for each topic and member', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const row = z.object({ id: z.number() });
    const output = z.object({ n: z.number(), rows: z.array(row).optional(), open: z.looseObject({}) });
    handle = () => ({
      n: 1,
      note: 'x',
      gone: undefined,
      rows: [
        { id: 1, a: 1 },
        { id: 2, a: 1 },
      ],
      open: { b: 1 },
    });
    await run({}, { output });
    await run({}, { output });
    const members = warn.mock.calls.map(([line]) => (line as { readonly member?: string }).member);
    warn.mockRestore();
    expect(members).toEqual(['note', 'rows.*.a']);
    expect(calls.names()).toEqual(['complete', 'complete']);
  });

  it('passes every digit of a number to the handler, and fails with the path if the schema expects a number', async () => {
    const variables = {
      id: { type: 'Long', value: 9_007_199_254_740_993n },
      order: { type: 'Json', value: '{"id":9007199254740993}' },
    };
    let seen: unknown;
    handle = (input) => {
      seen = input;
      return {};
    };
    await run({ variables });
    expect(seen).toMatchObject({ id: 9_007_199_254_740_993n, order: { id: 9_007_199_254_740_993n } });
    expect(events.events).toHaveLength(1);
    await run({ variables }, { input: z.object({ order: z.object({ id: z.number() }) }) });
    expect(calls.made.at(-1)).toMatchObject({
      call: 'bpmnError',
      with: { errorMessage: expect.stringMatching(/order\.id: .*bigint/) as unknown },
    });
  });

  it('shows the issues of a schema as a sentence and as a list, never as JSON in a string', async () => {
    handle = () => z.object({ price: z.number() }).parse({ price: '12' });
    await run();
    const [event] = events.events;
    expect(event).toMatchObject({
      errorMessage: expect.stringMatching(/: price: Invalid input/) as unknown,
      metadata: { error: { name: 'Error', issues: [{ path: ['price'], code: 'invalid_type' }] } },
    });
    expect(JSON.stringify(event)).not.toContain(String.raw`\"code\"`);
  });

  it('writes the row before the report, and reports nothing if the row cannot be written', async () => {
    let before: string[] = [];
    create(
      new RecordingEventLog(() => {
        before = calls.names();
      }),
    );
    await run();
    expect([before, calls.names()]).toEqual([[], ['complete']]);
    calls.made.length = 0;
    create(new RecordingEventLog(() => Promise.reject(new Error('full'))));
    await run();
    expect([calls.names(), runner.running]).toEqual([[], 0]);
  });

  it('passes the parsed input and the task to the handler', async () => {
    let seen: unknown;
    handle = (input, task) => {
      seen = [
        input,
        task.correlationId,
        task.attempt,
        task.retriesLeft,
        task.variables.n,
        task.batchId,
        task.applicationId,
        task.topic,
        task.businessKey,
      ];
      return {};
    };
    await run(
      {
        businessKey: '',
        retries: 2,
        variables: toTypedVariables({ n: 1, correlationId: 'c-1', batch_id: 'B', application_id: 'A' }),
      },
      { input: z.object({ n: z.number().transform((n) => n + 1) }) },
    );
    expect(seen).toEqual([{ n: 2 }, 'c-1', 3, 1, 1, 'B', 'A', 'order.charge', '']);
  });

  it.each([
    [null, 'c d', 'instance-1'],
    ['bad key!', undefined, 'instance-1'],
    [null, undefined, 'instance-1'],
  ])('logs business key %p and correlationId %p under %p', async (businessKey, correlationId, logged) => {
    await run({ businessKey, variables: toTypedVariables({ correlationId }) });
    expect(events.events[0]?.correlationId).toBe(logged);
    expect(events.events[0]?.metadata.correlationId).toBe(businessKey ?? correlationId);
  });

  it('adds identifying outputs and added identifiers to the process and the trail', async () => {
    handle = (_, task) => {
      task.addIdentifiers({ invoice: 7 });
      return { orderId: 'o', userId: 'u', customerId: null };
    };
    await run({ variables: toTypedVariables({ identifiers: { applicationId: 'A', userId: 'u' } }) });
    const identifiers = { applicationId: 'A', userId: 'u', invoice: 7, orderId: 'o' };
    expect(events.events[0]?.identifiers).toEqual(identifiers);
    expect(calls.made[0]?.with).toMatchObject({
      identifiers: { type: 'Json', value: JSON.stringify(identifiers) },
    });
  });

  it('records the calls of the handler in its row: the last failed one, and all in the metadata', async () => {
    handle = async (_input, task) => {
      await task.http.get('http://a').catch(() => undefined);
      const { headers } = await task.http.get('http://b');
      return { headers };
    };
    await run({ variables: toTypedVariables({ traceability_id: 'trace-1' }) });
    expect(events.events).toMatchObject([
      {
        status: 'ok',
        httpMethod: 'GET',
        endpoint: 'http://a',
        httpStatusCode: 503,
        responseData: { headers: { 'x-correlation-id': 'order-1', 'x-request-id': 'trace-1' } },
      },
    ]);
    expect(events.events[0]?.metadata.calls).toHaveLength(2);
  });

  it('uses the sentences of the step, and default ones if they throw', async () => {
    handle = () => ({ n: 1 });
    await run({}, { successSentence: (output) => `n is ${(output as { n: number }).n}` });
    await run({}, { successSentence: throwing(new Error('x')) });
    await run();
    handle = throwing(new Error('no'));
    await run({}, { failureSentence: 'It went wrong.' });
    await run({}, { failureSentence: (error) => `wrong: ${error.message}` });
    expect(events.events.map(({ result }) => result)).toEqual([
      'n is 1',
      'Step charge succeeded.',
      'Step charge succeeded.',
      'It went wrong.',
      'wrong: no',
    ]);
  });

  describe('repeats an engine call', () => {
    it.each([
      [[collision(), collision()]],
      [[reset()]],
      [[new EngineUnreachableError(CALL, 'refused')]],
      [[new EngineMisconfiguredError(CALL, 'x', 401)]],
      [[refusal(500, 'deadlock', 10_000)]],
    ])('after %p', async (errors) => {
      calls.answers.push(...errors);
      await run();
      expect(calls.names().filter((name) => name === 'complete')).toHaveLength(errors.length + 1);
      expect(events.events).toHaveLength(1);
    });

    it('of every running task, without a warning of leaking listeners', async () => {
      const listened = jest.spyOn(EventTarget.prototype, 'addEventListener');
      try {
        calls.answers.push(...Array.from({ length: config.maxTasks }, reset));
        await Promise.all(
          Array.from({ length: config.maxTasks }, (_, index) => run({ id: `task-${index}` })),
        );
        const targets = listened.mock.contexts as EventTarget[];
        expect(targets).toHaveLength(config.maxTasks);
        expect(new Set(targets).size).toBe(1);
        expect(getMaxListeners(targets[0]!)).toBeGreaterThanOrEqual(config.maxTasks);
      } finally {
        listened.mockRestore();
      }
    });

    it('and treats a 404 as done', async () => {
      calls.answers.push(reset(), gone());
      await run();
      expect([calls.names(), events.events.length]).toEqual([['complete', 'complete'], 1]);
    });

    it('and stops if another worker has the task', async () => {
      calls.answers.push(lost());
      await run();
      expect([calls.names(), events.events.length]).toEqual([['complete'], 1]);
    });

    it('as long as the lock is held, then writes a second row', async () => {
      calls.answers.push(...Array.from({ length: 100 }, reset));
      await run();
      expect(calls.names().length).toBeGreaterThan(3);
      expect(calls.names().length).toBeLessThan(30);
      expect(events.events).toMatchObject([
        { status: 'ok' },
        {
          status: 'error',
          endpoint: '/external-task/task-1/complete',
          httpMethod: 'POST',
          httpStatusCode: null,
          metadata: { engineCall: 'complete' },
        },
      ]);
    });

    it('a failure too; one whose task is gone is no incident', async () => {
      handle = throwing(new FatalTaskError('x'));
      calls.answers.push(reset(), gone());
      await run();
      expect([calls.names(), listener.incidents]).toEqual([['failure', 'failure'], []]);
    });
  });

  describe('whose outcome the engine refuses', () => {
    const STUCK =
      "ENGINE-02004 No outgoing sequence flow for the element with id 'G' could be selected for continuing the process.";
    const stuck = () => refusal(500, STUCK);
    const SENTENCE =
      'The step "charge" of "order" succeeded, but the process engine cannot go on at "G": ' +
      "No outgoing sequence flow for the element with id 'G' could be selected for continuing the process.";
    let handled: number;

    beforeEach(() => {
      handled = 0;
      handle = () => {
        handled += 1;
        return { paid: true };
      };
    });

    /** The local variables of the last failure, as the engine returns them with the task. */
    const keptBy = (made: typeof calls.made) =>
      (made.findLast(({ call }) => call === 'failure')?.with as { localVariables: TypedVariables })
        .localVariables;

    it('fails with its outcome stored beside it; the message names place and reason, and that the step succeeded', async () => {
      calls.answers.push(stuck());
      await run({ retries: 1 });
      expect(calls.made).toMatchObject([
        { call: 'complete' },
        { call: 'failure', with: { retries: 3, errorMessage: SENTENCE } },
      ]);
      expect((calls.made[1]?.with as { retryTimeout: number }).retryTimeout).toBeLessThanOrEqual(600);
      expect(events.events).toMatchObject([
        { status: 'ok' },
        {
          status: 'error',
          httpStatusCode: 500,
          targetSystem: 'CamundaEngine',
          errorMessage: SENTENCE,
          result: 'The process engine refused the completion of charge.',
          metadata: { engineMessage: STUCK, engineCall: 'complete' },
        },
      ]);
      expect(listener.incidents).toEqual([]);
    });

    it('is retried only to report its outcome, in another process too, with fewer retries each time', async () => {
      calls.answers.push(stuck());
      await run();
      const variables = keptBy(calls.made);
      for (const retries of [3, 2, 1]) {
        create(new RecordingEventLog());
        calls.made.length = 0;
        calls.answers.push(stuck());
        await run({ retries, variables });
        expect(calls.made).toMatchObject([
          { call: 'complete', with: { paid: { type: 'Boolean', value: true } } },
          { call: 'failure', with: { retries: retries - 1, localVariables: variables } },
        ]);
      }
      expect(listener.incidents).toMatchObject([{ error: SENTENCE, stepName: 'charge' }]);
      create(new RecordingEventLog());
      calls.made.length = 0;
      await run({ retries: 1, variables });
      expect([calls.names(), events.events, handled]).toEqual([['complete'], [], 1]);
    });

    it('runs the handler again in the same process once the stored outcome is deleted', async () => {
      calls.answers.push(stuck());
      await run();
      await run({ retries: 3 });
      expect([calls.names(), handled]).toEqual([['complete', 'failure', 'complete'], 2]);
    });

    it.each([
      ['the failure was accepted', []],
      ['the answer to the failure was lost', Array.from({ length: 100 }, reset)],
    ])('reports the stored outcome as it was edited, if %s', async (_, answers) => {
      calls.answers.push(stuck(), ...answers);
      await run();
      calls.answers.length = 0;
      const edited = JSON.stringify(keptBy(calls.made)).replace('true', 'false');
      calls.made.length = 0;
      calls.answers.push(stuck());
      await run({ retries: 3, variables: JSON.parse(edited) as TypedVariables });
      await run({ retries: 2 });
      expect(calls.made).toMatchObject([
        { call: 'complete', with: { paid: { value: false } } },
        { call: 'failure' },
        { call: 'complete', with: { paid: { value: true } } },
      ]);
      expect(handled).toBe(2);
    });

    it('is an incident at once without retries', async () => {
      config = createConfiguration({ CAMUNDA_TASK_RETRIES: '0' }).camunda;
      create(events);
      calls.answers.push(stuck());
      await run();
      expect([listener.incidents.length, handled]).toEqual([1, 1]);
    });

    it('does the same for a BPMN error', async () => {
      handle = () => {
        handled += 1;
        throw new BusinessRuleError('no', null, { code: 'DECLINED' });
      };
      calls.answers.push(stuck());
      await run();
      expect(calls.made[1]?.with).toMatchObject({
        errorMessage: expect.stringMatching(
          /^The step "charge" of "order" ended with the error DECLINED, but/,
        ),
      });
      create(new RecordingEventLog());
      transport.json(404, { type: 'InvalidRequestException', message: 'does not exist', code: null });
      await run({ retries: 3, variables: keptBy(calls.made) });
      expect([calls.names(), handled]).toEqual([['bpmnError', 'failure', 'bpmnError'], 1]);
      expect(listener.unhandled).toMatchObject([{ errorCode: 'DECLINED' }]);
    });

    it.each([
      ['of another task', '{"taskId":"other","outcome":{"kind":"complete","variables":{}}}'],
      ['of no outcome', '{"taskId":"task-1","outcome":{"kind":"unlock"}}'],
      ['no JSON', 'x'],
    ])('and ignores a variable of the same name from a client: %s', async (_, value) => {
      await run({ variables: { fastifyCamundaOutcome: { type: 'Json', value } } });
      expect(handled).toBe(1);
    });

    it('keeps it in memory if the engine refuses the failure too', async () => {
      calls.answers.push(stuck(), stuck(), stuck());
      await run();
      await run();
      expect([calls.names(), handled]).toEqual([['complete', 'failure', 'failure', 'complete'], 1]);
    });

    const proxy = (status: number) => new EngineMisconfiguredError(CALL, `answered ${status}`, status);
    const IN_MEMORY = / it is kept in memory only: after a restart of the service the step runs again\.$/;

    it.each([
      ['the engine, 400', refusal(400, 'Cannot store the variable')],
      ['the engine, 500', refusal(500, 'Data too long for column')],
      ['a proxy, 413', proxy(413)],
      ['a proxy, 400', proxy(400)],
    ])('is an incident too if its failure is refused with the outcome beside it: %s', async (_, answer) => {
      const retries = [1, 3, 2, 1];
      for (const left of retries) {
        calls.answers.push(stuck(), answer);
        await run({ retries: left });
      }
      const failures = calls.made.filter(({ call }) => call === 'failure').map((made) => made.with);
      expect(calls.names()).toEqual(retries.flatMap(() => ['complete', 'failure', 'failure']));
      expect(failures).toMatchObject(
        [3, 2, 1, 0].flatMap((left) => [
          { retries: left, errorMessage: SENTENCE, localVariables: expect.anything() },
          { retries: left, errorMessage: expect.stringMatching(IN_MEMORY) },
        ]),
      );
      expect(failures[1]).not.toHaveProperty('localVariables');
      expect(listener.incidents).toMatchObject([{ error: expect.stringMatching(IN_MEMORY) as unknown }]);
      expect([handled, events.events.length]).toEqual([1, 1 + 2 * retries.length]);
      // The process is repaired.
      await run({ retries: 1 });
      expect([calls.names().at(-1), handled]).toEqual(['complete', 1]);
      await run();
      expect(handled).toBe(2);
    });

    it('stores it beside the task as soon as the engine accepts that, and continues counting', async () => {
      calls.answers.push(stuck(), proxy(413));
      await run();
      calls.answers.push(stuck());
      await run({ retries: 3 });
      const variables = keptBy(calls.made);
      expect(calls.made.at(-1)).toMatchObject({ with: { retries: 2, errorMessage: SENTENCE } });
      create(new RecordingEventLog());
      await run({ retries: 2, variables });
      expect([calls.names().at(-1), handled]).toEqual(['complete', 1]);
    });

    it('is an incident if the completion is too large for a proxy', async () => {
      config = createConfiguration({ CAMUNDA_TASK_RETRIES: '0' }).camunda;
      create(events);
      calls.answers.push(proxy(413), proxy(413));
      await run();
      expect(calls.names()).toEqual(['complete', 'failure', 'failure']);
      expect(listener.incidents).toMatchObject([
        {
          error: expect.stringMatching(
            / is larger than the engine, or a proxy in front of it, accepts \(413\)\. /,
          ) as unknown,
        },
      ]);
    });

    it('sends no second failure if another worker has the task', async () => {
      calls.answers.push(stuck(), lost());
      await run();
      expect(calls.names()).toEqual(['complete', 'failure']);
    });

    it('keeps it in memory if the engine is unreachable until the lock expires, and drops it when it is accepted', async () => {
      calls.answers.push(...Array.from({ length: 100 }, reset));
      await run();
      calls.answers.length = 0;
      await run();
      expect([calls.names().at(-1), handled, events.events.length]).toEqual(['complete', 1, 2]);
      await run();
      expect(handled).toBe(2);
    });
  });

  describe('whose instance is suspended', () => {
    const suspended = () => refusal(400, "ENGINE-03043 ExternalTask with id 'task-1' is suspended.");
    const done = { status: 204, contentType: null, body: '' };

    it('stores the outcome beside the task and unlocks it, without a row of its own', async () => {
      let handled = 0;
      handle = () => {
        handled += 1;
        return { paid: true };
      };
      transport.answers.push(done);
      calls.answers.push(suspended());
      await run();
      expect(calls.names()).toEqual(['complete', 'unlock']);
      expect(transport.requests).toMatchObject([
        { method: 'POST', path: '/execution/execution-1/localVariables' },
      ]);
      expect(events.events.map(({ status }) => status)).toEqual(['ok']);
      const { modifications } = transport.requests[0]?.json as { modifications: TypedVariables };
      create(new RecordingEventLog());
      calls.made.length = 0;
      await run({ variables: modifications });
      expect([calls.names(), events.events, handled]).toEqual([['complete'], [], 1]);
      expect(listener.incidents).toEqual([]);
    });

    it('runs the handler again if the outcome beside the task is deleted', async () => {
      let handled = 0;
      handle = () => {
        handled += 1;
        return {};
      };
      transport.answers.push(done);
      calls.answers.push(suspended());
      await run();
      await run();
      expect([calls.names(), handled]).toEqual([['complete', 'unlock', 'complete'], 2]);
    });

    it('keeps the outcome in memory if the engine does not store it beside the task', async () => {
      let handled = 0;
      handle = () => {
        handled += 1;
        return {};
      };
      for (const executionId of [null, 'execution-1']) {
        transport.answers.push(new Error('away'));
        calls.answers.push(suspended());
        await run({ executionId });
      }
      await run();
      expect([calls.names(), handled]).toEqual([['complete', 'complete', 'complete'], 1]);
      expect(events.events).toHaveLength(1);
    });

    it('unlocks the task of a failed attempt, which is retried after the resumption', async () => {
      handle = throwing(new Error('partner is down'));
      calls.answers.push(suspended());
      await run();
      expect([calls.names(), transport.requests]).toEqual([['failure', 'unlock'], []]);
      expect(events.events).toHaveLength(1);
    });
  });

  it('writes a second row for a refused failure and does nothing else', async () => {
    handle = throwing(new Error('x'));
    calls.answers.push(refusal(500, 'no'));
    await run();
    expect([calls.names(), events.events.length]).toEqual([['failure'], 2]);
  });

  it('notifies the listener if a BPMN error has ended the instance, even if the answer to it was lost', async () => {
    handle = throwing(new BusinessRuleError('no'));
    for (const answers of [[null], [reset(), gone()]]) {
      calls.answers.push(...answers);
      transport.json(404, { type: 'InvalidRequestException', message: 'does not exist', code: null });
      await run();
    }
    expect(listener.unhandled).toMatchObject([
      { errorCode: 'BUSINESS_RULE', errorMessage: 'no', processInstanceId: 'instance-1' },
      {},
    ]);
  });

  it('works with a listener that throws, and without one', async () => {
    handle = throwing(new FatalTaskError('x'));
    listener.incident = () => Promise.reject(new Error('table away'));
    await run();
    runner = createRunner();
    await run();
    expect(calls.names()).toEqual(['failure', 'failure']);
  });

  it('extends the lock after each third of it while the handler runs and the row is written, and not afterwards', async () => {
    const after = (ms: number) =>
      new Promise<void>((resolve) => {
        setTimeout(resolve, ms);
      });
    create(new RecordingEventLog(() => after(1_500)));
    handle = async () => {
      await after(2_100);
      return {};
    };
    await run();
    jest.advanceTimersByTime(60_000);
    expect(calls.made.map((made) => (made.call === 'extendLock' ? made.with : made.call))).toEqual([
      3_000,
      3_000,
      3_000,
      'complete',
    ]);
  });

  it('extends again after a failed extension', async () => {
    handle = () =>
      new Promise((resolve) => {
        setTimeout(() => {
          resolve({});
        }, 2_100);
      });
    calls.answers.push(reset(), refusal(400, "ENGINE-03043 ExternalTask with id 'task-1' is suspended."));
    await run();
    expect(calls.names()).toEqual(['extendLock', 'extendLock', 'complete']);
  });

  it.each([[gone()], [refusal(400, 'Cannot extend a lock that expired')]])(
    'aborts the task when its lock is lost: %p',
    async (error) => {
      handle = (_, task) =>
        new Promise((_resolve, reject) => {
          task.signal.addEventListener('abort', () => {
            reject(task.signal.reason as Error);
          });
        });
      calls.answers.push(error, lost());
      await run();
      expect(calls.names()).toEqual(['extendLock', 'failure']);
      expect(events.events).toMatchObject([{ metadata: { error: { name: 'TaskAbortedError' } } }]);
    },
  );

  it('runs a task once when it is delivered again meanwhile, and reports under the later lock', async () => {
    let runs = 0;
    let finish: (() => void) | undefined;
    handle = () => {
      runs += 1;
      return new Promise((resolve) => {
        finish = () => {
          resolve({});
        };
      });
    };
    const first = runner.run(topic(), fakeTask(), calls);
    const later = new RecordingCalls('worker-b');
    await runner.run(topic(), fakeTask(), later);
    expect([runner.running, runner.isRunning('task-1')]).toEqual([1, true]);
    finish?.();
    await first;
    expect([runs, calls.names(), later.names()]).toEqual([1, [], ['complete']]);
  });

  it('handles the redelivery of a finished task', async () => {
    await run();
    calls.answers.push(gone());
    await run();
    expect([calls.names(), events.events.map(({ status }) => status)]).toEqual([
      ['complete', 'complete'],
      ['ok', 'ok'],
    ]);
  });

  it('unlocks a task whose handler obeys the signal at a stop', async () => {
    handle = (_, task) =>
      new Promise((_resolve, reject) => {
        task.signal.addEventListener('abort', () => {
          reject(new Error('interrupted'));
        });
      });
    const ended = runner.run(topic(), fakeTask(), calls);
    const idle = runner.whenIdle();
    runner.abortAll();
    await Promise.all([ended, idle, runner.whenIdle()]);
    expect([calls.names(), events.events[0]?.status]).toEqual([['unlock'], 'error']);
  });

  it('uses up no retry if the process is out of file descriptors, and calls back', async () => {
    const starved: unknown[] = [];
    runner.onOutOfResources((error) => starved.push(error));
    const cause = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' });
    const error = new Error('GET /x: the connection failed (EMFILE)', { cause });
    handle = throwing(error);
    await run({ retries: 1 });
    expect(calls.made).toMatchObject([{ call: 'failure', with: { retries: 1 } }]);
    expect([starved, events.events.length, listener.incidents]).toEqual([[error], 1, []]);
  });

  describe('aborts a handler that exceeds its time limit', () => {
    const limit = { maxDurationMs: 900 };

    it('fails the attempt, aborts its signal and reports the failure, with its lock extended until then', async () => {
      let signal: AbortSignal | undefined;
      handle = (_, task) => {
        signal = task.signal;
        return new Promise(() => undefined);
      };
      await run({}, { ...limit, lockDurationMs: 1_500 });
      expect((signal?.reason as TaskAbortedError).reason).toBe('time-limit');
      expect(calls.made).toMatchObject([
        { call: 'extendLock' },
        {
          call: 'failure',
          with: { retries: 3, errorMessage: 'The handler of order.charge did not end within 900 ms.' },
        },
      ]);
      expect(events.events).toMatchObject([
        { status: 'error', metadata: { attempt: 1, error: { name: 'HandlerTimeoutError' } } },
      ]);
      expect([runner.running, runner.loadOf('order.charge')]).toEqual([0, { running: 0, abandoned: 1 }]);
    });

    it('uses the default if the topic has no limit, and does nothing if the handler ends in time', async () => {
      handle = () => new Promise(() => undefined);
      const began = Date.now();
      await run();
      expect(Date.now() - began).toBeGreaterThanOrEqual(config.taskMaxDurationMs);
      handle = () => ({});
      await run({}, limit);
      jest.advanceTimersByTime(10_000);
      expect(events.events.map(({ status }) => status)).toEqual(['error', 'ok']);
    }, 300_000);

    it.each([
      [
        'result',
        (settle: Settle) => {
          settle.resolve({ paid: true });
        },
      ],
      [
        'error',
        (settle: Settle) => {
          settle.reject(new Error('too late'));
        },
      ],
    ])('ignores its late %s, and another attempt runs meanwhile', async (_, end) => {
      const settles: Settle[] = [];
      handle = () => new Promise((resolve, reject) => settles.push({ resolve, reject }));
      await run({}, limit);
      handle = () => ({ second: true });
      await run({ retries: 3 }, limit);
      end(settles[0]!);
      await new Promise((resolve) => setImmediate(resolve));
      expect(calls.names()).toEqual(['failure', 'complete']);
      expect(events.events.map(({ status }) => status)).toEqual(['error', 'ok']);
      expect(runner.loadOf('order.charge')).toEqual({ running: 0, abandoned: 0 });
    });
  });

  describe('a task that was running when the service crashed', () => {
    it('runs when no other such task does, and others run meanwhile', async () => {
      const order: string[] = [];
      const finish = new Map<string, () => void>();
      handle = (_, { taskId }) => {
        order.push(taskId);
        return new Promise((resolve) => {
          finish.set(taskId, () => {
            resolve({});
          });
        });
      };
      for (const id of ['a', 'b']) deliveries.addSuspect(id);
      const ended = ['a', 'b', 'c'].map((id) => runner.run(topic(), fakeTask({ id }), calls));
      await new Promise((resolve) => setImmediate(resolve));
      expect(order.sort()).toEqual(['a', 'c']);
      finish.get('a')?.();
      await ended[0];
      await new Promise((resolve) => setImmediate(resolve));
      expect(order).toContain('b');
      for (const end of finish.values()) end();
      await Promise.all(ended);
      expect(deliveries.isSuspect('a')).toBe(false);
    });

    it('is delivered again later without using up a retry, if too many wait', async () => {
      deliveries.takeTurn = () => Promise.resolve(null);
      deliveries.addSuspect('task-1');
      await run();
      expect(calls.made).toEqual([{ call: 'extendLock', with: 250 }]);
      expect([events.events, nudge.awaitsRetry('task-1'), deliveries.isSuspect('task-1')]).toEqual([
        [],
        true,
        true,
      ]);
    });

    it('becomes an incident, with its row, after too many crashes, and its handler does not run', async () => {
      deliveries.crashesAtLimit = () => 3;
      deliveries.addSuspect('task-1');
      handle = throwing(new Error('must not run'));
      await run();
      const errorMessage = 'The service crashed 3 times while this step ran, so it is not run again.';
      expect(calls.made).toMatchObject([{ call: 'failure', with: { retries: 0, errorMessage } }]);
      expect(events.events).toMatchObject([{ status: 'error', errorMessage }]);
      expect(listener.incidents).toMatchObject([{ error: errorMessage }]);
      expect(deliveries.isSuspect('task-1')).toBe(false);
    });
  });

  describe('fails the step that an unhandled error came from', () => {
    const topics = new Map([['order.charge', topic()]]);
    const thrownIn = (place: string) =>
      Object.assign(new Error('stray'), { stack: `Error: stray\n    at ${place} (file:///x.js:1:2)` });

    it('while its handler runs: retries one less, and the handler is aborted', async () => {
      let signal: AbortSignal | undefined;
      handle = (_, task) => {
        signal = task.signal;
        setTimeout(() => {
          expect(runner.failStepOf(thrownIn('async ChargeHandler.handle'), topics)).toBe(true);
        }, 100);
        return new Promise(() => undefined);
      };
      await run();
      expect(calls.made).toMatchObject([
        {
          call: 'failure',
          with: { retries: 3, errorMessage: 'The step left an error unhandled: stray' },
        },
      ]);
      expect((signal?.reason as TaskAbortedError).reason).toBe('unhandled-error');
    });

    it('after its return and before the report: its row is followed by that of the failure', async () => {
      let stray: Error | null = thrownIn('ChargeHandler.handle');
      create(
        new RecordingEventLog(() => {
          if (stray !== null) runner.failStepOf(stray, topics);
          stray = null;
        }),
      );
      await run();
      expect(calls.made).toMatchObject([{ call: 'failure', with: { retries: 3 } }]);
      expect(events.events).toMatchObject([
        { status: 'ok' },
        { status: 'error', metadata: { attempt: 1, error: { name: 'UnhandledStepError', cause: 'stray' } } },
      ]);
    });

    it('but not once the outcome is being reported', async () => {
      const found: boolean[] = [];
      calls.complete = () => {
        found.push(runner.failStepOf(thrownIn('ChargeHandler.handle'), topics));
        return Promise.resolve();
      };
      await run();
      expect([found, events.events.map(({ status }) => status)]).toEqual([[true], ['ok']]);
    });

    it('and all running steps of the same code, without using up a retry', async () => {
      handle = () => new Promise(() => undefined);
      const ended = ['a', 'b'].map((id) => runner.run(topic(), fakeTask({ id, retries: 2 }), calls));
      expect(runner.failStepOf(thrownIn('ChargeHandler.handle'), topics)).toBe(true);
      await Promise.all(ended);
      expect(calls.made).toMatchObject([
        { call: 'failure', with: { retries: 2 } },
        { call: 'failure', with: { retries: 2 } },
      ]);
    });

    it('uses up a retry of a suspect, which runs alone, and not of a step beside it', async () => {
      handle = () => new Promise(() => undefined);
      deliveries.addSuspect('a');
      const ended = ['a', 'b'].map((id) => runner.run(topic(), fakeTask({ id, retries: 2 }), calls));
      await new Promise((resolve) => setImmediate(resolve));
      runner.failStepOf(thrownIn('ChargeHandler.handle'), topics);
      await Promise.all(ended);
      expect(calls.made.map((made) => (made.with as { retries: number }).retries)).toEqual([1, 2]);
      expect([deliveries.isSuspect('a'), deliveries.isSuspect('b')]).toEqual([true, true]);
    });

    it('turns tasks of one bad handler that always run together into an incident each', async () => {
      const began: string[] = [];
      handle = (_, task) => {
        began.push(task.taskId);
        setTimeout(() => runner.failStepOf(thrownIn('ChargeHandler.handle'), topics), 100);
        return new Promise(() => undefined);
      };
      const left = new Map<string, number | null>([
        ['a', null],
        ['b', null],
        ['c', null],
      ]);
      const together = [...left.keys()];
      for (let round = 0; left.size > 0 && round < 20; round += 1) {
        calls = new RecordingCalls();
        await Promise.all(together.map((id) => run({ id, retries: left.get(id) })));
        const reported = calls.made.map((made) => made.with as { retries: number });
        reported.forEach(({ retries }, index) => left.set(together[index]!, retries));
        for (const [id, retries] of left) if (retries === 0) left.delete(id);
        together.splice(0, together.length, ...left.keys());
      }
      // One failure that uses up no retry, then the first and its retries.
      expect(began.toSorted().join('')).toBe(['a', 'b', 'c'].map((id) => id.repeat(5)).join(''));
      expect(listener.incidents.map(({ taskId }) => taskId)).toEqual(['a', 'b', 'c']);
      expect(deliveries.isSuspect('a')).toBe(false);
    });

    it('does not fail a suspect of the same code that waits for its turn', async () => {
      const finish: (() => void)[] = [];
      handle = () =>
        new Promise((resolve) =>
          finish.push(() => {
            resolve({});
          }),
        );
      deliveries.addSuspect('a');
      deliveries.addSuspect('b');
      const ended = ['a', 'b'].map((id) => runner.run(topic(), fakeTask({ id, retries: 2 }), calls));
      await new Promise((resolve) => setImmediate(resolve));
      runner.failStepOf(thrownIn('ChargeHandler.handle'), topics);
      await ended[0];
      await new Promise((resolve) => setImmediate(resolve));
      expect(finish).toHaveLength(2);
      finish[1]?.();
      await ended[1];
      expect(calls.names()).toEqual(['failure', 'complete']);
    });

    it('and none if the error came from no step', async () => {
      let finish: Settle | undefined;
      handle = () =>
        new Promise((resolve, reject) => {
          finish = { resolve, reject };
        });
      const ended = runner.run(topic(), fakeTask(), calls);
      expect([
        runner.failStepOf(thrownIn('OtherHandler.handle'), topics),
        runner.failStepOf(new Error('ChargeHandler.handle'), topics),
        runner.failStepOf('a text', topics),
      ]).toEqual([false, false, false]);
      finish?.resolve({});
      await ended;
      expect(calls.names()).toEqual(['complete']);
    });

    it('and ignores errors of an abandoned handler', async () => {
      handle = () => new Promise(() => undefined);
      await run({}, { maxDurationMs: 100 });
      expect(runner.failStepOf(thrownIn('ChargeHandler.handle'), topics)).toBe(true);
      expect(calls.names()).toEqual(['failure']);
    });
  });

  it('makes the engine check its polls again when an accepted retry falls due', async () => {
    handle = throwing(new Error('x'));
    await run();
    expect(nudge.awaitsRetry('task-1')).toBe(true);
    const { retryTimeout } = calls.made[0]?.with as { retryTimeout: number };
    jest.advanceTimersByTime(retryTimeout - 50);
    expect(transport.requests).toEqual([]);
    jest.advanceTimersByTime(100);
    await nudge.stop();
    expect(transport.requests).toMatchObject([
      {
        path: '/external-task/fetchAndLock',
        json: { maxTasks: 1, asyncResponseTimeout: 1, topics: [{ topicName: 'fastify-camunda.nudge' }] },
      },
    ]);
    expect(nudge.awaitsRetry('task-1')).toBe(false);
  });
});
