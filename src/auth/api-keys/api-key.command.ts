import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { parseArgs } from 'node:util';
import { createApiKey, digestOf } from './api-key.js';
import { KeyFileError, parseKeyFile } from './key-file.js';

/** Rights of a new key file: its user only. */
const NEW_FILE_MODE = 0o600;

const USAGE = `npm run api-key -- --name <name> --scopes <scope,...> [--process-keys <key,...>] [--expires-at <time>] [--file <path>]

  --name          who uses the key; a second key of the same name is for its rotation
  --scopes        process:start, process:read, process:complete, process:cancel, ops:read, ops:write, own;
                  a process scope may be restricted: process:start:<process key>
  --process-keys  restricts all process scopes to these process keys
  --expires-at    for example 2027-01-31T00:00:00Z; without it the key does not expire
  --file          the key file, created if missing; default: API_KEYS_FILE. Without both, the entry is printed only
  --help          prints this`;

/**
 * Creates an API key, adds its entry to the key file and prints the key, which is stored nowhere.
 *
 * The file is replaced in one step, so that a running service never reads a half of it.
 *
 * @param defaultFile `API_KEYS_FILE`
 * @throws Error with a sentence for the operator; then the file is unchanged
 */
export function apiKeyCommand(
  args: readonly string[],
  defaultFile: string | undefined,
  print: (line: string) => void,
): void {
  const options = optionsOf(args);
  if (options === null) {
    print(USAGE);
    return;
  }
  const file = options.file ?? (defaultFile === '' ? undefined : defaultFile);
  const key = createApiKey();
  const entry = {
    name: options.name,
    sha256: digestOf(key).toString('hex'),
    scopes: listOf(options.scopes),
    ...(options['process-keys'] === undefined ? {} : { processKeys: listOf(options['process-keys']) }),
    ...(options['expires-at'] === undefined ? {} : { expiresAt: options['expires-at'] }),
  };
  checked('The key', JSON.stringify({ keys: [entry] }));
  if (file === undefined) {
    print(`Add this entry to the "keys" of the file of API_KEYS_FILE:\n${JSON.stringify(entry, null, 2)}`);
  } else {
    addTo(file, entry);
    print(
      `The entry of ${entry.name} was added to ${file}. A running service accepts the key within a second.`,
    );
  }
  const { expiresAt } = entry;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now())
    print(`The key has expired already, so the service refuses it: make one with a later --expires-at.`);
  print(`The key, which is shown only now:\n${key}`);
}

/** Null for `--help`. */
function optionsOf(args: readonly string[]) {
  const option = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        name: option,
        scopes: option,
        'process-keys': option,
        'expires-at': option,
        file: option,
        help: { type: 'boolean' },
      },
    });
    const { name, scopes } = values;
    if (values.help === true) return null;
    if (name === undefined || scopes === undefined) throw new Error('--name and --scopes are needed.');
    return { ...values, name, scopes };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function addTo(file: string, entry: object): void {
  const exists = existsSync(file);
  // Behind a symbolic link, so that the link stays.
  const target = exists ? realpathSync(file) : file;
  const text = exists ? readFileSync(target, 'utf8').replace(/^\ufeff/, '') : '{"keys":[]}';
  checked(file, text);
  const { keys } = JSON.parse(text) as { keys: object[] };
  const next = `${JSON.stringify({ keys: [...keys, entry] }, null, 2)}\n`;
  checked(file, next);
  const half = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(half, next, { mode: NEW_FILE_MODE, flag: 'wx' });
    if (exists) chmodSync(half, statSync(target).mode & 0o777);
    renameSync(half, target);
  } catch (error) {
    rmSync(half, { force: true });
    throw new Error(
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code}): its folder must exist, and this user must be allowed to write to it. No key was added.`,
      { cause: error },
    );
  }
}

/** @throws Error that names the file or the key */
function checked(what: string, text: string): void {
  try {
    parseKeyFile(text);
  } catch (error) {
    if (error instanceof KeyFileError)
      throw new Error(`${what} is not valid: ${error.message}.`, { cause: error });
    throw error;
  }
}
