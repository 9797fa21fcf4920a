import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKey, digestOf } from '../../src/auth/api-keys/api-key.js';

/** A caller with an API key. */
export interface Caller {
  readonly name: string;
  readonly scopes: readonly string[];
  /** The headers of its requests. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Callers with API keys, and the file of their keys for a service. Callers of one name are one principal. */
export class Callers {
  private readonly folder = mkdtempSync(join(tmpdir(), 'callers-'));
  private readonly entries: {
    readonly name: string;
    readonly sha256: string;
    readonly scopes: readonly string[];
  }[] = [];

  /** Adds a caller; call it before the service is started. */
  add(name: string, ...scopes: readonly string[]): Caller {
    const key = createApiKey();
    this.entries.push({ name, sha256: digestOf(key).toString('hex'), scopes });
    return { name, scopes, headers: { authorization: `Bearer ${key}` } };
  }

  /** Writes the file, and returns the environment of a service that accepts these callers only. */
  environment(): Record<string, string> {
    const file = join(this.folder, 'keys.json');
    writeFileSync(file, JSON.stringify({ keys: this.entries }), { mode: 0o600 });
    return { AUTH_MODE: 'api-key', API_KEYS_FILE: file };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
