import { beforeEach, describe, expect, it } from '@jest/globals';
import { NullValueError } from '../../state/engine.errors.js';
import type { EngineResponse, FormPart } from '../http/http.types.js';
import { jsonOf, RestClient } from '../testing/rest.client.js';
import { NOON, NOON_TEXT } from '../testing/records.js';

describe('variables', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  const VARIABLES = new Map<string, unknown>([
    ['due', { type: 'Date', value: NOON, valueInfo: {} }],
    [
      'file',
      {
        type: 'File',
        value: 'aGk=',
        valueInfo: { filename: 'ä.txt', mimeType: 'text/plain', encoding: 'UTF-8' },
      },
    ],
    ['plainFile', { type: 'File', value: null, valueInfo: {} }],
    ['bytes', { type: 'Bytes', value: 'aGk=', valueInfo: { transient: true } }],
    [
      'odd',
      {
        type: 'File',
        value: 'aGk=',
        valueInfo: { filename: '"日\r\n*".txt', mimeType: 'text/html\r\nX: y', encoding: 'a b' },
      },
    ],
  ]);

  beforeEach(() => {
    rest.engine.answer('runtime.findVariables', VARIABLES);
  });

  it('shows all and one, a file without its content', async () => {
    expect(await rest.answerOf('GET /process-instance/PI/variables')).toEqual({
      due: { type: 'Date', value: NOON_TEXT, valueInfo: {} },
      file: {
        type: 'File',
        value: null,
        valueInfo: { filename: 'ä.txt', mimeType: 'text/plain', encoding: 'UTF-8' },
      },
      plainFile: { type: 'File', value: null, valueInfo: {} },
      bytes: { type: 'Bytes', value: 'aGk=', valueInfo: { transient: true } },
      odd: expect.objectContaining({ value: null }),
    });
    expect(rest.lastCall?.args).toEqual(['PI', { local: false }]);
    expect(
      await rest.answerOf('GET /process-instance/PI/variables/due?deserializeValue=false'),
    ).toMatchObject({
      type: 'Date',
    });
    await rest.answerOf('GET /execution/E/localVariables');
    expect(rest.lastCall?.args).toEqual(['E', { local: true }]);
  });

  it('responds 404 to an unknown variable or instance', async () => {
    expect(await rest.send('GET /process-instance/PI/variables/x')).toMatchObject({
      status: 404,
      body: { value: { message: 'process instance variable with name x does not exist' } },
    });
    rest.engine.answer('runtime.findVariables', null);
    expect(await rest.send('GET /process-instance/PI/variables/x')).toMatchObject({
      status: 500,
      body: { value: { message: expect.stringContaining('Cannot get process instance variable x: ') } },
    });
    expect((await rest.send('GET /process-instance/PI/variables')).status).toBe(500);
  });

  it('serves the content of files and bytes', async () => {
    const file = await rest.send('GET /execution/PI/localVariables/file/data');
    expect(file.body).toEqual({
      kind: 'bytes',
      contentType: 'text/plain;charset=UTF-8',
      content: Buffer.from('hi'),
    });
    expect(file.headers['content-disposition']).toBe(
      `attachment; filename="ä.txt"; filename*=UTF-8''%C3%A4.txt`,
    );
    const data = async (name: string): Promise<EngineResponse> =>
      rest.send(`GET /process-instance/PI/variables/${name}/data`);
    expect((await data('bytes')).body).toMatchObject({ contentType: 'application/octet-stream' });
    expect((await data('plainFile')).body).toMatchObject({ contentType: 'application/octet-stream' });
    expect(jsonOf(await data('due'))).toEqual({
      type: 'InvalidRequestException',
      message: 'Value of variable with id PI is not a binary value.',
      code: null,
    });
    const odd = await data('odd');
    expect(odd.body).toMatchObject({ contentType: 'application/octet-stream' });
    expect(odd.headers['content-disposition']).toBe(
      `attachment; filename="____*_.txt"; filename*=UTF-8''%22%E6%97%A5%0D%0A%2A%22.txt`,
    );
  });

  it('puts, deletes and modifies', async () => {
    expect((await rest.send('PUT /process-instance/PI/variables/a', { value: 1 })).status).toBe(204);
    expect(rest.lastCall?.args).toEqual([
      'PI',
      new Map([['a', { type: 'Integer', value: 1, valueInfo: {} }]]),
      [],
    ]);
    expect((await rest.send('DELETE /process-instance/PI/variables/a')).status).toBe(204);
    expect(rest.lastCall?.args).toEqual(['PI', new Map(), ['a']]);
    await rest.send('POST /process-instance/PI/variables', {
      modifications: { b: { value: 'x' } },
      deletions: ['c'],
    });
    expect(rest.lastCall?.args).toEqual([
      'PI',
      new Map([['b', { type: 'String', value: 'x', valueInfo: {} }]]),
      ['c'],
    ]);
    await rest.send('POST /process-instance/PI/variables');
    expect(rest.lastCall?.args).toEqual(['PI', new Map(), []]);
  });

  it('adds a prefix to errors', async () => {
    expect(await rest.send('PUT /process-instance/PI/variables/a', { type: 'X', value: 1 })).toMatchObject({
      status: 400,
      body: { value: { message: "Cannot put process instance variable a: Unsupported value type 'X'" } },
    });
    rest.engine.answer('runtime.changeVariables', new NullValueError("execution PI doesn't exist"));
    expect(await rest.send('DELETE /process-instance/PI/variables/a')).toMatchObject({
      status: 500,
      body: {
        value: {
          type: 'RestException',
          message: "Cannot delete process instance variable a: execution PI doesn't exist",
          code: 0,
        },
      },
    });
  });

  it('changes the local variables of an execution', async () => {
    const one = new Map([['a', { type: 'Integer', value: 1, valueInfo: {} }]]);
    expect((await rest.send('PUT /execution/E/localVariables/a', { value: 1 })).status).toBe(204);
    expect(rest.lastCall).toEqual({ method: 'runtime.changeLocalVariables', args: ['E', one, []] });
    expect((await rest.send('DELETE /execution/E/localVariables/a')).status).toBe(204);
    expect(rest.lastCall?.args).toEqual(['E', new Map(), ['a']]);
    const body = { modifications: { a: { value: 1 } }, deletions: ['b'] };
    expect((await rest.send('POST /execution/E/localVariables', body)).status).toBe(204);
    expect(rest.lastCall?.args).toEqual(['E', one, ['b']]);
    expect(await rest.errorOf('GET /execution/E/localVariables/x')).toMatchObject({
      status: 404,
      message: 'execution variable with name x does not exist',
    });
    rest.engine.answer('runtime.changeLocalVariables', new NullValueError("execution E doesn't exist"));
    expect(await rest.errorOf('POST /execution/E/localVariables', body)).toEqual({
      status: 500,
      type: 'RestException',
      message: "Cannot modify variables for execution E: execution E doesn't exist",
      code: 0,
    });
  });

  it('names the instance in a refused modification only for errors of the engine', async () => {
    expect(
      await rest.errorOf('POST /process-instance/PI/variables', { modifications: { a: { type: 'X' } } }),
    ).toMatchObject({
      status: 400,
      message: "Cannot modify variables for process instance: Unsupported value type 'X'",
    });
    rest.engine.answer('runtime.changeVariables', new NullValueError('gone'));
    expect(await rest.errorOf('POST /process-instance/PI/variables', {})).toMatchObject({
      status: 500,
      message: 'Cannot modify variables for process instance PI: gone',
    });
  });

  it('refuses incomplete Files and Objects with the statuses of Camunda', async () => {
    const put = (body: unknown): Promise<unknown> =>
      rest.errorOf('PUT /process-instance/PI/variables/a', body);
    expect(await put({ type: 'File', value: 'aGk=' })).toEqual({
      status: 500,
      type: 'IllegalArgumentException',
      message: 'Cannot create file without filename! Please set a name into ValueInfo with key filename',
      code: null,
    });
    expect(await put({ type: 'Object', value: '{}' })).toEqual({
      status: 500,
      type: 'RestException',
      message:
        "Cannot put process instance variable a: Cannot write serialized value for variable: no 'objectTypeName' provided",
      code: 0,
    });
    expect(rest.engine.calls).toEqual([]);
  });

  it('shows Objects as JSON unless deserializeValues is false', async () => {
    const valueInfo = { objectTypeName: 'a.B', serializationDataFormat: 'application/json' };
    rest.engine.answer(
      'runtime.findVariables',
      new Map([['o', { type: 'Object', value: '[1]', valueInfo }]]),
    );
    const path = 'GET /process-instance/PI/variables';
    expect(await rest.answerOf(path)).toMatchObject({ o: { value: [1] } });
    expect(await rest.answerOf(`${path}?deserializeValues=false`)).toMatchObject({ o: { value: '[1]' } });
    expect(await rest.answerOf(`${path}/o`)).toMatchObject({ value: [1] });
    expect(await rest.answerOf(`${path}/o?deserializeValue=false`)).toMatchObject({ value: '[1]' });
    expect((await rest.send(`${path}/o?deserializeValue=perhaps`)).status).toBe(400);
  });

  describe('sent as a form', () => {
    const part = (fieldName: string, content: string, more: Partial<FormPart> = {}): FormPart => ({
      fieldName,
      fileName: null,
      content: Buffer.from(content),
      ...more,
    });
    const post = (...parts: readonly FormPart[]): Promise<EngineResponse> =>
      rest.dispatch('POST /process-instance/PI/variables/a/data', { kind: 'form', parts });
    const changed = (): unknown => (rest.lastCall?.args[1] as ReadonlyMap<string, unknown>).get('a');

    it.each<[readonly FormPart[], string]>([
      [[], "The form has no part with name 'data'"],
      [[part('data', 'x'), part('type', 'java.util.HashMap')], 'Variables made of Java classes'],
      [[part('data', 'x'), part('valueType', 'Nope')], "Unsupported value type 'Nope'"],
      [[part('data', 'x'), part('valueType', 'String')], "Unsupported value type 'String'"],
      [
        [part('data', 'x', { fileName: 'a', contentType: 'a b' }), part('valueType', 'File')],
        'Invalid mime type given',
      ],
    ])('is refused as %j', async (parts, message) => {
      const response = await post(...parts);
      expect(response.status).toBe(400);
      expect(jsonOf(response)).toMatchObject({ message: expect.stringContaining(message) });
      expect(rest.engine.calls).toEqual([]);
    });

    it('is refused as a File without a name, with the status of Camunda', async () => {
      const response = await post(part('data', 'x'), part('valueType', 'File'));
      expect(response.status).toBe(500);
      expect(jsonOf(response)).toMatchObject({
        type: 'IllegalArgumentException',
        message: expect.stringContaining('Cannot create file without filename!'),
      });
    });

    it('is refused if the body is not a form', async () => {
      expect((await rest.send('POST /process-instance/PI/variables/a/data', {})).status).toBe(415);
    });

    it('is refused for an unknown execution', async () => {
      rest.engine.answer('runtime.changeVariables', new NullValueError('gone'));
      const response = await post(part('data', 'x'));
      expect(response.status).toBe(500);
      expect(jsonOf(response)).toMatchObject({
        type: 'RestException',
        message: 'Cannot put process instance variable a: gone',
      });
    });

    it('is stored as Bytes, or as a File with the name and type of its part', async () => {
      expect((await post(part('data', 'hi'))).status).toBe(204);
      expect(changed()).toEqual({ type: 'Bytes', value: 'aGk=', valueInfo: {} });
      const contentType = 'text/xml; encoding=UTF-8; transient=true';
      await post(part('data', 'hi', { fileName: 'a.xml', contentType }), part('valueType', 'file'));
      expect(changed()).toEqual({
        type: 'File',
        value: 'aGk=',
        valueInfo: { filename: 'a.xml', mimeType: 'text/xml', encoding: 'UTF-8', transient: true },
      });
      await post(part('data', '', { fileName: 'empty' }), part('valueType', 'File'));
      expect(changed()).toEqual({
        type: 'File',
        value: '',
        valueInfo: { filename: 'empty', mimeType: 'application/octet-stream' },
      });
    });
  });
});
