import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { Logger } from '@nestjs/common';
import type { ServerTlsConfig } from '../config/index.js';
import { PeriodicTask, type ShutdownService } from '../lifecycle/index.js';
import { CertificateError, type CertificatePair, checkPair, validityFault } from './certificate.js';

/** Interval at which the files are read. */
const EVERY_MS = 5_000;

/**
 * Reads the pair at boot, and warns if its certificate is not valid now.
 *
 * @throws CertificateError
 */
export function readPair(tls: ServerTlsConfig): CertificatePair {
  const pair = { cert: read('TLS_CERT_FILE', tls.certFile), key: read('TLS_KEY_FILE', tls.keyFile) };
  checkPair(pair, tls);
  return pair;
}

function read(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CertificateError(`${variable} must be a file that this user can read; ${path} is not.`, {
      cause,
    });
  }
}

/**
 * Gives a server the certificate of renewed files. New connections use it; open connections stay.
 *
 * It reads the files periodically and compares their content, because a watch of the file system misses files that are
 * replaced by a rename or, as in Kubernetes, by a symbolic link to their folder. A pair is used when two readings in
 * succession are equal and it is valid; until then the server keeps the old one. A refusal is logged once.
 */
export class CertificateReloader {
  private readonly logger = new Logger(CertificateReloader.name);
  private readonly task: PeriodicTask;
  private candidate: CertificatePair | null = null;

  /**
   * @param current the pair that the server has
   * @param everyMs interval of the readings
   */
  constructor(
    private readonly server: Pick<Server, 'setSecureContext'>,
    private readonly tls: ServerTlsConfig,
    private current: CertificatePair,
    shutdown: ShutdownService,
    everyMs = EVERY_MS,
  ) {
    this.warnIfInvalid(current);
    this.task = new PeriodicTask(
      {
        name: 'reload of the TLS certificate',
        everyMs,
        firstAfterMs: everyMs,
        run: () => this.reload(),
      },
      shutdown,
    );
  }

  /** Begins to read the files periodically. */
  start(): void {
    this.task.start();
  }

  /**
   * Reads the files once.
   *
   * @throws CertificateError or an error of the file system if the files cannot be used; the server keeps its pair
   */
  async reload(): Promise<void> {
    const [cert, key] = await Promise.all([readFile(this.tls.certFile), readFile(this.tls.keyFile)]);
    const read = { cert, key };
    if (areEqual(read, this.current)) {
      this.candidate = null;
      return;
    }
    const isStable = this.candidate !== null && areEqual(read, this.candidate);
    this.candidate = read;
    if (!isStable) return;
    const facts = checkPair(read, this.tls);
    this.server.setSecureContext({ ...read, minVersion: this.tls.minVersion });
    this.current = read;
    this.candidate = null;
    this.logger.log({ msg: 'New connections use the renewed TLS certificate.', ...facts });
    this.warnIfInvalid(read);
  }

  private warnIfInvalid(pair: CertificatePair): void {
    const fault = validityFault(pair, Date.now());
    if (fault !== null) this.logger.warn(fault);
  }
}

function areEqual(one: CertificatePair, other: CertificatePair): boolean {
  return one.cert.equals(other.cert) && one.key.equals(other.key);
}
