import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/** Name of the file in the folder of the engine's file. */
export const TOKEN_FILE = 'embedded-engine.token';

/** Bytes of a token: 256 bits. */
const TOKEN_BYTES = 32;

const TOKEN = /^[\w-]{43}$/;

/** Rights of other users on a file. */
const OF_OTHERS = 0o077;

/** The file of the token cannot be written; the message names it. */
export class EngineTokenError extends Error {
  override readonly name = 'EngineTokenError';
}

/**
 * The token in a file, or a new one: if there is no file, and if the file has no token, belongs to another user, is a link, or
 * may be read by others. The file has the mode 0600.
 *
 * @throws EngineTokenError if the file cannot be written
 */
export function engineTokenIn(path: string): string {
  const known = readToken(path);
  if (known !== null) return known;
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  // Under another name, so that nobody reads half of it or has opened it before.
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    writeFileSync(temporary, `${token}\n`, { flag: 'wx', mode: 0o600 });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new EngineTokenError(
      `The token of the embedded engine cannot be written to ${path} (${code}). Make its folder writable, or do without the token.`,
      { cause },
    );
  }
  return token;
}

function readToken(path: string): string | null {
  let handle: number | null = null;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { mode, uid } = fstatSync(handle);
    if ((mode & OF_OTHERS) !== 0 || uid !== process.getuid?.()) return null;
    const text = readFileSync(handle, 'utf8').trim();
    return TOKEN.test(text) ? text : null;
  } catch {
    return null;
  } finally {
    if (handle !== null) closeSync(handle);
  }
}
