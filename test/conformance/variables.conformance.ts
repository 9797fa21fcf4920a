import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import { end, io, path, start, task } from './support/bpmn.js';
import type { Json } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];
const BYTES = Buffer.from([0, 1, 250, 255]).toString('base64');
const LIST_INFO = { objectTypeName: 'java.util.ArrayList', serializationDataFormat: 'application/json' };

/** Sent variables, and the responses of `/process-instance/{id}/variables/{name}?deserializeValue=false`. */
const KEPT: readonly (readonly [string, Json, Json])[] = [
  ['String', { value: 'ä€😀', type: 'String' }, { type: 'String', value: 'ä€😀', valueInfo: {} }],
  ['an empty String', { value: '', type: 'String' }, { type: 'String', value: '', valueInfo: {} }],
  ['Boolean', { value: true, type: 'Boolean' }, { type: 'Boolean', value: true, valueInfo: {} }],
  [
    'Integer',
    { value: -2147483648, type: 'Integer' },
    { type: 'Integer', value: -2147483648, valueInfo: {} },
  ],
  ['Short', { value: 7, type: 'Short' }, { type: 'Short', value: 7, valueInfo: {} }],
  [
    'Long',
    { value: 9007199254740991, type: 'Long' },
    { type: 'Long', value: 9007199254740991, valueInfo: {} },
  ],
  ['Double', { value: 1.25, type: 'Double' }, { type: 'Double', value: 1.25, valueInfo: {} }],
  [
    'Date',
    { value: '2031-02-03T04:05:06.789+0000', type: 'Date' },
    { type: 'Date', value: '2031-02-03T04:05:06.789+0000', valueInfo: {} },
  ],
  ['Null', { value: null, type: 'Null' }, { type: 'Null', value: null, valueInfo: {} }],
  ['a String that is null', { value: null, type: 'String' }, { type: 'String', value: null, valueInfo: {} }],
  [
    'an Integer that is null',
    { value: null, type: 'Integer' },
    { type: 'Integer', value: null, valueInfo: {} },
  ],
  [
    'Json as its text came',
    { value: '{ "b": 1,\n"a": [ ] }', type: 'Json' },
    { type: 'Json', value: '{ "b": 1,\n"a": [ ] }', valueInfo: {} },
  ],
  [
    'Json that cannot be read',
    { value: '{"a":', type: 'Json' },
    { type: 'Json', value: '{"a":', valueInfo: {} },
  ],
  ['Bytes', { value: BYTES, type: 'Bytes' }, { type: 'Bytes', value: BYTES, valueInfo: {} }],
  [
    'File',
    { value: BYTES, type: 'File', valueInfo: { filename: 'a.bin' } },
    { type: 'File', value: null, valueInfo: { filename: 'a.bin' } },
  ],
  [
    'File with its kind',
    {
      value: BYTES,
      type: 'File',
      valueInfo: { filename: 'a.txt', mimeType: 'text/plain', encoding: 'utf-8' },
    },
    {
      type: 'File',
      value: null,
      valueInfo: { filename: 'a.txt', mimeType: 'text/plain', encoding: 'utf-8' },
    },
  ],
  [
    'Object as its text came',
    { value: '["a"]', type: 'Object', valueInfo: LIST_INFO },
    { type: 'Object', value: '["a"]', valueInfo: LIST_INFO },
  ],
  ['a type name in lower case', { value: 1, type: 'integer' }, { type: 'Integer', value: 1, valueInfo: {} }],
  [
    'an Integer that came as text',
    { value: '5', type: 'Integer' },
    { type: 'Integer', value: 5, valueInfo: {} },
  ],
  [
    'a Boolean that came as text',
    { value: 'true', type: 'Boolean' },
    { type: 'Boolean', value: true, valueInfo: {} },
  ],
  [
    'a String that came as a number',
    { value: 5, type: 'String' },
    { type: 'String', value: '5', valueInfo: {} },
  ],
  ['a Double that came whole', { value: 2, type: 'Double' }, { type: 'Double', value: 2, valueInfo: {} }],
  ['an untyped whole number', { value: 3 }, { type: 'Integer', value: 3, valueInfo: {} }],
  [
    'an untyped large number',
    { value: 3_000_000_000 },
    { type: 'Long', value: 3_000_000_000, valueInfo: {} },
  ],
  ['an untyped fraction', { value: 1.5 }, { type: 'Double', value: 1.5, valueInfo: {} }],
  ['an untyped text', { value: 'x' }, { type: 'String', value: 'x', valueInfo: {} }],
  ['an untyped truth value', { value: false }, { type: 'Boolean', value: false, valueInfo: {} }],
  ['an untyped null', { value: null }, { type: 'Null', value: null, valueInfo: {} }],
];

