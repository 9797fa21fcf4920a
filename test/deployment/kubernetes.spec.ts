import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Probe } from 'kubernetes-types/core/v1.js';
import { OVERLAYS, headerOf, renderedPath } from '../../scripts/lib/kustomize.mjs';
import { deployedConfiguration, secretsIn, unknownVariables } from '../support/deployed-configuration.js';
import {
  containerOf,
  environmentOf,
  manifestsOf,
  ofKind,
  podsOf,
  schemaFaults,
  theOnly,
} from '../support/manifests.js';

/** Time for the stages of a stop after the drain (src/lifecycle/shutdown.service.ts). */
const CLOSING_MS = 5_000;

/** What Pod Security "restricted" allows (https://kubernetes.io/docs/concepts/security/pod-security-standards/). */
const RESTRICTED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  scripts: Record<string, string>;
};

/** Mebibytes of a quantity of Kubernetes. */
function mebibytes(quantity: string | undefined): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity ?? '') ?? [];
  if (number === undefined) throw new Error(`not in Mi or Gi: ${quantity ?? 'nothing'}`);
  return Number(number) * (unit === 'Gi' ? 1_024 : 1);
}

describe('the check of the schema', () => {
  const pod = { containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 80 }] }] };
  const job = { apiVersion: 'batch/v1', kind: 'Job', spec: { template: { spec: pod } } };

  it('finds nothing in a valid manifest', () => {
    expect(schemaFaults([job])).toEqual([]);
  });

  it.each([
    ['an unknown member', { ...pod, restartpolicy: 'Never' }, /restartpolicy/],
    ['a missing member', { containers: [{ image: 'b' }] }, /'name' is missing/],
    [
      'a text for a number',
      { containers: [{ name: 'a', ports: [{ containerPort: '80' }] }] },
      /not assignable to type 'number'/,
    ],
  ])('finds %s', (_what, spec, fault) => {
    const [found] = schemaFaults([{ ...job, spec: { template: { spec } } }]);
    expect(found).toMatch(fault);
  });
});

