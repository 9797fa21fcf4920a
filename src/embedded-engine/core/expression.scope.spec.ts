import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness, typedValue } from '../testing/engine.harness.js';
import { boundary, bpmn, error, io, path, process, start, task } from '../testing/process.builder.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open();
});

/** The variable that an input mapping makes of an expression. */
async function evaluate(expression: string, given: Parameters<EngineHarness['start']>[1] = {}) {
  await h.deploy(bpmn(process('p', [start(), task('A', io({ result: expression })), path('start', 'A')])));
  const started = await h.start('p', given, 'key-1');
  const taken = await h.take('A');
  return { started, taken, result: taken.variables.get('result') };
}

describe('expressions', () => {
  it.each([
    ['${execution.processBusinessKey}', 'key-1'],
    ['${execution.getBusinessKey()}', 'key-1'],
    ['${execution.currentActivityId}', 'A'],
    ['${execution.getVariable("n")}', 5],
    ['${execution.getVariable("none") == null}', true],
    ['${execution.hasVariable("n")}', true],
    ['${execution.tenantId == null}', true],
    ['of ${execution}', 'of ExecutionEntity'],
  ])('%s sees the execution', async (expression, value) => {
    expect((await evaluate(expression, { n: 5 })).result?.value).toBe(value);
  });

  it('know the ids of instance, execution and activity instance', async () => {
    const { started, taken, result } = await evaluate(
      '${execution.processInstanceId} ${execution.id} ${execution.activityInstanceId} ${execution.processDefinitionId}',
    );
    expect(result?.value).toBe(
      [started.id, taken.executionId, taken.activityInstanceId, started.definitionId].join(' '),
    );
  });

  it.each([
    '${execution.nothing}',
    '${execution.getNothing()}',
    '${execution.getVariable()}',
    '${externalTask}',
  ])('%s is an error', async (expression) => {
    await expect(evaluate(expression)).rejects.toMatchObject({ kind: 'ProcessEngine' });
  });

  it.each([
    [typedValue(new Date(5)), { type: 'Date', value: 5 }],
    [typedValue(1.5), { type: 'Double', value: 1.5 }],
    [{ type: 'Long', value: 5, valueInfo: {} } as const, { type: 'Long', value: 5 }],
    [{ type: 'Short', value: 5, valueInfo: {} } as const, { type: 'Short', value: 5 }],
    [{ type: 'Json', value: '{"a":[1]}', valueInfo: {} } as const, { type: 'Json', value: '{"a":[1]}' }],
    [{ type: 'Xml', value: '<a/>', valueInfo: {} } as const, { type: 'String', value: '<a/>' }],
    [typedValue(null), { type: 'Null', value: null }],
    [typedValue(false), { type: 'Boolean', value: false }],
  ])('keep the type of a variable %#', async (given, kept) => {
    expect((await evaluate('${v}', { v: given })).result).toMatchObject(kept);
  });

  it('report invalid Json only when they access it', async () => {
    const broken = { type: 'Json', value: '{', valueInfo: {} } as const;
    await expect(evaluate('${v}', { v: broken })).rejects.toMatchObject({ kind: 'ProcessEngine' });
    expect((await evaluate('${1}', { v: broken })).result?.value).toBe(1);
  });

  it('can put dates, nodes and typed numbers into lists and maps', async () => {
    const list = `<camunda:list>${['${d}', '${j}', '${l}', '${n}'].map((text) => `<camunda:value>${text}</camunda:value>`).join('')}</camunda:list>`;
    const { result } = await evaluate(list, {
      d: new Date(0),
      j: { type: 'Json', value: '{"a":1}', valueInfo: {} },
      l: { type: 'Long', value: 5, valueInfo: {} },
      n: null,
    });
    expect(result?.value).toBe('["1970-01-01T00:00:00.000Z",{"a":1},5,null]');
  });
});