/** Refused variables with the message. */
const REFUSED: readonly (readonly [string, Json, string | RegExp])[] = [
  [
    'a Boolean that is none',
    { value: 'maybe', type: 'Boolean' },
    "Cannot convert value 'maybe' of type 'Boolean' to java type java.lang.Boolean",
  ],
  [
    'a Long that is none',
    { value: 'x', type: 'Long' },
    "Cannot convert value 'x' of type 'Long' to java type java.lang.Long",
  ],
  [
    'a Double that is none',
    { value: 'x', type: 'Double' },
    "Cannot convert value 'x' of type 'Double' to java type java.lang.Double",
  ],
  [
    'an Integer that is too large',
    { value: 3_000_000_000, type: 'Integer' },
    /^Cannot convert value '3000000000' of type 'Integer' to java type java.lang.Integer/,
  ],
  [
    'a Date with Z',
    { value: '2031-02-03T04:05:06.789Z', type: 'Date' },
    "Cannot convert value '2031-02-03T04:05:06.789Z' of type 'Date' to java type java.util.Date",
  ],
  [
    'a Date that is none',
    { value: 'tomorrow', type: 'Date' },
    "Cannot convert value 'tomorrow' of type 'Date' to java type java.util.Date",
  ],
  [
    'Json that is not a text',
    { value: { a: 1 }, type: 'Json' },
    /^Must provide 'null' or String value for value of .*type 'Json'/,
  ],
  ['an unknown type', { value: 1, type: 'Duck' }, "Unsupported value type 'Duck'"],
];

async function running(values: Json = {}) {
  const process = await engine.process(ONE_TASK);
  const id = await process.start(values);
  return { process, id, at: `/process-instance/${id}/variables` };
}