describe.each(OVERLAYS)('the manifests of the overlay %s', (overlay) => {
  const all = manifestsOf(overlay);
  const pods = podsOf(all);
  const deployment = theOnly(all, 'Deployment');
  const template = deployment.spec?.template ?? { spec: { containers: [] } };
  const service = containerOf(template);
  const configuration = deployedConfiguration(environmentOf(template, all));

  it('are rendered from its sources (npm run deploy:render writes them)', () => {
    const [header] = readFileSync(renderedPath(overlay), 'utf8').split('\n');
    expect(header).toBe(headerOf(overlay));
  });

  it('have the schema of Kubernetes', () => {
    expect(schemaFaults(all)).toEqual([]);
  });

  it('are all in one namespace, which enforces Pod Security "restricted"', () => {
    const namespace = theOnly(all, 'Namespace');
    expect(namespace.metadata?.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const others = all.filter(({ kind }) => kind !== 'Namespace').map(({ metadata }) => metadata);
    expect(new Set(others.map((each) => (each as { namespace?: string }).namespace))).toEqual(
      new Set([namespace.metadata?.name]),
    );
  });

  it.each(pods)('run %s as Pod Security "restricted" asks, on a read-only root file system', (_name, pod) => {
    expect(pod.spec?.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containerOf(pod).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.spec).not.toMatchObject({ hostNetwork: expect.anything() });
    const kinds = (pod.spec?.volumes ?? []).flatMap(({ name: _, ...source }) => Object.keys(source));
    expect(kinds.filter((kind) => !RESTRICTED_VOLUMES.includes(kind))).toEqual([]);
  });

  it.each(pods)('give %s no token of Kubernetes and no links of Services', (_name, pod) => {
    const account = theOnly(all, 'ServiceAccount');
    expect(account.automountServiceAccountToken).toBe(false);
    expect(pod.spec).toMatchObject({
      serviceAccountName: account.metadata?.name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
  });

  it.each(pods)('give %s a heap of at most two thirds of its memory, and requests', (_name, pod) => {
    const { resources } = containerOf(pod);
    const options = environmentOf(pod, all).NODE_OPTIONS ?? '';
    const heap = Number(/^--max-old-space-size=(\d+)$/.exec(options)?.[1]);
    const limit = mebibytes(resources?.limits?.memory);
    expect(heap).toBeGreaterThan(limit / 2);
    expect(heap).toBeLessThanOrEqual((limit * 2) / 3);
    expect(mebibytes(resources?.requests?.memory)).toBeLessThanOrEqual(limit);
    expect(resources?.requests?.cpu).toMatch(/^\d+m$/);
  });

  it.each(pods)('run %s from the image of this version', (_name, pod) => {
    expect(containerOf(pod).image).toMatch(new RegExp(`(^|/)fastify-camunda:${PACKAGE.version}$`));
  });

  it.each(pods)('give %s only variables that exist, with values that the service accepts', (_name, pod) => {
    const environment = environmentOf(pod, all);
    expect(unknownVariables(environment)).toEqual([]);
    expect(deployedConfiguration(environment).production).toBe(true);
  });

  it.each(pods)('mount the secrets that %s reads, read-only', (_name, pod) => {
    const { volumeMounts = [] } = containerOf(pod);
    const missing = secretsIn(environmentOf(pod, all)).filter((path) => {
      const mount = volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
      const volume = pod.spec?.volumes?.find(({ name }) => name === mount?.name);
      const file = path.slice((mount?.mountPath ?? '').length + 1);
      const projected = volume?.projected?.sources?.flatMap(({ secret }) => secret?.items ?? []);
      const isThere = projected === undefined || projected.some((item) => item.path === file);
      return mount?.readOnly !== true || !isThere;
    });
    expect(missing).toEqual([]);
  });

  it.each(pods)('mount each volume of %s, and only those', (_name, pod) => {
    const mounted = (containerOf(pod).volumeMounts ?? []).map(({ name }) => name).sort();
    expect(mounted).toEqual((pod.spec?.volumes ?? []).map(({ name }) => name).sort());
  });

  it('give the service its data folder and a temporary folder to write to', () => {
    const writable = (service.volumeMounts ?? []).filter(({ readOnly }) => readOnly !== true);
    expect(writable.map(({ mountPath }) => mountPath).sort()).toEqual([
      configuration.database.dataDir,
      '/tmp',
    ]);
  });

  it('contain no secret', () => {
    expect(all.filter(({ kind }) => (kind as string) === 'Secret')).toEqual([]);
    const secret = /PASSWORD|SECRET|TOKEN|REDIS_URL/;
    const named = pods.flatMap(([, pod]) => Object.keys(environmentOf(pod, all)));
    expect(named.filter((name) => secret.test(name) && !name.endsWith('_FILE'))).toEqual([]);
  });

  describe('the probes', () => {
    const controller = readFileSync('src/health/health.controller.ts', 'utf8');
    const probes: [string, Probe | undefined, string][] = [
      ['startup', service.startupProbe, '/health/live'],
      ['liveness', service.livenessProbe, '/health/live'],
      ['readiness', service.readinessProbe, '/health/ready'],
    ];

    it.each(probes)('of %s call a route of the service at its port', (_name, probe, path) => {
      expect(probe?.httpGet).toEqual({ path, port: 'http' });
      expect(controller).toContain(`@Get('${path.slice('/health/'.length)}')`);
      const port = service.ports?.find(({ name }) => name === 'http');
      expect(port?.containerPort).toBe(configuration.http.port);
    });

    it('of the startup last as long as the boot may wait for the database', () => {
      const { periodSeconds = 10, failureThreshold = 3 } = service.startupProbe ?? {};
      const bootMs = configuration.database.server?.bootTimeoutMs ?? 0;
      expect(periodSeconds * failureThreshold * 1_000).toBeGreaterThanOrEqual(bootMs + 30_000);
    });
  });

  it('wait for the endpoints in preStop and not in the service, and leave time for the whole stop', () => {
    const { delayMs, timeoutMs } = configuration.shutdown;
    const preStopMs = (service.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1_000;
    expect(preStopMs).toBeGreaterThanOrEqual(5_000);
    expect(delayMs).toBe(0);
    expect((template.spec?.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThanOrEqual(
      preStopMs + delayMs + timeoutMs + CLOSING_MS,
    );
  });

  it('lead requests to the pods of the service and not to those of the migration', () => {
    const { selector = {}, ports } = theOnly(all, 'Service').spec ?? {};
    const selected = pods.filter(([, { metadata }]) =>
      Object.entries(selector).every(([key, value]) => metadata?.labels?.[key] === value),
    );
    expect(selected.map(([name]) => name)).toEqual(['Deployment/fastify-camunda']);
    expect(ports).toMatchObject([{ targetPort: 'http' }]);
    expect(deployment.spec?.selector.matchLabels).toEqual(selector);
    expect(template.metadata?.labels).toMatchObject(selector);
  });

  it('deny all connections, then allow clients and DNS', () => {
    const policies = ofKind(all, 'NetworkPolicy').map(({ spec }) => spec);
    expect(policies).toContainEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const ports = policies.flatMap((policy) => policy?.egress ?? []).flatMap((rule) => rule.ports ?? []);
    expect(ports).toEqual(
      expect.arrayContaining([
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ]),
    );
    // NodeLocal DNSCache runs in the network of the node, where no selector finds it.
    const dns = policies
      .flatMap((policy) => policy?.egress ?? [])
      .find(({ ports: each }) => each?.some(({ port }) => port === 53));
    expect(dns?.to).toContainEqual({ ipBlock: { cidr: '169.254.20.10/32' } });
    const ingress = policies.flatMap((policy) => policy?.ingress ?? []);
    expect(ingress.flatMap((rule) => rule.ports ?? [])).toEqual([{ protocol: 'TCP', port: 'http' }]);
    // A rule without `from` or `to` allows everybody.
    const rules = [...ingress.map(({ from }) => from), ...policies.flatMap((policy) => policy?.egress ?? [])];
    expect(rules.filter((rule) => rule === undefined)).toEqual([]);
  });
});

describe('the overlay development', () => {
  const all = manifestsOf('development');
  const { spec } = theOnly(all, 'Deployment');

  it('runs one instance on a SQLite file that outlives its pod', () => {
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const claim = theOnly(all, 'PersistentVolumeClaim').metadata?.name;
    const volumes = spec?.template.spec?.volumes ?? [];
    expect(volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: claim } });
  });

  it('never has a second instance', () => {
    for (const kind of ['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Job'] as const)
      expect(ofKind(all, kind)).toEqual([]);
  });
});

describe('the overlay production', () => {
  const all = manifestsOf('production');
  const { metadata, spec } = theOnly(all, 'Deployment');
  const pod = spec?.template ?? { spec: { containers: [] } };
  const configuration = deployedConfiguration(environmentOf(pod, all));
  const autoscaler = theOnly(all, 'HorizontalPodAutoscaler').spec;

  it('uses a database server, an engine, Redis and authentication', () => {
    expect(configuration.database.server).toMatchObject({ type: 'mssql', encrypt: true, migrate: false });
    expect(configuration.camunda.baseUrl).not.toBeNull();
    expect(configuration.redis.url).not.toBeNull();
    expect(configuration.auth.open).toBe(false);
  });

  it('scales by the processor and lets the autoscaler set the replicas', () => {
    expect(autoscaler?.scaleTargetRef).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: metadata?.name,
    });
    expect(spec).not.toHaveProperty('replicas');
    expect(autoscaler?.minReplicas).toBeGreaterThanOrEqual(2);
  });

  it('opens no more connections than the default of PostgreSQL, 100, leaves for the service', () => {
    const pods = (autoscaler?.maxReplicas ?? Infinity) + Number(spec?.strategy?.rollingUpdate?.maxSurge);
    const connections = pods * (configuration.database.server?.poolMax ?? Infinity);
    expect(connections).toBeLessThanOrEqual(90);
  });

  it('keeps all replicas while it replaces them, and allows to drain nodes', () => {
    expect(spec?.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    const budget = theOnly(all, 'PodDisruptionBudget').spec;
    expect(budget?.selector).toEqual(spec?.selector);
    expect(budget?.maxUnavailable).toBe(1);
  });

  it('spreads the pods over nodes and zones', () => {
    const spread = pod.spec?.topologySpreadConstraints ?? [];
    expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    for (const { labelSelector } of spread) expect(labelSelector).toEqual(spec?.selector);
  });

  it('does not count nodes that take no pods, which would leave pods pending for ever', () => {
    const required = pod.spec?.topologySpreadConstraints?.filter(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
    );
    expect(required?.map(({ nodeTaintsPolicy }) => nodeTaintsPolicy)).toEqual(['Honor']);
  });

  it('migrates with the image of the service, as a login of its own, without the other secrets', () => {
    const migration = theOnly(all, 'Job').spec?.template ?? { spec: { containers: [] } };
    expect(containerOf(migration).image).toBe(containerOf(pod).image);
    expect(containerOf(migration).command?.join(' ')).toBe(PACKAGE.scripts['migration:run']);
    expect(migration.spec?.restartPolicy).toBe('Never');
    const [own, other] = [migration, pod].map((each) => environmentOf(each, all));
    expect(own?.DB_USER).not.toBe(other?.DB_USER);
  });

  it('can be applied in two steps: what the migration needs has the label of the first', () => {
    const first = all.filter(({ metadata: { labels } }) =>
      ['configuration', 'migration'].includes(labels?.['app.kubernetes.io/component'] ?? ''),
    );
    expect(new Set(first.map(({ kind }) => kind))).toEqual(
      new Set(['Namespace', 'ServiceAccount', 'ConfigMap', 'NetworkPolicy', 'Job']),
    );
    const guide = readFileSync('docs/guides/deployment.md', 'utf8');
    expect(guide).toContain("-l 'app.kubernetes.io/component in (configuration, migration)'");
  });

  it('allows connections to the database, the engine, Redis and partners only', () => {
    const policies = ofKind(all, 'NetworkPolicy').map(({ spec: policy }) => policy);
    const ports = policies
      .flatMap((policy) => policy?.egress ?? [])
      .flatMap((rule) => rule.ports ?? [])
      .map(({ port }) => port);
    const { server } = configuration.database;
    const engine = Number(new URL(configuration.camunda.baseUrl ?? '').port);
    expect(new Set(ports)).toEqual(new Set([53, server?.port, engine, 6379, 443]));
  });
});
