import { describe, expect, it } from '@jest/globals';
import { formatDate, parseDate } from '../http/date.format.js';
import { readPlainValue, readVariable, readVariables } from './variable.reader.js';
import { writeVariable, writeVariables } from './variable.writer.js';

describe('readVariable', () => {
  it.each<[unknown, string, unknown]>([
    [{ value: 5 }, 'Integer', 5],
    [{ value: 2_147_483_648 }, 'Long', 2_147_483_648],
    [{ value: 1.5 }, 'Double', 1.5],
    [{ value: 'a' }, 'String', 'a'],
    [{ value: false }, 'Boolean', false],
    [{ value: null }, 'Null', null],
    [{}, 'Null', null],
    [null, 'Null', null],
    [{ value: '5', type: 'Integer' }, 'Integer', 5],
    [{ value: '5', type: 'integer' }, 'Integer', 5],
    [{ value: -32_768, type: 'short' }, 'Short', -32_768],
    [{ value: '7', type: 'Long' }, 'Long', 7],
    [{ value: '1.5', type: 'Double' }, 'Double', 1.5],
    [{ value: 2, type: 'Double' }, 'Double', 2],
    [{ value: 'TRUE', type: 'Boolean' }, 'Boolean', true],
    [{ value: 'False', type: 'Boolean' }, 'Boolean', false],
    [{ value: ' 5 ', type: 'Integer' }, 'Integer', 5],
    [{ value: '', type: 'Integer' }, 'Integer', null],
    [{ value: ' ', type: 'Double' }, 'Double', null],
    [{ value: '', type: 'Boolean' }, 'Boolean', null],
    [{ value: '', type: 'Date' }, 'Date', null],
    [{ value: '', type: 'String' }, 'String', ''],
    [{ value: 9_007_199_254_740_991, type: 'Long' }, 'Long', 9_007_199_254_740_991],
    [{ value: 1e300, type: 'Double' }, 'Double', 1e300],
    [{ value: '', type: 'Bytes' }, 'Bytes', ''],
    [{ value: 1, valueInfo: { filename: 'x', transient: 'true' } }, 'Integer', 1],
    [{ value: 5, type: 'String' }, 'String', '5'],
    [{ value: 'x'.repeat(4_000), type: 'String' }, 'String', 'x'.repeat(4_000)],
    [{ value: null, type: 'String' }, 'String', null],
    [{ value: null, type: 'Null' }, 'Null', null],
    [{ value: '1970-01-01T01:00:00.000+0100', type: 'Date' }, 'Date', 0],
    [{ value: '{"a":1}', type: 'Json' }, 'Json', '{"a":1}'],
    [{ value: null, type: 'Json' }, 'Json', null],
    [{ value: '<a/>', type: 'xml' }, 'Xml', '<a/>'],
    [{ value: 'aGk=', type: 'Bytes' }, 'Bytes', 'aGk='],
  ])('reads %j as %s', (raw, type, value) => {
    expect(readVariable(raw)).toEqual({ type, value, valueInfo: {} });
  });

  it('keeps the value info of objects and files', () => {
    const object = { objectTypeName: 'a.B', serializationDataFormat: 'application/json' };
    expect(readVariable({ value: '{}', type: 'Object', valueInfo: object })).toEqual({
      type: 'Object',
      value: '{}',
      valueInfo: object,
    });
    const file = { filename: 'a.txt', mimeType: 'text/plain' };
    expect(readVariable({ value: 'aGk=', type: 'File', valueInfo: file })).toEqual({
      type: 'File',
      value: 'aGk=',
      valueInfo: file,
    });
    expect(readVariable({ value: 'a', valueInfo: { transient: true } }).valueInfo).toEqual({
      transient: true,
    });
  });

  it.each<[unknown, string]>([
    [{ value: {} }, 'needs a type'],
    [{ value: [] }, 'needs a type'],
    [{ value: 1, type: 'Decimal' }, "Unsupported value type 'Decimal'"],
    [{ value: 1, type: 5 }, "Unsupported value type '5'"],
    [{ value: 1, type: '__proto__' }, "Unsupported value type '__proto__'"],
    [
      { value: 'a', type: 'Integer' },
      "Cannot convert value 'a' of type 'Integer' to java type java.lang.Integer",
    ],
    [{ value: 1.5, type: 'Integer' }, "Cannot convert value '1.5'"],
    [{ value: 2 ** 31, type: 'Integer' }, 'Cannot convert value'],
    [{ value: 40_000, type: 'Short' }, 'java.lang.Short'],
    [{ value: 2 ** 53, type: 'Long' }, "Cannot convert value '9007199254740992' of type 'Long'"],
    [{ value: '9007199254740993', type: 'Long' }, "Cannot convert value '9007199254740993' of type 'Long'"],
    [{ value: 2 ** 53 }, "of type 'Long'"],
    [{ value: 2 ** 53, type: 'String' }, "of type 'String'"],
    [{ value: 1, type: 'Boolean' }, 'java.lang.Boolean'],
    [{ value: 'yes', type: 'Boolean' }, 'java.lang.Boolean'],
    [{ value: 1, type: '' }, "Unsupported value type ''"],
    [{ value: {}, type: 'Long' }, 'java.lang.Long'],
    [{ value: 'NaN', type: 'Double' }, 'java.lang.Double'],
    [{ value: 'x', type: 'Double' }, 'java.lang.Double'],
    [{ value: [1], type: 'String' }, 'java.lang.String'],
    [{ value: 'x', type: 'Null' }, "of type 'Null'"],
    [{ value: '2013-01-23T13:42:42.000Z', type: 'Date' }, "of type 'Date' to java type java.util.Date"],
    [{ value: 5, type: 'Date' }, 'java.util.Date'],
    [
      { value: {}, type: 'Json' },
      "Must provide 'null' or String value for value of SerializableValue type 'Json'.",
    ],
    [{ value: 'x', type: 'Object' }, "no 'objectTypeName' provided"],
    [
      { value: null, type: 'Object', valueInfo: { objectTypeName: 'a' } },
      "no 'serializationDataFormat' provided",
    ],
    [{ value: '%', type: 'Bytes' }, 'java type [B'],
    [{ value: 'aGk=', type: 'File' }, 'Cannot create file without filename!'],
    [{ type: 'File', valueInfo: { filename: 'a' } }, 'not of File, InputStream or byte[] type'],
    [{ value: '%', type: 'File', valueInfo: { filename: 'a' } }, 'java type [B'],
    [{ value: 1, valueInfo: [] }, 'valueInfo of a variable must be an object'],
    ['text', 'A variable must be an object'],
  ])('refuses %j', (raw, message) => {
    expect(() => readVariable(raw)).toThrow(message);
  });

  it("refuses a String that is too long for Camunda's database", () => {
    expect(() => readVariable({ value: 'x'.repeat(4_001) })).toThrow(
      expect.objectContaining({ kind: 'ProcessEngine', engineCode: 10_002 }),
    );
  });
});

