import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { adviseOnCallers } from './auth.config.js';
import { ConfigurationError, createConfiguration } from './configuration.js';
import { describeConfiguration } from './configuration.description.js';
import { envExample } from './env-example.js';
import { VARIABLES } from './environment.schema.js';

function faultsOf(variables: Record<string, string>): readonly string[] {
  try {
    createConfiguration(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('createConfiguration', () => {
  it('works without any variable', () => {
    const configuration = createConfiguration({});
    expect(configuration).toMatchObject({
      production: false,
      http: {
        host: '127.0.0.1',
        port: 8080,
        bodyLimitBytes: 1_048_576,
        publicBaseUrl: null,
        processErrorStatus: 500,
      },
      wait: { syncTimeoutMs: 25_000, syncTimeoutMaxMs: 55_000, maxWaiters: 10_000 },
      camunda: {
        baseUrl: null,
        maxTasks: 50,
        lockDurationMs: 20_000,
        asyncResponseTimeoutMs: 20_000,
        taskRetries: 3,
        deploy: true,
      },
      embeddedEngine: { port: null, open: false, transport: 'inproc', scripts: false },
      database: {
        server: null,
        dataDir: './data',
        writeQueueMaxBytes: 67_108_864,
        eventLogMaxBytes: 32_768,
      },
      retention: { days: null, mode: 'archive' },
      partners: { timeoutMs: 35_000, simulatorSlowMs: 30_000 },
      shutdown: { timeoutMs: 20_000, delayMs: 0 },
    });
  });

  it.each(['0', '36501', '1.5', '-1', 'off'])('refuses %p as RETENTION_DAYS', (RETENTION_DAYS) => {
    expect(faultsOf({ RETENTION_DAYS })).toEqual(['RETENTION_DAYS must be a whole number from 1 to 36500.']);
  });

  it('reads a list of origins, by default an empty one', () => {
    const CORS_ORIGINS = ' https://app.example.com, http://localhost:3000 ';
    expect(createConfiguration({ CORS_ORIGINS }).http.corsOrigins).toEqual([
      'https://app.example.com',
      'http://localhost:3000',
    ]);
    expect(createConfiguration({}).http.corsOrigins).toEqual([]);
  });

  it.each([
    '*',
    'null',
    'app.example.com',
    'https://app.example.com/',
    'https://a.example:443',
    'ftp://a.example',
  ])('refuses %p as an origin', (origin) => {
    expect(faultsOf({ CORS_ORIGINS: `https://app.example.com,${origin}` })).toEqual([
      expect.stringMatching(/^CORS_ORIGINS must be a list of origins such as https:/),
    ]);
  });

  it('serves /docs unless in production, or as configured', () => {
    const docs = (variables: Record<string, string>): boolean => createConfiguration(variables).http.docs;
    expect([docs({}), docs({ NODE_ENV: 'production', AUTH_MODE: 'none' })]).toEqual([true, false]);
    expect([
      docs({ API_DOCS: 'off' }),
      docs({ NODE_ENV: 'production', AUTH_MODE: 'none', API_DOCS: 'on' }),
    ]).toEqual([false, true]);
  });

  it('has TLS with both files, and refuses one of them', () => {
    const [TLS_CERT_FILE, TLS_KEY_FILE] = ['package.json', 'README.md'];
    const { tls } = createConfiguration({ TLS_CERT_FILE, TLS_KEY_FILE }).http;
    expect(tls).toEqual({ certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE, minVersion: 'TLSv1.2' });
    expect(createConfiguration({}).http.tls).toBeNull();
    expect(faultsOf({ TLS_CERT_FILE })).toEqual(['TLS_KEY_FILE must be set if TLS_CERT_FILE is set.']);
    expect(faultsOf({ TLS_KEY_FILE })).toEqual(['TLS_CERT_FILE must be set if TLS_KEY_FILE is set.']);
    expect(faultsOf({ TLS_CERT_FILE: '/nowhere', TLS_KEY_FILE: '.' })).toEqual([
      'TLS_CERT_FILE must be a file that this user can read; /nowhere is not.',
      'TLS_KEY_FILE must be a file that this user can read; . is not.',
    ]);
    expect(faultsOf({ TLS_MIN_VERSION: '1.1' })).toEqual(['TLS_MIN_VERSION must be one of: 1.2, 1.3.']);
  });

  it('refuses a longer time for headers than for the whole request', () => {
    expect(faultsOf({ HTTP_HEADERS_TIMEOUT_MS: '40000' })).toEqual([
      'HTTP_HEADERS_TIMEOUT_MS must not be greater than HTTP_REQUEST_TIMEOUT_MS.',
    ]);
  });

  it('treats an empty variable as unset', () => {
    expect(createConfiguration({ PORT: '', CAMUNDA_BASE_URL: ' ' }).http.port).toBe(8080);
  });

  it('changes the defaults that depend on production and on the engine', () => {
    const configuration = createConfiguration({
      NODE_ENV: 'production',
      AUTH_MODE: 'none',
      CAMUNDA_BASE_URL: 'http://camunda:8080/engine-rest/',
    });
    expect(configuration.http.host).toBe('0.0.0.0');
    expect(configuration.shutdown.delayMs).toBe(5_000);
    expect(configuration.camunda).toMatchObject({
      baseUrl: 'http://camunda:8080/engine-rest',
      asyncResponseTimeoutMs: 5_000,
      deploy: false,
    });
  });

  it('lists all faults, each with its variable and the allowed values', () => {
    const faults = faultsOf({
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      CAMUNDA_BASE_URL: 'camunda',
      SYNC_TIMEOUT_MS: '-1',
      EMBEDDED_TRANSPORT: 'socket',
    });
    expect(faults).toEqual([
      'PORT must be a whole number from 0 to 65535.',
      'LOG_LEVEL must be one of: fatal, error, warn, info, debug, trace, silent.',
      'SYNC_TIMEOUT_MS must be a whole number from 0 to 2147483647.',
      'CAMUNDA_BASE_URL must be an absolute http:// or https:// URL.',
      'EMBEDDED_TRANSPORT must be one of: inproc, http.',
    ]);
  });

  it.each(['1e3', '3.5', '0x10', '70000', 'NaN'])('refuses %p as a port', (PORT) => {
    expect(faultsOf({ PORT })).toEqual(['PORT must be a whole number from 0 to 65535.']);
  });

  it('never prints a value, so that no secret can leak', () => {
    const error = new ConfigurationError(
      faultsOf({ DB_PASSWORD: 'hunter2', PORT: 'hunter3', DB_HOST: 'db' }),
    );
    expect(error.message).not.toMatch(/hunter/);
  });

  it('refuses contradictions', () => {
    expect(faultsOf({ SYNC_TIMEOUT_MS: '60000', START_LEASE_MS: '10000' })).toEqual([
      'SYNC_TIMEOUT_MS must not be greater than SYNC_TIMEOUT_MAX_MS.',
      'START_LEASE_MS must be greater than CAMUNDA_START_TIMEOUT_MS: the lease must outlast the start call.',
    ]);
  });

  it('uses SQL Server if only DB_HOST is set, and lists the missing variables', () => {
    expect(faultsOf({ DB_HOST: 'db' })).toEqual([
      expect.stringMatching(/^DB_NAME must be set for DB_TYPE=mssql\./),
      expect.stringMatching(/^DB_USER must be set for DB_TYPE=mssql\./),
    ]);
    expect(faultsOf({ DB_TYPE: 'postgres', DB_NAME: 'fc', DB_USER: 'fc' })).toEqual([
      expect.stringMatching(/^DB_HOST must be set for DB_TYPE=postgres\./),
    ]);
    expect(faultsOf({ DB_TYPE: 'sqlite', DB_HOST: 'db' })).toEqual([
      expect.stringMatching(/^DB_HOST must not be set with DB_TYPE=sqlite/),
    ]);
  });

  it('refuses an unreadable certificate file, and an invalid schema name', () => {
    const server = { DB_HOST: 'db', DB_NAME: 'fc', DB_USER: 'fc' };
    expect(faultsOf({ ...server, DB_CA_FILE: '/nowhere/ca.pem' })).toEqual([
      expect.stringMatching(/^DB_CA_FILE must be a file/),
    ]);
    expect(faultsOf({ ...server, DB_SCHEMA: 'x; DROP TABLE process_store' })).toEqual([
      expect.stringMatching(/^DB_SCHEMA must be a name/),
    ]);
  });

  it('needs a port for the embedded engine over HTTP', () => {
    expect(faultsOf({ EMBEDDED_TRANSPORT: 'http' })).toEqual([
      'EMBEDDED_ENGINE_PORT must be set for EMBEDDED_TRANSPORT=http; 0 takes any free port.',
    ]);
    expect(faultsOf({ EMBEDDED_TRANSPORT: 'http', EMBEDDED_ENGINE_PORT: '0' })).toEqual([]);
  });

  it('checks the login of SQL Server with Microsoft Entra ID', () => {
    const server = { DB_HOST: 'db', DB_NAME: 'fc' };
    const principal = { ...server, DB_AUTH: 'entra-service-principal', DB_TENANT_ID: 't', DB_CLIENT_ID: 'c' };
    const { auth } = createConfiguration({ ...principal, DB_CLIENT_SECRET: 'hunter2' }).database.server ?? {};
    expect(auth).toMatchObject({ mode: 'entra-service-principal', tenantId: 't', clientId: 'c' });
    expect(createConfiguration({ ...server, DB_AUTH: 'entra-default' }).database.server?.auth).toEqual({
      mode: 'entra-default',
      clientId: null,
    });
    expect([
      faultsOf(principal),
      faultsOf({ ...server, DB_AUTH: 'entra-managed-identity', DB_USER: 'u', DB_PASSWORD: 'hunter2' }),
      faultsOf({ ...server, DB_USER: 'u', DB_CLIENT_ID: 'c' }),
      faultsOf({ ...server, DB_AUTH: 'entra-default', DB_ENCRYPT: 'off' }),
      faultsOf({ ...server, DB_AUTH: 'entra-default', DB_TYPE: 'postgres' }),
      faultsOf({ DB_AUTH: 'entra-default' }),
    ]).toEqual([
      ['DB_CLIENT_SECRET must be set for DB_AUTH=entra-service-principal.'],
      [
        'DB_USER must not be set with DB_AUTH=entra-managed-identity.',
        'DB_PASSWORD must not be set with DB_AUTH=entra-managed-identity.',
      ],
      ['DB_CLIENT_ID must not be set with DB_AUTH=sql.'],
      ['DB_ENCRYPT must not be off with DB_AUTH=entra-default: the token would travel unencrypted.'],
      ['DB_AUTH=entra-default needs DB_TYPE=mssql.'],
      ['DB_AUTH=entra-default needs DB_TYPE=mssql.'],
    ]);
  });

  it('checks the address of a server', () => {
    const server = { DB_HOST: 'db', DB_NAME: 'fc', DB_USER: 'fc' };
    const listener = { ...server, DB_MULTI_SUBNET_FAILOVER: 'on' };
    expect(createConfiguration({ ...listener, DB_INSTANCE: 'REPORTS' }).database.server).toMatchObject({
      instance: 'REPORTS',
      multiSubnetFailover: true,
    });
    expect([
      faultsOf({ ...server, DB_INSTANCE: 'REPORTS', DB_PORT: '1433' }),
      faultsOf({ ...server, DB_HOST: 'db\\REPORTS' }),
      faultsOf({ ...server, DB_INSTANCE: 'db\\REPORTS' }),
      faultsOf({ ...listener, DB_TYPE: 'postgres', DB_INSTANCE: 'REPORTS' }),
      faultsOf({ ...server, DB_TYPE: 'postgres', DB_READ_ONLY_INTENT: 'on' }),
      faultsOf({ ...server, DB_READ_ONLY_HOST: 'db2\\REPORTS' }),
      faultsOf({ DB_INSTANCE: 'REPORTS', DB_READ_ONLY_INTENT: 'on', DB_READ_ONLY_HOST: 'db2' }),
    ]).toEqual([
      ['DB_PORT must not be set with DB_INSTANCE: SQL Server Browser tells the port. Unset one of them.'],
      ['DB_HOST must be the server alone: set DB_INSTANCE to the name after the backslash.'],
      ['DB_INSTANCE must be the name of an instance, without its server.'],
      ['DB_INSTANCE needs DB_TYPE=mssql.', 'DB_MULTI_SUBNET_FAILOVER=on needs DB_TYPE=mssql.'],
      ['DB_READ_ONLY_INTENT=on needs DB_TYPE=mssql: set DB_READ_ONLY_HOST to a standby of PostgreSQL.'],
      ['DB_READ_ONLY_HOST must be the server alone: DB_INSTANCE names the instance of both servers.'],
      [
        'DB_INSTANCE needs DB_TYPE=mssql.',
        'DB_READ_ONLY_INTENT=on needs DB_TYPE=mssql.',
        'DB_READ_ONLY_HOST needs a database server: set DB_TYPE and DB_HOST.',
      ],
    ]);
  });

  it('searches lists on the primary unless a secondary is named', () => {
    const server = { DB_HOST: 'db', DB_NAME: 'fc', DB_USER: 'fc' };
    const replicaOf = (variables: Record<string, string>) =>
      createConfiguration({ ...server, ...variables }).database.server?.replicaHost;
    expect([
      replicaOf({}),
      replicaOf({ DB_READ_ONLY_INTENT: 'on' }),
      replicaOf({ DB_READ_ONLY_INTENT: 'on', DB_READ_ONLY_HOST: 'db2' }),
      replicaOf({ DB_TYPE: 'postgres', DB_READ_ONLY_HOST: 'standby' }),
    ]).toEqual([null, 'db', 'db2', 'standby']);
  });

  it('has defaults for a server', () => {
    const server = { DB_HOST: 'db', DB_NAME: 'fc', DB_USER: 'fc' };
    expect(createConfiguration(server).database.server).toMatchObject({
      type: 'mssql',
      port: 1433,
      encrypt: true,
      trustServerCertificate: false,
      migrate: true,
    });
    expect(
      createConfiguration({ ...server, DB_TYPE: 'postgres', NODE_ENV: 'production', AUTH_MODE: 'none' })
        .database.server,
    ).toMatchObject({ type: 'postgres', port: 5432, encrypt: false, migrate: false });
  });
});

describe('URLs', () => {
  it('of partners may have a query; those to which paths are appended may not', () => {
    const { partners } = createConfiguration({
      BACKGROUND_CHECK_URL: 'https://partner/v1/?key=/k/',
      ONBOARDING_API_URL: 'https://partner//',
    });
    expect([partners.backgroundCheckUrl, partners.onboardingApiUrl]).toEqual([
      'https://partner/v1?key=/k/',
      'https://partner',
    ]);
    expect(() =>
      createConfiguration({ CAMUNDA_BASE_URL: 'http://c/engine-rest?a=b', PUBLIC_BASE_URL: 'http://p/#x' }),
    ).toThrow(/PUBLIC_BASE_URL must have no query.*CAMUNDA_BASE_URL must have no query/s);
  });
});

describe('the limits of callers', () => {
  it.each([
    ['2', 2],
    ['10.0.0.5, 10.1.0.0/16', ['10.0.0.5', '10.1.0.0/16']],
    ['loopback fd00::/8', ['loopback', 'fd00::/8']],
    ['', false],
  ])('reads TRUST_PROXY=%s', (TRUST_PROXY, trusted) => {
    expect(createConfiguration({ TRUST_PROXY }).http.trustProxy).toEqual(trusted);
  });

  it.each(['true', '*', '0', '11', '10.0.0.0/33', '10.0.0', 'proxy.local', '10.0.0.0/8/8', '0,10.0.0.1'])(
    'refuses TRUST_PROXY=%s',
    (TRUST_PROXY) => {
      expect(faultsOf({ TRUST_PROXY })).toEqual([expect.stringMatching(/^TRUST_PROXY must be a number/)]);
    },
  );

  it('has no limit by default', () => {
    expect(createConfiguration({}).rateLimit).toEqual({
      max: null,
      windowMs: 60_000,
      redis: { url: null, tls: null },
    });
  });
});

describe('REDIS_URL', () => {
  const SERVER = { DB_TYPE: 'postgres', DB_HOST: 'db', DB_NAME: 'fc', DB_USER: 'fc', DB_PASSWORD: 'p' };

  it('is refused with SQLite, whose file serves one instance', () => {
    const fault = expect.stringMatching(/^REDIS_URL must not be set with SQLite, .* unset REDIS_URL\.$/);
    expect(faultsOf({ REDIS_URL: 'redis://redis' })).toEqual([fault]);
    expect(faultsOf({ DB_TYPE: 'sqlite', REDIS_URL: 'redis://redis' })).toEqual([fault]);
    expect(faultsOf({ RATE_LIMIT_REDIS_URL: 'redis://redis', RATE_LIMIT_MAX: '5' })).toEqual([]);
  });

  const secretUrl = 'redis://:hunter2@redis:6379';

  it('is used for a rate limit too, unless that has a Redis of its own', () => {
    const { redis, rateLimit } = createConfiguration({
      ...SERVER,
      REDIS_URL: secretUrl,
      RATE_LIMIT_MAX: '5',
    });
    expect([redis.url?.value, rateLimit.redis.url?.value]).toEqual([secretUrl, secretUrl]);
    expect(createConfiguration({ ...SERVER, REDIS_URL: secretUrl }).rateLimit.redis.url).toBeNull();
    const other = {
      ...SERVER,
      REDIS_URL: secretUrl,
      RATE_LIMIT_MAX: '5',
      RATE_LIMIT_REDIS_URL: 'redis://other',
    };
    expect(createConfiguration(other).rateLimit.redis.url?.value).toBe('redis://other');
  });

  it.each(['REDIS_URL', 'RATE_LIMIT_REDIS_URL'])('is never printed: %s', (name) => {
    const configuration = createConfiguration({ ...SERVER, RATE_LIMIT_MAX: '5', [name]: secretUrl });
    expect(JSON.stringify(describeConfiguration(configuration))).not.toContain('hunter2');
    expect(faultsOf({ RATE_LIMIT_MAX: '5', [name]: 'http://hunter2' })).toEqual([
      expect.stringMatching(new RegExp(`^${name} must be a redis:// or rediss:// URL, or redis\\+sentinel:`)),
    ]);
  });

  it('takes certificates only for TLS, and the certificate only with its key', () => {
    expect(faultsOf({ ...SERVER, REDIS_URL: 'redis://redis', REDIS_TLS_CA_FILE: 'ca.pem' })).toEqual([
      'REDIS_TLS_CA_FILE needs a rediss:// or rediss+… URL in REDIS_URL.',
    ]);
    expect(faultsOf({ ...SERVER, REDIS_URL: 'rediss://redis', REDIS_TLS_CERT_FILE: 'cert.pem' })).toEqual([
      'REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE must be set together.',
    ]);
    expect(faultsOf({ ...SERVER, REDIS_URL: 'rediss://redis', REDIS_TLS_CA_FILE: '/no/ca.pem' })).toEqual([
      'REDIS_TLS_CA_FILE must be a file that this user can read; /no/ca.pem is not.',
    ]);
  });
});

describe('AUTH_MODE', () => {
  it('must be set in production, with one sentence', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(
        /^AUTH_MODE must be set in production: api-key, jwt or both; none lets everybody/,
      ),
    ]);
    expect(createConfiguration({}).auth).toEqual({ open: true, apiKeysFile: null, jwt: null });
    expect(createConfiguration({ NODE_ENV: 'production', AUTH_MODE: 'none' }).auth.open).toBe(true);
  });

  it('needs the variables of each mode', () => {
    expect(faultsOf({ AUTH_MODE: 'api-key, jwt' }).map((fault) => fault.split(' ')[0])).toEqual([
      'API_KEYS_FILE',
      'JWT_JWKS_URL',
      'JWT_ISSUER',
      'JWT_AUDIENCE',
    ]);
  });

  it.each([
    [{ API_KEYS_FILE: 'keys.json' }, ['API_KEYS_FILE is used only with AUTH_MODE=api-key']],
    [
      { API_KEYS_FILE: 'keys.json', AUTH_MODE: 'none' },
      ['API_KEYS_FILE is used only with AUTH_MODE=api-key'],
    ],
    [
      { JWT_JWKS_URL: 'https://id.example/keys', JWT_ISSUER: 'https://id.example/', JWT_AUDIENCE: 'a' },
      ['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'].map((name) => `${name} is used only with AUTH_MODE=jwt`),
    ],
    [
      { RATE_LIMIT_REDIS_URL: 'redis://redis:6379' },
      ['RATE_LIMIT_REDIS_URL is used only with RATE_LIMIT_MAX'],
    ],
  ])('does not leave the service open or without a limit for %j', (variables, begins) => {
    expect(faultsOf(variables as Record<string, string>)).toEqual(
      begins.map((text) => expect.stringContaining(text)),
    );
  });

  it.each([
    [{}, 0],
    [{ HOST: 'localhost' }, 0],
    [{ HOST: '127.0.0.2' }, 0],
    [{ HOST: '::1' }, 0],
    [{ HOST: '0.0.0.0' }, 1],
    [{ HOST: '127.example.com' }, 1],
    [{ NODE_ENV: 'production', AUTH_MODE: 'none' }, 1],
    [{ HOST: '0.0.0.0', AUTH_MODE: 'api-key', API_KEYS_FILE: 'keys.json' }, 0],
  ])('warns of callers from other machines without authentication: %j', (variables, warnings) => {
    const advice = adviseOnCallers(createConfiguration(variables));
    expect(advice).toHaveLength(warnings);
    for (const sentence of advice) expect(sentence).toContain('Set AUTH_MODE');
  });

  it('reads the modes, the audiences and the algorithms', () => {
    const { auth } = createConfiguration({
      AUTH_MODE: 'jwt,api-key',
      API_KEYS_FILE: 'keys.json',
      JWT_JWKS_URL: 'https://id.example/keys',
      JWT_ISSUER: 'https://id.example/',
      JWT_AUDIENCE: 'a, b',
      JWT_ALGORITHMS: 'ES256',
    });
    expect(auth).toEqual({
      open: false,
      apiKeysFile: 'keys.json',
      jwt: {
        jwksUrl: 'https://id.example/keys',
        issuer: 'https://id.example/',
        audience: ['a', 'b'],
        algorithms: ['ES256'],
        scopeClaim: null,
        clockToleranceMs: 30_000,
        jwksCooldownMs: 30_000,
      },
    });
  });

  it.each([
    [{ AUTH_MODE: 'none,api-key', API_KEYS_FILE: 'x' }, /^AUTH_MODE must not have none together/],
    [{ AUTH_MODE: 'basic' }, /^AUTH_MODE must be one or more of: none, api-key, jwt\.$/],
    [{ AUTH_MODE: ',' }, /^AUTH_MODE must be one or more of/],
    [{ JWT_ALGORITHMS: 'HS256' }, /^JWT_ALGORITHMS must be one or more of: RS256/],
    [{ JWT_ALGORITHMS: 'none' }, /^JWT_ALGORITHMS must be one or more of/],
  ])('refuses %j', (variables, fault) => {
    expect(faultsOf(variables as Record<string, string>)).toEqual([expect.stringMatching(fault)]);
  });
});