describe('variables of an instance', () => {
  it.each(KEPT)('keep %s', async (_name, sent, kept) => {
    const { at } = await running();
    expect(await engine.put(`${at}/v`, sent)).toMatchObject({ status: 204, body: null });
    expect(await engine.read(`${at}/v?deserializeValue=false`)).toEqual(kept);
  });

  it.each(KEPT)('show a worker %s', async (_name, sent, kept) => {
    const { process } = await running({ v: sent });
    expect((await process.fetchOne('A')).variables.v).toEqual(kept);
  });

  it.each(KEPT)('keep in the history %s', async (_name, sent, kept) => {
    const { id } = await running({ v: sent });
    const rows = await engine.list(
      `/history/variable-instance?processInstanceId=${id}&deserializeValues=false`,
    );
    // A list of the history omits binary values.
    const value = kept.type === 'Bytes' ? null : kept.value;
    expect(rows).toMatchObject([{ name: 'v', ...kept, value, state: 'CREATED' }]);
  });

  it.each(REFUSED)('refuse %s', async (_name, sent, sentence) => {
    const { at } = await running();
    const answer = await engine.put(`${at}/v`, sent);
    expect(answer).toMatchObject({ status: 400, body: { type: 'InvalidRequestException', code: null } });
    const pattern = typeof sentence === 'string' ? sentence : sentence.source.replace(/^\^/, '');
    expect(answer.body.message).toMatch(new RegExp(pattern));
    expect(answer.body.message).toMatch(/^Cannot put process instance variable v: /);
  });

  it('refuse an Object without its class', async () => {
    const { at } = await running();
    expect(await engine.put(`${at}/v`, { value: '[]', type: 'Object' })).toMatchObject(
      refused(500, 'RestException', /^Cannot put process instance variable v: /, 0),
    );
  });

  it('refuse a File without a name', async () => {
    const { at } = await running();
    expect(await engine.put(`${at}/v`, { value: BYTES, type: 'File' })).toMatchObject({ status: 500 });
  });

  it('are all read at once', async () => {
    const { at } = await running({ a: 1, b: 'x' });
    expect(await engine.read(at)).toEqual({
      a: { type: 'Integer', value: 1, valueInfo: {} },
      b: { type: 'String', value: 'x', valueInfo: {} },
    });
  });

  it('are a 404 for an unknown name', async () => {
    const { at } = await running();
    expect(await engine.get(`${at}/nope`)).toMatchObject(
      refused(404, 'InvalidRequestException', 'process instance variable with name nope does not exist'),
    );
  });

  it('are an error for an unknown instance', async () => {
    expect(await engine.get('/process-instance/nope/variables')).toMatchObject({ status: 500 });
    expect(await engine.get('/process-instance/nope/variables/v')).toMatchObject({
      status: 500,
      body: {
        type: 'RestException',
        message: expect.stringMatching(/^Cannot get process instance variable v: /),
      },
    });
    expect(await engine.put('/process-instance/nope/variables/v', { value: 1 })).toMatchObject({
      status: 500,
      body: {
        type: 'RestException',
        message: expect.stringMatching(/^Cannot put process instance variable v: /),
      },
    });
  });

  it('change their type with their value', async () => {
    const { at } = await running({ v: 1 });
    await engine.put(`${at}/v`, { value: 'now a text' });
    expect(await engine.read(`${at}/v`)).toEqual({ type: 'String', value: 'now a text', valueInfo: {} });
  });

  it('are deleted', async () => {
    const { at } = await running({ v: 1 });
    expect(await engine.delete(`${at}/v`)).toMatchObject({ status: 204 });
    expect(await engine.get(`${at}/v`)).toMatchObject({ status: 404 });
    expect(await engine.delete(`${at}/v`)).toMatchObject({ status: 204 });
  });

  it('are changed and deleted in one request', async () => {
    const { at } = await running({ gone: 1, kept: 2 });
    const answer = await engine.post(at, { modifications: { added: { value: 3 } }, deletions: ['gone'] });
    expect(answer).toMatchObject({ status: 204 });
    expect(Object.keys(await engine.read(at)).sort()).toEqual(['added', 'kept']);
  });

  it('have names of any kind', async () => {
    const { at } = await running();
    for (const name of ['__proto__', 'constructor', 'a b', 'ä', 'x.y']) {
      await engine.put(`${at}/${encodeURIComponent(name)}`, { value: name });
      expect(await engine.read(`${at}/${encodeURIComponent(name)}`)).toMatchObject({ value: name });
    }
  });

  it('accept a text of 4000 characters', async () => {
    const { at } = await running({ v: 'x'.repeat(4000) });
    expect((await engine.read(`${at}/v`)).value).toHaveLength(4000);
  });

  it('refuse a text of 4001 characters', async () => {
    const { at } = await running();
    expect(await engine.put(`${at}/v`, { value: 'x'.repeat(4001) })).toMatchObject(
      refused(400, 'RestException', 'Cannot put process instance variable v: Variable value is too long', 0),
    );
  });

  it('are returned as a parsed value on request', async () => {
    const { at } = await running({ v: { value: '["a"]', type: 'Object', valueInfo: LIST_INFO } });
    expect(await engine.read(`${at}/v?deserializeValue=true`)).toMatchObject({
      type: 'Object',
      value: ['a'],
    });
  });

  describe('data', () => {
    it('of a File is its content with its name and media type', async () => {
      const { at } = await running({
        v: {
          value: Buffer.from('content').toString('base64'),
          type: 'File',
          valueInfo: { filename: 'a.txt', mimeType: 'text/plain', encoding: 'UTF-8' },
        },
      });
      const { status, headers, body } = await engine.get(`${at}/v/data`);
      expect({ status, body }).toEqual({ status: 200, body: 'content' });
      expect(headers.get('content-type')).toMatch(/^text\/plain; ?charset=UTF-8$/i);
      expect(headers.get('content-disposition')).toMatch(/attachment; filename="a.txt"/);
    });

    it('of a File without a media type is an octet stream', async () => {
      const { at } = await running({ v: { value: BYTES, type: 'File', valueInfo: { filename: 'a' } } });
      expect((await engine.get(`${at}/v/data`)).headers.get('content-type')).toBe('application/octet-stream');
    });

    it('of Bytes is an octet stream', async () => {
      const { at } = await running({
        v: { value: Buffer.from('raw').toString('base64'), type: 'Bytes' },
      });
      const { headers, body } = await engine.get(`${at}/v/data`);
      expect(body).toBe('raw');
      expect(headers.get('content-type')).toBe('application/octet-stream');
    });

    it('of other types is refused', async () => {
      const { at } = await running({ v: 1 });
      expect(await engine.get(`${at}/v/data`)).toMatchObject({
        status: 400,
        body: {
          type: 'InvalidRequestException',
          message: expect.stringMatching(/^Value of variable with id .* is not a binary value\.$/),
        },
      });
    });

    it('is read by the address that the JavaScript client uses', async () => {
      const { id } = await running({
        v: { value: Buffer.from('js').toString('base64'), type: 'File', valueInfo: { filename: 'a' } },
      });
      expect((await engine.get(`/execution/${id}/localVariables/v/data`)).body).toBe('js');
    });

    it('is read by the address that the Java client uses', async () => {
      const { process } = await running({
        v: { value: Buffer.from('java').toString('base64'), type: 'File', valueInfo: { filename: 'a' } },
      });
      const { executionId } = await process.fetchOne('A');
      expect((await engine.get(`/process-instance/${String(executionId)}/variables/v/data`)).body).toBe(
        'java',
      );
    });

    it('is written by a form', async () => {
      const { at } = await running();
      const form = new FormData();
      form.set('data', new Blob(['uploaded'], { type: 'text/csv' }), 'up.csv');
      form.set('valueType', 'File');
      expect(await engine.raw(`${at}/v/data`, { method: 'POST', body: form })).toMatchObject({ status: 204 });
      expect((await engine.get(`${at}/v/data`)).body).toBe('uploaded');
      expect(await engine.read(`${at}/v`)).toMatchObject({
        type: 'File',
        valueInfo: { filename: 'up.csv', mimeType: 'text/csv' },
      });
    });

    it('becomes Bytes by a form without another type', async () => {
      const { at } = await running();
      const form = new FormData();
      form.set('data', new Blob(['b'], { type: 'application/octet-stream' }), 'b');
      form.set('valueType', 'Bytes');
      expect(await engine.raw(`${at}/v/data`, { method: 'POST', body: form })).toMatchObject({ status: 204 });
      expect(await engine.read(`${at}/v`)).toMatchObject({ type: 'Bytes' });
    });
  });
});

