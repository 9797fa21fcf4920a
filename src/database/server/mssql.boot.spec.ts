import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { withIdentity } from '../../../test/support/identity.endpoint.js';
import { CapturedMssql, serverError } from '../../../test/support/tds/captured.mssql.js';
import { makeCertificate } from '../../../test/support/certificate.js';
import type { TdsServerOptions } from '../../../test/support/tds/tds.server.js';
import { until } from '../../common/testing/until.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import { openDatabaseConnection } from '../database.opener.js';
import { sqliteConfig, temporaryFolder } from '../testing/database.fixture.js';
import type { ServerConnection } from './server.connection.js';

let capture: CapturedMssql;

async function listen(options: TdsServerOptions = {}): Promise<void> {
  capture = await CapturedMssql.open(options);
}

/** Opens the database as the service does. */
function boot(changes: Partial<DatabaseServerConfig> = {}): Promise<ServerConnection> {
  const config = sqliteConfig('unused', { server: capture.config(changes) });
  return openDatabaseConnection(config) as Promise<ServerConnection>;
}

/** Without user and password, as an identity of Azure. */
const MANAGED: Partial<DatabaseServerConfig> = {
  host: 'localhost',
  trustServerCertificate: true,
  auth: { mode: 'entra-managed-identity', clientId: '0b1c2d3e-4f50-4a61-8b72-9c83ad94be05' },
  user: '',
  password: null,
};

/** Boots, and closes again. */
async function bootOnce(changes: Partial<DatabaseServerConfig> = {}): Promise<void> {
  await (await boot(changes)).close();
}

afterEach(async () => {
  await capture.close();
});

describe('a boot on SQL Server', () => {
  it('leaves no connection open if it fails after it has opened some', async () => {
    await listen();
    // The comparison of the clocks, the first statement after both pools are open.
    capture.answer = ({ sql }) => (sql.endsWith(' AS now') ? serverError(50_000) : undefined);
    await expect(boot()).rejects.toThrow('error 50000');
    await until(() => capture.server.open.length === 0);
  });

  it('passes the configuration through mssql, tedious and tarn', async () => {
    await listen();
    await bootOnce();
    const { logins } = capture.server;
    expect(logins.length).toBeGreaterThan(2);
    expect(new Set(logins.map((login) => JSON.stringify(login)))).toEqual(
      new Set([
        JSON.stringify({
          user: 'api',
          password: 'secret',
          application: 'fastify-camunda',
          server: '127.0.0.1',
          isReadOnly: false,
          database: 'camunda_api',
        }),
      ]),
    );
    await until(() => capture.server.open.length === 0);
  });

  it('speaks TLS with a certificate of an authority that it was given', async () => {
    const { context, pem } = await makeCertificate();
    const caFile = join(temporaryFolder(), 'authority.pem');
    writeFileSync(caFile, pem);
    await listen({ context });
    await bootOnce({ host: 'localhost', caFile });
    await bootOnce({ host: 'localhost', trustServerCertificate: true });
    expect(capture.server.logins.length).toBeGreaterThan(4);
  });

  it('sends no login to a server whose certificate is not trusted, and names the setting', async () => {
    const { context } = await makeCertificate();
    await listen({ context });
    await expect(boot({ host: 'localhost', bootTimeoutMs: 60_000 })).rejects.toThrow(
      /cannot be used: its certificate is not trusted \(.*self.signed certificate.*\)\. Set DB_CA_FILE/,
    );
    expect(capture.server.logins).toEqual([]);
  });

  it('reports that the server requires TLS', async () => {
    const { context } = await makeCertificate();
    await listen({ context });
    await expect(boot({ encrypt: false, bootTimeoutMs: 60_000 })).rejects.toThrow(/ Set DB_ENCRYPT=on\.$/);
  });

  it('reports a refused login immediately', async () => {
    await listen();
    capture.login = () => [serverError(18456, 14, "Login failed for user 'api'.")];
    await expect(boot({ bootTimeoutMs: 60_000 })).rejects.toThrow(
      `SQL Server at 127.0.0.1:${capture.server.port} cannot be used: it does not take the login api ` +
        "(Login failed for user 'api'.). Check DB_USER and DB_PASSWORD.",
    );
  });

  it('logs in with a token of a managed identity, and sends no password', async () => {
    const { context } = await makeCertificate();
    await listen({ context });
    const expires = Math.floor(Date.now() / 1_000) + 3_600;
    const asked = await withIdentity(
      200,
      { access_token: 'entra-token', token_type: 'Bearer', expires_on: String(expires), resource: 'x' },
      () => bootOnce(MANAGED),
    );
    expect(new Set(capture.server.tokens)).toEqual(new Set(['entra-token']));
    expect(asked[0]).toMatch(
      /resource=https%3A%2F%2Fdatabase\.windows\.net.*client_id=0b1c2d3e|client_id=0b1c2d3e.*resource=https%3A%2F%2Fdatabase\.windows\.net/,
    );
    expect(capture.server.logins.every(({ user, password }) => user === '' && password === '')).toBe(true);
  });

  it('reports that there is no token of Microsoft Entra ID, and which variables to check', async () => {
    const { context } = await makeCertificate();
    await listen({ context });
    const refused = { error: 'invalid_request', error_description: 'Identity not found' };
    let message = '';
    await withIdentity(400, refused, async () => {
      message = await boot(MANAGED).then(
        () => 'it did not fail',
        (error: unknown) => (error as Error).message,
      );
    });
    expect(message).toMatch(
      /no token of Microsoft Entra ID for DB_AUTH=entra-managed-identity \(.*\)\. Check DB_CLIENT_ID and the identity of this machine or pod\.$/,
    );
    expect(message).not.toContain('\n');
    expect(capture.server.tokens).toEqual([]);
  });

  it('reports the network error of an unavailable server', async () => {
    await listen();
    const config = capture.config();
    await capture.close();
    const opening = openDatabaseConnection(sqliteConfig('unused', { server: config }));
    await expect(opening).rejects.toThrow(
      `SQL Server at 127.0.0.1:${config.port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${config.port}. Check DB_TYPE, DB_HOST`,
    );
  });

  it('refuses a database that answers commits before they are on the disk', async () => {
    await listen();
    capture.answer = ({ sql }) => (sql.includes('delayed_durability') ? [{ setting: 2 }] : undefined);
    await expect(boot()).rejects.toThrow(
      /DELAYED_DURABILITY = FORCED.*could be lost\. Run ALTER DATABASE camunda_api SET/,
    );
  });

  it.each([
    ['may choose to', [{ setting: 1 }]],
    ['never does', [{ setting: 0 }]],
    ['does not know the setting', serverError(207, 16)],
  ])('takes one that %s', async (_name, answer) => {
    await listen();
    capture.answer = ({ sql }) => (sql.includes('delayed_durability') ? answer : undefined);
    await bootOnce();
  });
});