describe('proxies', () => {
  it('are read in lower case and upper case; lower case takes precedence', () => {
    const { proxies } = createConfiguration({
      HTTP_PROXY: 'http://large:1',
      http_proxy: 'http://small:2',
      HTTPS_PROXY: 'http://large:3',
      no_proxy: 'a,b',
    }).partners;
    expect(proxies).toEqual({ http: 'http://small:2', https: 'http://large:3', except: 'a,b' });
  });
});

describe('describeConfiguration', () => {
  it.each(['CAMUNDA_BASE_URL', 'BACKGROUND_CHECK_URL', 'ONBOARDING_API_URL', 'PUBLIC_BASE_URL'])(
    'refuses an unescaped %% in the credentials of %s without printing them',
    (name) => {
      const refused = () => createConfiguration({ [name]: 'http://svc:100%pure@host' });
      expect(refused).toThrow(`${name} must percent-encode its user name and password`);
      expect(refused).not.toThrow('pure');
      expect(() => createConfiguration({ [name]: 'http://svc:100%25pure@host' })).not.toThrow();
    },
  );

  it('uses the simulator for partners without a URL; in production only if it is switched on', () => {
    const isOn = (variables: Record<string, string>) => createConfiguration(variables).partners.simulator;
    expect([
      isOn({}),
      isOn({ SIMULATOR: 'off' }),
      isOn({ AUTH_MODE: 'none', NODE_ENV: 'production' }),
      isOn({ AUTH_MODE: 'none', NODE_ENV: 'production', SIMULATOR: 'on' }),
    ]).toEqual([true, false, false, true]);
  });

  it('masks the password and credentials in URLs', () => {
    const described = describeConfiguration(
      createConfiguration({
        CAMUNDA_BASE_URL: 'https://demo:secret@camunda/engine-rest',
        BACKGROUND_CHECK_URL: 'https://demo:secret@partner/?key=secret',
        ONBOARDING_API_URL: 'HTTPS://demo:secret@hooks/services/secret',
        HTTP_PROXY: 'http://demo:secret@proxy:3128',
        DB_HOST: 'db',
        DB_NAME: 'fc',
        DB_USER: 'fc',
        DB_PASSWORD: 'secret',
      }),
    );
    expect(described).toMatchObject({
      camunda: { baseUrl: 'https://***@camunda/engine-rest' },
      partners: {
        backgroundCheckUrl: 'https://***@partner/?key=***',
        onboardingApiUrl: 'https://***@hooks/***',
      },
      database: { server: { password: '***' } },
    });
    expect(JSON.stringify(described)).not.toContain('secret');
  });

  it('shows that no password is set', () => {
    const variables = { DB_HOST: 'db', DB_NAME: 'fc', DB_USER: 'fc' };
    expect(describeConfiguration(createConfiguration(variables))).toMatchObject({
      database: { server: { password: null } },
    });
  });
});

describe('.env.example', () => {
  it('lists every variable with its default', () => {
    expect(readFileSync('.env.example', 'utf8')).toBe(envExample());
  });

  it('has valid defaults', () => {
    const defaults = Object.entries(VARIABLES)
      .filter(([, variable]) => !variable.default.startsWith('['))
      .map(([name, variable]) => [name, variable.default]);
    expect(() => createConfiguration(Object.fromEntries(defaults) as Record<string, string>)).not.toThrow();
  });
});
