import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { apiKeyCommand } from './api-key.command.js';
import { parseKeyFile } from './key-file.js';
import { KeyRing } from './key-ring.js';

describe('apiKeyCommand', () => {
  let folder: string;
  let file: string;
  let output: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'api-key-'));
    file = join(folder, 'keys.json');
    output = '';
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (args: string, defaultFile?: string): void => {
    apiKeyCommand(args.split(' '), defaultFile, (line) => {
      output += `${line}\n`;
    });
  };
  const keyIn = (): string => /^fc_[\w-]{43}$/m.exec(output)?.[0] ?? '';

  it('adds a key to a new file of its user, and shows it once', () => {
    run(
      '--name partner --scopes process:start,process:read --process-keys parcel --expires-at 2027-01-31T00:00:00Z',
      file,
    );
    const text = readFileSync(file, 'utf8');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(text).not.toContain(keyIn());
    const found = new KeyRing(parseKeyFile(text)).find(keyIn());
    expect(found).toMatchObject({ principal: { name: 'partner' }, expiresAtMs: Date.UTC(2027, 0, 31) });
    expect(found?.principal.grants.allows('process:read', 'parcel')).toBe(true);
    expect(found?.principal.grants.allows('process:read', 'other')).toBe(false);
  });

  it('keeps the keys, the mode and the link of a present file', () => {
    run('--name partner --scopes process:start', file);
    const first = keyIn();
    chmodSync(file, 0o640);
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    output = '';
    run(`--name partner --scopes process:start --file ${link}`, '/nowhere/keys.json');
    const ring = new KeyRing(parseKeyFile(readFileSync(file, 'utf8')));
    expect(ring.size).toBe(2);
    expect([ring.find(first), ring.find(keyIn())]).toEqual([expect.anything(), expect.anything()]);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readlinkSync(link)).toBe(file);
    expect(readdirSync(folder).sort()).toEqual(['keys.json', 'link.json']);
  });

  it('prints the entry if there is no file', () => {
    run('--name partner --scopes own,process:read', '');
    const printed = JSON.parse(/^\{[^]*?^\}/m.exec(output)?.[0] ?? '') as object;
    const ring = new KeyRing(parseKeyFile(JSON.stringify({ keys: [printed] })));
    expect(ring.find(keyIn())?.principal.grants.ownOnly).toBe(true);
  });

  it.each([
    ['--name partner', '--name and --scopes are needed'],
    ['--name partner --scope process:read', "Unknown option '--scope'"],
    ['--name partner --scopes process:drop', 'scopes has "process:drop"'],
    ['--name a:b --scopes process:read', 'name must be'],
    ['--name partner --scopes process:read --expires-at tomorrow', 'expiresAt must be a time'],
  ])('writes and shows nothing for %s', (args, message) => {
    expect(() => {
      run(args, file);
    }).toThrow(message);
    expect([existsSync(file), output]).toEqual([false, '']);
  });

  it('explains the options for --help, and makes no key', () => {
    run('--help', file);
    expect(output).toMatch(/^npm run api-key -- --name <name>/);
    expect([existsSync(file), keyIn()]).toEqual([false, '']);
  });

  it('says what to do if the folder of the file does not exist', () => {
    const missing = join(folder, 'missing', 'keys.json');
    expect(() => {
      run('--name partner --scopes process:read', missing);
    }).toThrow(`${missing} cannot be written (ENOENT): its folder must exist`);
    expect(output).toBe('');
  });

  it('says so if the key has expired already', () => {
    run('--name partner --scopes process:read --expires-at 2020-01-01T00:00:00Z', file);
    expect(output).toContain('The key has expired already');
  });

  it('does not touch a file that is not valid', () => {
    writeFileSync(file, '{"keys":[');
    expect(() => {
      run('--name partner --scopes process:read', file);
    }).toThrow('is not valid: it is not complete JSON');
    expect([readFileSync(file, 'utf8'), output, readdirSync(folder)]).toEqual([
      '{"keys":[',
      '',
      ['keys.json'],
    ]);
  });
});