describe('variables of an execution', () => {
  const WITH_INPUT = [start(), task('A', io({ mine: 'x' })), end(), path('start', 'A', 'end')];

  it('are its local ones', async () => {
    const process = await engine.process(WITH_INPUT);
    const instance = await process.start({ all: 1 });
    const { executionId } = await process.fetchOne('A');
    const local = (id: unknown) => engine.read(`/execution/${String(id)}/localVariables`);
    expect(Object.keys(await local(executionId))).toEqual(['mine']);
    expect(Object.keys(await local(instance))).toEqual(['all']);
  });

  it('are written and deleted', async () => {
    const process = await engine.process(WITH_INPUT);
    const instance = await process.start();
    const { executionId } = await process.fetchOne('A');
    const at = `/execution/${String(executionId)}/localVariables`;
    expect(await engine.put(`${at}/own`, { value: 1 })).toMatchObject({ status: 204 });
    expect(await engine.read(`${at}/own`)).toMatchObject({ type: 'Integer', value: 1 });
    expect(await process.variable(instance, 'own')).toBeUndefined();
    expect(
      await engine.post(at, { modifications: { more: { value: 2 } }, deletions: ['own'] }),
    ).toMatchObject({
      status: 204,
    });
    expect(Object.keys(await engine.read(at)).sort()).toEqual(['mine', 'more']);
    expect(await engine.delete(`${at}/more`)).toMatchObject({ status: 204 });
    expect(await engine.get(`${at}/more`)).toMatchObject({ status: 404 });
  });

  it('are an error for an unknown execution', async () => {
    expect(await engine.get('/execution/nope/localVariables')).toMatchObject({ status: 500 });
  });
});

