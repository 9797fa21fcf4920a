import { readFileSync } from 'node:fs';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type {
  ConfigMap,
  Container,
  Namespace,
  PersistentVolumeClaim,
  PodTemplateSpec,
  Service,
  ServiceAccount,
} from 'kubernetes-types/core/v1.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { renderedPath } from '../../scripts/lib/kustomize.mjs';

/** The kinds that the manifests use, each with its type. */
interface Kinds {
  readonly ConfigMap: ConfigMap;
  readonly Deployment: Deployment;
  readonly HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  readonly Job: Job;
  readonly Namespace: Namespace;
  readonly NetworkPolicy: NetworkPolicy;
  readonly PersistentVolumeClaim: PersistentVolumeClaim;
  readonly PodDisruptionBudget: PodDisruptionBudget;
  readonly Service: Service;
  readonly ServiceAccount: ServiceAccount;
}

/** A manifest whose schema was not checked yet. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: keyof Kinds;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** Reads the rendered manifests of an overlay. */
export function manifestsOf(overlay: string): Manifest[] {
  return parseAllDocuments(readFileSync(renderedPath(overlay), 'utf8')).map((each) => {
    if (each.errors.length > 0) throw new Error(each.errors.join('\n'));
    return each.toJS() as Manifest;
  });
}

/** The manifests of a kind. */
export function ofKind<K extends keyof Kinds>(all: readonly Manifest[], kind: K): Kinds[K][] {
  return all.filter((each) => each.kind === kind) as unknown as Kinds[K][];
}

/** The only manifest of a kind. @throws Error if there are none or several */
export function theOnly<K extends keyof Kinds>(all: readonly Manifest[], kind: K): Kinds[K] {
  const [first, ...others] = ofKind(all, kind);
  if (first === undefined || others.length > 0) throw new Error(`${others.length + 1} of ${kind}`);
  return first;
}

/** The pod templates of all workloads, by `kind/name`. */
export function podsOf(all: readonly Manifest[]): [string, PodTemplateSpec][] {
  return [...ofKind(all, 'Deployment'), ...ofKind(all, 'Job')].flatMap(
    ({ kind, metadata, spec }): [string, PodTemplateSpec][] =>
      spec === undefined ? [] : [[`${kind ?? ''}/${metadata?.name ?? ''}`, spec.template]],
  );
}

/** The only container of a pod. */
export function containerOf(pod: PodTemplateSpec): Container {
  const [container, ...others] = pod.spec?.containers ?? [];
  if (container === undefined || others.length > 0) throw new Error('not one container');
  return container;
}

/** The environment of a pod: its ConfigMaps, then its own variables. @throws Error for a ConfigMap that is missing */
export function environmentOf(pod: PodTemplateSpec, all: readonly Manifest[]): Record<string, string> {
  const { envFrom = [], env = [] } = containerOf(pod);
  const maps = envFrom.map(({ configMapRef }) => {
    const map = ofKind(all, 'ConfigMap').find(({ metadata }) => metadata?.name === configMapRef?.name);
    if (map?.data === undefined) throw new Error(`no ConfigMap ${configMapRef?.name ?? ''}`);
    return map.data;
  });
  const own = env.map(({ name, value = '' }): [string, string] => [name, value]);
  return Object.fromEntries([...maps.flatMap((map) => Object.entries(map)), ...own]);
}

/** The folder of `kubernetes-types` for an API version. */
function folderOf(apiVersion: string): string {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return `${group.split('.')[0] ?? ''}/${version ?? ''}`;
}

/**
 * Compares manifests with the types that were generated from the OpenAPI schemas of Kubernetes: the compiler finds unknown
 * members, missing ones and values of a wrong type.
 *
 * @returns a sentence for each fault
 */
export function schemaFaults(all: readonly object[]): string[] {
  const file = `${process.cwd()}/test/deployment/checked.ts`;
  const source = all
    .map((manifest, index) => {
      const { apiVersion, kind } = manifest as Manifest;
      return [
        `import type { ${kind} as Kind${index} } from 'kubernetes-types/${folderOf(apiVersion)}';`,
        `export const manifest${index}: Kind${index} = ${JSON.stringify(manifest, null, 1)};`,
      ].join('\n');
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file
      ? ts.createSourceFile(path, source, ts.ScriptTarget.ES2022)
      : getSourceFile.call(host, path, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