describe('topic and priority', () => {
  const withAttributes = (attributes: string, processAttributes = '') =>
    h.deploy(bpmn(process('p', [start(), task('A', '', attributes), path('start', 'A')], processAttributes)));

  it('may be expressions', async () => {
    await withAttributes('camunda:topic="${region}-mail" camunda:taskPriority="${base * 2}"');
    await h.start('p', { region: 'eu', base: 4 });
    expect(await h.take('eu-mail')).toMatchObject({ priority: 8 });
  });

  it('inherit the priority of the process, given as a text too', async () => {
    await withAttributes('', 'camunda:taskPriority="${p}"');
    await h.start('p', { p: '12' });
    expect(await h.take('A')).toMatchObject({ priority: 12 });
  });

  it.each([
    ['camunda:topic="${nothing}"', 'is no text'],
    ['camunda:topic="${number}"', 'is no text'],
    ['camunda:taskPriority="${text}"', "The priority of external task 'A' is not an Integer"],
    ['camunda:taskPriority="${nothing}"', "The priority of external task 'A' is not an Integer"],
    ['camunda:taskPriority="${half}"', "The priority of external task 'A' is not an Integer"],
  ])('%s stops the start', async (attributes, message) => {
    await withAttributes(attributes);
    await expect(h.start('p', { nothing: null, number: 5, text: 'high', half: 1.5 })).rejects.toThrow(
      message,
    );
  });
});

describe('camunda:errorEventDefinition', () => {
  const definition = (expression: string, at: number) =>
    `<camunda:errorEventDefinition id="d${at}" errorRef="e" expression="${expression}"/>`;
  const guarded = (...expressions: string[]) =>
    h.deploy(
      bpmn(
        error('e', 'E', 'was ${reason}'),
        process('p', [
          start(),
          task('A', expressions.map(definition).join('')),
          task('B'),
          task('H'),
          boundary('b', 'A', 'e', 'camunda:errorMessageVariable="text"'),
          path('start', 'A', 'B'),
          path('b', 'H'),
        ]),
      ),
    );

  it('throws its error on a completion when its expression is true', async () => {
    await guarded('${reason == null}', "${reason == 'bad'}");
    await h.start('p', { reason: 'good' });
    await h.work('A', { reason: 'bad' });
    expect((await h.take('H')).variables.get('text')?.value).toBe('was bad');
  });

  it('allows a completion when its expression is false', async () => {
    await guarded("${reason == 'bad'}");
    await h.start('p');
    await h.work('A', { reason: 'fine' });
    expect(h.waiting()).toEqual(['B']);
  });

  it('fails a completion when it cannot be evaluated', async () => {
    await guarded("${missing == 'bad'}");
    await h.start('p');
    const { id } = await h.take('A');
    await expect(h.complete(id)).rejects.toThrow('missing');
    expect(h.waiting()).toEqual(['A']);
  });

  it('sees the failure that a worker reports', async () => {
    await guarded("${externalTask.getErrorMessage() == 'boom' and externalTask.retries == 0}");
    await h.start('p');
    const { id } = await h.take('A');
    await h.fail(id, 1);
    expect(h.waiting()).toEqual(['A']);
    await h.fail((await h.take('A')).id, 0, 0, { reason: 'x' });
    expect(h.waiting()).toEqual(['H']);
    expect(h.engine.runtime.incidents.count({})).toBe(0);
  });

  it('does not match on a failure when it cannot be evaluated', async () => {
    await guarded("${missing == 'bad'}");
    await h.start('p');
    await h.fail((await h.take('A')).id, 0);
    expect(h.engine.runtime.incidents.count({})).toBe(1);
  });

  it('does not match on a failure when the message of its error cannot be evaluated', async () => {
    await guarded('${true}');
    await h.start('p');
    await h.fail((await h.take('A')).id, 0);
    expect(h.engine.runtime.incidents.count({})).toBe(1);
  });
});