describe('variable-instance', () => {
  it('lists the variables of an instance, with all members', async () => {
    const { id } = await running({ v: 1 });
    const rows = await engine.list(`/variable-instance?processInstanceIdIn=${id}`);
    expect(rows).toEqual([
      {
        type: 'Integer',
        value: 1,
        valueInfo: {},
        id: expect.any(String),
        name: 'v',
        processDefinitionId: expect.any(String),
        processInstanceId: id,
        executionId: id,
        caseInstanceId: null,
        caseExecutionId: null,
        taskId: null,
        batchId: null,
        activityInstanceId: id,
        errorMessage: null,
        tenantId: null,
      },
    ]);
    expect(await engine.read(`/variable-instance/${String(rows[0]?.id)}`)).toEqual(rows[0]);
  });

  it('names the task of a local variable', async () => {
    const process = await engine.process([
      start(),
      task('A', io({ mine: 'x' })),
      end(),
      path('start', 'A', 'end'),
    ]);
    const instance = await process.start();
    const job = await process.fetchOne('A');
    expect(await engine.list(`/variable-instance?processInstanceIdIn=${instance}`)).toMatchObject([
      { name: 'mine', executionId: job.executionId, activityInstanceId: job.activityInstanceId },
    ]);
  });

  it.each<[string, number]>([
    ['variableName=a', 1],
    ['variableName=nope', 0],
    ['variableNameLike=a%25', 2],
    ['variableValues=ab_eq_x', 1],
    ['variableValues=ab_eq_y', 0],
    ['variableValues=a_eq_1', 0],
  ])('filters by %s', async (filter, count) => {
    const { id } = await running({ a: 1, ab: 'x' });
    const query = `processInstanceIdIn=${id}&${filter}`;
    expect(await engine.list(`/variable-instance?${query}`)).toHaveLength(count);
    expect(await engine.count(`/variable-instance/count?${query}`)).toBe(count);
  });

  it('takes its filters from a body', async () => {
    const { id } = await running({ a: 1, b: 2 });
    const answer = await engine.post('/variable-instance', { processInstanceIdIn: [id], variableName: 'b' });
    expect(answer).toMatchObject({ status: 200, body: [{ name: 'b', value: 2 }] });
  });

  it('is a 404 for an unknown id', async () => {
    expect(await engine.get('/variable-instance/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', "Variable instance with Id 'nope' does not exist."),
    );
  });

  it('does not list variables of an ended instance', async () => {
    const { process, id } = await running({ v: 1 });
    await process.complete('A');
    expect(await engine.list(`/variable-instance?processInstanceIdIn=${id}`)).toEqual([]);
  });
});
