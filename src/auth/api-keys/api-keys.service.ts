import { type BigIntStats, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { BootError, ProblemError } from '../../common/errors/index.js';
import { PeriodicTask, type ShutdownService } from '../../lifecycle/index.js';
import { invalidCredentials } from '../access/refusals.js';
import type { Principal } from '../access/principal.js';
import { KeyFileError, parseKeyFile } from './key-file.js';
import { KeyRing } from './key-ring.js';

/** Milliseconds between two looks at the file. */
const LOOK_MS = 1_000;

/** Far more than ten thousand keys. */
const MAX_FILE_BYTES = 8 * 1_048_576;

/** Without waiting for the writer of a pipe, which may never come. */
const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/** Permission bits of a file that others than its owner can write. */
const WRITABLE_BY_OTHERS = 0o022;

/** The key file cannot be used; stops the boot. */
class ApiKeysFileError extends BootError {
  override readonly name = 'ApiKeysFileError';
}

/**
 * The API keys of `API_KEYS_FILE`, which is read again within a second of a change.
 *
 * The file is looked at instead of watched: editors, Kubernetes and Docker replace a file by a rename or by another
 * symbolic link, and a watch would stay with the old one. A file that cannot be read or is half written changes nothing:
 * the keys before stay in force, and the log says so once.
 */
export class ApiKeysService {
  private readonly logger = new Logger(ApiKeysService.name);
  private ring = new KeyRing([]);
  /** The state of the file that was read last; null before. */
  private seen: string | null = null;
  private fault: Error | null = null;
  private readonly looks: PeriodicTask;

  /**
   * @param path `API_KEYS_FILE`
   * @param lookMs milliseconds between two looks at the file
   */
  constructor(
    private readonly path: string,
    shutdown: ShutdownService,
    lookMs = LOOK_MS,
  ) {
    this.looks = new PeriodicTask(
      {
        name: 'reload of API_KEYS_FILE',
        everyMs: lookMs,
        firstAfterMs: lookMs,
        run: () =>
          this.reload().catch((error: unknown) => {
            throw new Error(
              `API_KEYS_FILE cannot be used: ${describeFault(error)}. The keys before stay in force; correct the file.`,
            );
          }),
      },
      shutdown,
    );
  }

  /** Reads the file for the first time, and from then on after each change. @throws BootError if it cannot be used */
  async start(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      throw new ApiKeysFileError(
        `API_KEYS_FILE must be a file of API keys that this user can read: ${describeFault(error)}. ` +
          'npm run api-key makes an entry.',
        { cause: error },
      );
    }
    this.looks.start();
  }

  /**
   * The principal of a key.
   *
   * @throws ProblemError `unauthenticated` for an unknown or expired key
   */
  authenticate(key: string): Principal {
    const entry = this.ring.find(key);
    if (entry === null) throw unknownKey();
    if (entry.expiresAtMs !== null && Date.now() >= entry.expiresAtMs)
      throw invalidCredentials('The API key has expired. Ask the operator of this service for a new one.');
    return entry.principal;
  }

  /** Reads the file if it has changed. @throws Error as long as it cannot be used; the keys before stay in force */
  private async reload(): Promise<void> {
    const file = await open(this.path, READ_AT_ONCE);
    try {
      const stats = await file.stat({ bigint: true });
      const state = stateOf(stats);
      if (state === this.seen) {
        // Still the file that was refused.
        if (this.fault !== null) throw this.fault;
        return;
      }
      this.fault = null;
      try {
        await this.read(stats, () => file.readFile('utf8'));
      } catch (error) {
        this.fault = error as Error;
        throw error;
      } finally {
        this.seen = state;
      }
    } finally {
      await file.close();
    }
  }

  private async read(stats: BigIntStats, text: () => Promise<string>): Promise<void> {
    if (!stats.isFile()) throw new KeyFileError('it is not a file');
    if (stats.size > MAX_FILE_BYTES) throw new KeyFileError(`it has more than ${MAX_FILE_BYTES} bytes`);
    this.ring = new KeyRing(parseKeyFile(await text()));
    this.logger.log({ msg: 'The API keys are in force.', keys: this.ring.size });
    if (this.ring.size === 0) this.logger.warn('API_KEYS_FILE has no key: no API key is accepted.');
    if ((Number(stats.mode) & WRITABLE_BY_OTHERS) !== 0) {
      this.logger.warn(
        'API_KEYS_FILE can be written by other users of this machine, who could add a key: chmod 600.',
      );
    }
  }
}

/** Changes with each write and with each file that replaces another. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}

function describeFault(error: unknown): string {
  if (error instanceof KeyFileError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is none at this path' : `it cannot be read (${code ?? 'unknown fault'})`;
}

function unknownKey(): ProblemError {
  return invalidCredentials('This API key is not known. Check that it is complete and was not withdrawn.');
}
