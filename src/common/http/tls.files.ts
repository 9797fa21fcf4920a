import { statSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { readTlsFiles, type TlsFilesConfig, type TlsMaterial } from '../../config/index.js';

/** How often the files are looked at, in ms. */
const LOOK_MS = 10_000;

export interface TlsFilesOptions {
  /** True: the CAs of the file are trusted beside those of Node.js, instead of them alone. */
  readonly trustsWellKnown?: boolean;
  /** Called once for each state of the files that cannot be used; the certificates from before stay in use. */
  readonly onFault?: (error: unknown) => void;
  /** Milliseconds between two looks at the files. */
  readonly lookMs?: number;
}

/** Certificates from files that may be replaced while the service runs, as cert-manager and Kubernetes do. */
export class TlsFiles {
  private material: TlsMaterial;
  private signature: string;
  private lookedAt = performance.now();

  /** @throws the error of the operating system, or one that names the file, if the files cannot be used */
  constructor(
    private readonly files: TlsFilesConfig,
    private readonly options: TlsFilesOptions = {},
  ) {
    this.signature = this.sign();
    this.material = this.read();
  }

  /** For `tls.connect`. */
  get current(): TlsMaterial {
    return this.material;
  }

  /** Looks at the files, at most every 10 s. @returns true if {@link current} has changed */
  refresh(): boolean {
    const { onFault, lookMs = LOOK_MS } = this.options;
    const now = performance.now();
    if (now - this.lookedAt < lookMs) return false;
    this.lookedAt = now;
    const signature = this.sign();
    if (signature === this.signature) return false;
    // Also after a fault: the next change is read again.
    this.signature = signature;
    try {
      this.material = this.read();
      return true;
    } catch (error) {
      onFault?.(error);
      return false;
    }
  }

  private read(): TlsMaterial {
    const material = readTlsFiles(this.files);
    const { ca } = material;
    if (ca === undefined || this.options.trustsWellKnown !== true) return material;
    return { ...material, ca: [...rootCertificates, ...ca] };
  }

  /** Changes with each replacement of a file; links are followed. */
  private sign(): string {
    const { caFile, certFile, keyFile } = this.files;
    return [caFile, certFile, keyFile].map((path) => (path === null ? '' : signatureOf(path))).join('|');
  }
}

function signatureOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 'missing' : `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}