describe('readVariables', () => {
  it('reads __proto__ as an ordinary name', () => {
    const variables = readVariables(JSON.parse('{"__proto__":{"value":1}}'));
    expect([...variables.keys()]).toEqual(['__proto__']);
    expect(Object.keys(writeVariables(variables))).toEqual(['__proto__']);
  });

  it('reads absent variables as an empty map and refuses lists', () => {
    expect(readVariables(undefined).size).toBe(0);
    expect(() => readVariables([])).toThrow('Variables must be an object');
  });

  it('names the variable whose value is not an object', () => {
    expect(() => readVariables({ ok: { value: 1 }, name: 'Ann' })).toThrow(
      "The variable 'name' must be an object {value, type, valueInfo}",
    );
  });
});

describe('writeVariable', () => {
  it('writes whether a variable is transient, and omits the content of files', () => {
    const file = { filename: 'a.txt' };
    expect(writeVariable({ type: 'File', value: 'aGk=', valueInfo: file })).toEqual({
      type: 'File',
      value: null,
      valueInfo: file,
    });
    expect(writeVariable({ type: 'String', value: 'a', valueInfo: { transient: true } })).toEqual({
      type: 'String',
      value: 'a',
      valueInfo: { transient: true },
    });
  });

  it('writes an Object as JSON on request, and a text that is not JSON unchanged', () => {
    const valueInfo = { objectTypeName: 'a.B', serializationDataFormat: 'application/json' };
    const object = { type: 'Object', value: '["a"]', valueInfo } as const;
    expect(writeVariable(object).value).toBe('["a"]');
    expect(writeVariable(object, { deserialized: true })).toEqual({ ...object, value: ['a'] });
    expect(writeVariable({ ...object, value: '[' }, { deserialized: true }).value).toBe('[');
    const java = { ...object, valueInfo: { ...valueInfo, serializationDataFormat: 'application/x-java' } };
    expect(writeVariable(java, { deserialized: true }).value).toBe('["a"]');
    const json = { type: 'Json', value: '["a"]', valueInfo: {} } as const;
    expect(writeVariable(json, { deserialized: true }).value).toBe('["a"]');
  });

  it('omits the content of Bytes in lists', () => {
    const bytes = { type: 'Bytes', value: 'aGk=', valueInfo: {} } as const;
    expect(writeVariable(bytes).value).toBe('aGk=');
    expect(writeVariable(bytes, { listed: true })).toEqual({ type: 'Bytes', value: null, valueInfo: {} });
  });
});

describe('dates', () => {
  it.each([
    ['2013-01-23T13:42:42.000+0200', '2013-01-23T11:42:42.000+0000'],
    ['2013-01-23T13:42:42.123-0130', '2013-01-23T15:12:42.123+0000'],
  ])('reads %s', (text, utc) => {
    expect(formatDate(parseDate(text) ?? Number.NaN)).toBe(utc);
  });

  it.each([
    '2013-01-23',
    '2013-01-23T13:42:42.000Z',
    '2013-01-23T13:42:42.000+02:00',
    '2013-13-41T13:42:42.000+0000',
    'x',
  ])('does not read %s', (text) => {
    expect(parseDate(text)).toBeNull();
  });

  it('compares date texts as dates', () => {
    expect(readPlainValue('1970-01-01T00:00:00.000+0000')).toBe(0);
    expect(readPlainValue('text')).toBe('text');
    expect(readPlainValue(5)).toBe(5);
  });
});
