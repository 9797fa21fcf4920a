import { describe, expect, it } from '@jest/globals';
import { KeyFileError, parseKeyFile } from './key-file.js';

const SHA256 = 'ab'.repeat(32);

const fileOf = (...keys: unknown[]): string => JSON.stringify({ keys });

const entry = { name: 'partner', sha256: SHA256, scopes: ['process:start'] };

function faultOf(text: string): string {
  try {
    parseKeyFile(text);
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(KeyFileError);
    return (error as Error).message;
  }
}

describe('parseKeyFile', () => {
  it('reads name, hash, scopes, process keys and expiry', () => {
    const [first, second] = parseKeyFile(
      fileOf(
        { ...entry, processKeys: ['parcel'], expiresAt: '2027-01-31T01:00:00+01:00' },
        { ...entry, sha256: SHA256.replace('a', 'C'), scopes: ['ops:read', 'own'] },
      ),
    );
    expect(first).toMatchObject({
      sha256: SHA256,
      principal: { name: 'partner', kind: 'api-key' },
      expiresAtMs: Date.UTC(2027, 0, 31),
    });
    expect(first?.principal.grants.keysFor('process:start')).toEqual(new Set(['parcel']));
    expect(second).toMatchObject({ sha256: SHA256.replace('a', 'c'), expiresAtMs: null });
    expect(second?.principal.grants.ownOnly).toBe(true);
  });

  it('reads a file without keys, and one with a byte order mark', () => {
    expect(parseKeyFile('\ufeff{"keys":[]}')).toEqual([]);
  });

  it.each([
    ['', 'it is not complete JSON'],
    ['{"keys":[', 'it is not complete JSON'],
    ['[]', 'the file: must be an object with "keys"'],
    ['null', 'the file: must be an object with "keys"'],
    ['{}', 'the file: keys must be a list'],
    ['{"keys":[],"version":1}', 'the file has the unknown member "version"'],
    [fileOf(null), /^key 1: /],
    [fileOf(entry, { ...entry, name: 'a:b' }), 'key 2: name must be 1 to 100 letters'],
    [fileOf({ ...entry, sha256: 'fc_secret' }), 'key 1 (partner): sha256 must be the SHA-256 of the key'],
    [fileOf({ ...entry, scopes: 'process:start' }), 'key 1 (partner): scopes must be a list'],
    [fileOf({ ...entry, scopes: [] }), 'key 1 (partner): scopes must name at least one scope'],
    [fileOf({ ...entry, scopes: ['process:stop'] }), 'key 1 (partner): scopes has "process:stop"; known are'],
    [fileOf({ ...entry, processKeys: [] }), 'key 1 (partner): processKeys must name at least one'],
    [
      fileOf({ ...entry, expiresAt: '2027-01-31' }),
      'key 1 (partner): expiresAt must be a time with its zone',
    ],
    [fileOf({ ...entry, expires: 'x' }), 'key 1 (partner) has the unknown member "expires"'],
    [fileOf(entry, entry), 'key 2 (partner) has the same sha256 as key 1'],
  ])('says where %s is not valid', (text, message) => {
    expect(faultOf(text)).toEqual(
      typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    );
  });

  it('names the line of a fault, and nothing of the text', () => {
    const fault = faultOf('{\n  "keys": [\n    { "name": hunter2 }\n  ]\n}');
    expect(fault).toBe('line 3 is not well-formed JSON');
  });
});
