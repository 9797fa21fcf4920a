import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from './configuration.js';
import { adviseOn } from './environment.advice.js';

/** Variables that a pod, npm, a shell, other agents and libraries set beside ours. */
const ORDINARY = Object.fromEntries(
  `PATH HOME HOSTNAME HOST_IP HOSTTYPE LANG LANGUAGE LC_ALL LOGNAME USER USERNAME SHELL SHLVL TERM TZ PWD OLDPWD EDITOR
  PAGER COLORTERM TMPDIR TEMP XDG_DATA_DIRS XDG_DATA_HOME XDG_CONFIG_DIRS DISPLAY SSH_AUTH_SOCK DBUS_SESSION_BUS_ADDRESS
  NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_VERSION NODE_ENV_FILE NODE_TLS_REJECT_UNAUTHORIZED YARN_VERSION
  NPM_CONFIG_LOGLEVEL NPM_TOKEN npm_config_cache npm_lifecycle_event npm_package_name INIT_CWD COLOR CI DEBUG
  POD_NAME POD_NAMESPACE POD_IP NODE_NAME NODE_IP CONTAINER_NAME K_SERVICE KUBERNETES_PORT KUBERNETES_SERVICE_HOST
  KUBERNETES_SERVICE_PORT KUBERNETES_SERVICE_PORT_HTTPS KUBERNETES_PORT_443_TCP KUBERNETES_PORT_443_TCP_ADDR
  DB_SERVICE_HOST DB_SERVICE_PORT DB_PORT_5432_TCP DB_PORT_5432_TCP_ADDR DB_PORT_5432_TCP_PORT DB_PORT_5432_TCP_PROTO
  CAMUNDA_PORT CAMUNDA_SERVICE_HOST CAMUNDA_SERVICE_PORT CAMUNDA_PORT_8080_TCP CAMUNDA_PORT_8080_TCP_ADDR
  DATA_SERVICE_HOST DATA_PORT HTTP_SERVICE_HOST ALL_PROXY FTP_PROXY RSYNC_PROXY SOCKS_PROXY
  PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB MSSQL_SA_PASSWORD MYSQL_HOST
  DD_HOST DD_ENV DD_SERVICE DD_AGENT_HOST OTEL_SERVICE_NAME OTEL_EXPORTER_OTLP_ENDPOINT OTEL_LOG_LEVEL SENTRY_DSN
  AWS_REGION AWS_ROLE_ARN AZURE_CLIENT_ID GOOGLE_APPLICATION_CREDENTIALS JAVA_HOME JAVA_OPTS JAVA_DIR MAVEN_HOME
  GIT_COMMIT GIT_BRANCH BUILD_NUMBER BUILD_ID APP_NAME APP_VERSION SERVICE_NAME LOG_FORMAT LOG_DIR LOG_FILE DB_ENGINE
  DB_URL DB_DRIVER DB_NAMESPACE DB_POOL_MIN DATABASE_URL REDIS_URL REDIS_HOST HTTP_PORT HTTPS SSL_CERT_FILE SSL_CERT_DIR UV_THREADPOOL_SIZE`
    .split(/\s+/)
    .map((name) => [name, 'x']),
);

describe('the advice on an environment', () => {
  it('is empty for an ordinary one', () => {
    expect(adviseOn({ ...ORDINARY, NODE_ENV: 'production', HTTP_PROXY: 'http://proxy:3128' })).toEqual([]);
  });

  it.each([
    ['SYNC_TIMEOUT', 'SYNC_TIMEOUT_MS'],
    ['SYNC_TIMEOUT_SECONDS', 'SYNC_TIMEOUT_MS'],
    ['SYNC_TIMOUT_MS', 'SYNC_TIMEOUT_MS'],
    ['SYNCTIMEOUT_MS', 'SYNC_TIMEOUT_MS'],
    ['CAMUNDA_BASEURL', 'CAMUNDA_BASE_URL'],
    ['CAMUNDA_BASE', 'CAMUNDA_BASE_URL'],
    ['CAMUNDA_MAXTASKS', 'CAMUNDA_MAX_TASKS'],
    ['CAMUNDA_TASK_RETRY', 'CAMUNDA_TASK_RETRIES'],
    ['CAMUNDA_URL', 'CAMUNDA_BASE_URL'],
    ['CAMUNDA_RETRIES', 'CAMUNDA_TASK_RETRIES'],
    ['PUBLIC_URL', 'PUBLIC_BASE_URL'],
    ['sync_timeout_ms', 'SYNC_TIMEOUT_MS'],
    ['DB_PASS', 'DB_PASSWORD'],
    ['DB_HOSTNAME', 'DB_HOST'],
    ['DB_USERNAME', 'DB_USER'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['LOG_LEVL', 'LOG_LEVEL'],
    ['DATADIR', 'DATA_DIR'],
    ['RETENTION_DAY', 'RETENTION_DAYS'],
    ['SHUTDOWN_TIMEOUT', 'SHUTDOWN_TIMEOUT_MS'],
    ['BACKGROUND_CHECK', 'BACKGROUND_CHECK_URL'],
    ['NODE_ENVIRONMENT', 'NODE_ENV'],
  ])('names the most similar variable for %s, and no value', (name, meant) => {
    const [advice = '', ...more] = adviseOn({ [name]: 'hunter2' });
    expect([advice, more]).toEqual([expect.stringContaining(`did you mean ${meant}?`), []]);
    expect(advice).not.toContain('hunter2');
  });

  it('is empty for a misspelled name if the right one is set too', () => {
    expect(adviseOn({ DB_PASS: 'x', DB_PASSWORD: 'x' })).toEqual([]);
  });

  it.each([
    ['prod', 'NODE_ENV is "prod", which counts as development: did you mean "production"?'],
    ['Production', 'did you mean "production"?'],
    ['producton', 'did you mean "production"?'],
    ['staging', 'NODE_ENV is "staging", which counts as development. Only'],
  ])('explains how NODE_ENV=%s is treated', (value, sentence) => {
    expect(adviseOn({ NODE_ENV: value })).toEqual([expect.stringContaining(sentence)]);
  });

  it.each([
    ['DB_PORT', 'tcp://10.96.0.12:5432', 'a Service named "db"'],
    ['EMBEDDED_ENGINE_PORT', 'tcp://10.96.0.12:8080', 'a Service named "embedded-engine"'],
    ['PORT', 'udp://[fd00::1]:53', 'a Service'],
  ])('explains the address that Kubernetes sets %s to, which counts as not set', (name, value, service) => {
    expect(adviseOn({ [name]: value })).toEqual([
      expect.stringMatching(
        new RegExp(`^${name} is the address that Kubernetes sets for ${service}, .*not set`),
      ),
    ]);
    const server = { DB_HOST: 'db', DB_NAME: 'n', DB_USER: 'u', DB_TYPE: 'postgres' };
    const { http, embeddedEngine, database } = createConfiguration({ ...server, [name]: value });
    expect([http.port, embeddedEngine.port, database.server?.port]).toEqual([8080, null, 5432]);
  });
});
