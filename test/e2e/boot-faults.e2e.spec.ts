import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createApp } from '../../src/app.factory.js';
import { explain } from '../../src/boot.js';
import { BootError } from '../../src/common/errors/index.js';
import { ConfigurationError, createConfiguration } from '../../src/config/index.js';
import { sqlitePath } from '../../src/database/index.js';
import { engineFilePath } from '../../src/embedded-engine/index.js';

describe('a boot that fails', () => {
  let dataDir: string;
  let taken: Server;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'boot-'));
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });

  afterEach(() => {
    taken.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const variables = { LOG_LEVEL: 'silent', HOST: '127.0.0.1' };
  const portOf = (server: Server): string => String((server.address() as { port: number }).port);

  async function reasonOf(more: Record<string, string>): Promise<unknown> {
    const configuration = createConfiguration({ ...variables, DATA_DIR: dataDir, ...more });
    return createApp(configuration).then(
      () => 'it did not fail',
      (error: unknown) => explain(error),
    );
  }

  it('names EMBEDDED_ENGINE_PORT if that port is in use', async () => {
    const port = portOf(taken);
    expect(await reasonOf({ EMBEDDED_ENGINE_PORT: port })).toBe(
      `The embedded engine cannot listen on 127.0.0.1:${port}: the port is in use: stop the process that uses it, or set EMBEDDED_ENGINE_PORT to another port (0 takes any free port).`,
    );
  });

  it('names the partners without a URL in production', async () => {
    const reason = await reasonOf({
      NODE_ENV: 'production',
      AUTH_MODE: 'none',
      ONBOARDING_API_URL: 'http://partner.example',
    });
    expect(reason).toMatch(
      /^The environment is not valid[^]*BACKGROUND_CHECK_URL must be set, .*SIMULATOR=on/,
    );
    expect(reason).not.toMatch(/ONBOARDING_API_URL/);
  });

  it.each([
    ['the service', sqlitePath],
    ['the embedded engine', engineFilePath],
  ])('names the file of %s if it is no SQLite file', async (_, pathOf) => {
    const path = pathOf(dataDir);
    writeFileSync(path, 'no database');
    expect(await reasonOf({})).toEqual(expect.stringContaining(path));
  });
});

describe('explain', () => {
  it('returns the message of a boot error', () => {
    const error = new ConfigurationError(['PORT must be a number.']);
    expect(error).toBeInstanceOf(BootError);
    expect(explain(error)).toBe(error.message);
  });

  it('returns any other error with its stack and causes, without secrets', () => {
    const cause = Object.assign(new Error('connect postgres://ada:hunter2@db/app'), { password: 'hunter2' });
    const error = Object.assign(new Error('a defect of password=hunter2', { cause }), {
      name: 'ConfigurationError',
    });
    const text = explain(error);
    expect(text).toContain('a defect of password=***');
    expect(text).toMatch(/at .*boot-faults/);
    expect(text).toContain('postgres://db/app');
    expect(text).not.toContain('hunter2');
  });
});
