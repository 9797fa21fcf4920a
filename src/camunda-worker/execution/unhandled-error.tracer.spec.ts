import { describe, expect, it } from '@jest/globals';
import { callerOf, HttpCallError } from '../../common/http/index.js';
import { tagCaller } from '../../common/http/call-owner.js';
import type { RunningTask } from '../task/running-task.js';
import { StepContext } from './step.context.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';
import { traceUnhandled } from './unhandled-error.tracer.js';

const task = (topic: string): RunningTask => ({ topic, record: () => undefined }) as unknown as RunningTask;
const topicOf = (topic: string, handlerName: string, file?: string): [string, RegisteredTopic] => [
  topic,
  { topic, handlerName, declaration: { ...(file === undefined ? {} : { file }) } } as RegisteredTopic,
];
const topics = new Map([
  topicOf('a.one', 'OneTopic', 'file:///app/one.topic.js'),
  topicOf('a.two', 'TwoTopic', 'file:///app/two.topic.js'),
]);
const [one, two] = [task('a.one'), task('a.two')];
const steps = { current: null, running: [one, two], abandoned: [], topics };
const withStack = (...frames: string[]) =>
  Object.assign(new Error('x'), {
    stack: ['Error: x', ...frames.map((frame) => `    at ${frame}`)].join('\n'),
  });

describe('traceUnhandled', () => {
  it.each([
    ['the handler', 'OneTopic.handle (file:///app/one.topic.js:3:5)'],
    ['an asynchronous part of it', 'async OneTopic.handle (file:///app/one.topic.js:3:5)'],
    ['a timer of its file', 'Timeout._onTimeout (file:///app/one.topic.js:9:5)'],
    ['a callback of its file', 'file:///app/one.topic.js:9:5'],
  ])('finds a step by %s in the stack', (_, frame) => {
    expect(traceUnhandled(withStack('helper (file:///app/x.js:1:1)', frame), steps)).toEqual({
      running: [one],
      isLate: false,
    });
  });

  it('finds a step by the stack of a cause', () => {
    const cause = withStack('TwoTopic.handle (file:///app/two.topic.js:3:5)');
    expect(traceUnhandled(new Error('outer', { cause }), steps).running).toEqual([two]);
  });

  it.each([
    ['a file whose name only begins alike', withStack('x (file:///app/one.topic.json:1:2)')],
    ['a message that names a handler', new Error('at OneTopic.handle (file:///app/one.topic.js:3:5)')],
    ['what is no error', 'OneTopic.handle'],
    ['an error without a stack', Object.assign(new Error('x'), { stack: undefined })],
  ])('finds none by %s', (_, error) => {
    expect(traceUnhandled(error, steps)).toEqual({ running: [], isLate: false });
  });

  it('finds the step whose call failed among several of the same code', () => {
    const other = task('a.one');
    const error = new HttpCallError({ method: 'GET', url: 'http://a/x', status: null, body: null }, 'failed');
    tagCaller(error, other);
    tagCaller('no error', other);
    expect(callerOf(new Error('wrapped', { cause: error }))).toBe(other);
    const among = { ...steps, running: [one, other] };
    expect(traceUnhandled(new Error('wrapped', { cause: error }), among).running).toEqual([other]);
    // If that step is no longer known, the stack decides.
    expect(traceUnhandled(error, steps).running).toEqual([]);
  });

  it('prefers the step of the context to the stack', () => {
    const error = withStack('OneTopic.handle (file:///app/one.topic.js:3:5)');
    expect(traceUnhandled(error, { ...steps, current: two }).running).toEqual([two]);
  });

  it('reports an error as late if only an abandoned handler can have caused it', () => {
    const error = withStack('OneTopic.handle (file:///app/one.topic.js:3:5)');
    expect(traceUnhandled(error, { ...steps, running: [two], abandoned: [one] })).toEqual({
      running: [],
      isLate: true,
    });
  });
});

describe('StepContext', () => {
  it('tracks the step in its timers and promises since Node 24, and not before', async () => {
    for (const [version, known] of [
      ['24.0.0', one],
      ['26.1.0', one],
      ['22.12.0', null],
      ['20.19.0', null],
    ] as const) {
      const context = new StepContext(version);
      const seen = await context.run(one, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return context.current;
      });
      expect([version, seen, context.current]).toEqual([version, known, null]);
    }
  });
});
