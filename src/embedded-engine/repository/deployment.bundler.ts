import { prefixedId } from '../core/camunda.limits.js';
import type { ProcessModel } from '../model/index.js';
import type { DeploymentBundle } from '../state/change-set.js';
import type { DefinitionRecord, DeploymentRecord } from '../state/records.types.js';
import type { DefinitionIndex } from '../state/definition.index.js';
import type { CompiledProcess } from '../state/executable-definition.js';
import type { Resource } from './deployment.compiler.js';
import type { DeploymentInput } from './deployment.types.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { UnitOfWork } from '../core/unit-of-work.js';

/** The resources of a deployment that are new. */
interface NewResources {
  readonly resources: readonly Resource[];
  /** The earlier deployment with the same resources; null if anything is new. */
  readonly unchanged: DeploymentRecord | null;
}

/**
 * Compares a deployment with the latest ones of its name, source and tenant.
 *
 * @param deployed oldest first
 */
export function withoutDuplicates(
  input: DeploymentInput,
  deployed: Iterable<DeploymentBundle>,
): NewResources {
  if (!input.enableDuplicateFiltering && !input.deployChangedOnly)
    return { resources: input.resources, unchanged: null };
  const earlier = [...deployed].reverse().filter(({ deployment }) => isSameSeries(deployment, input));
  const holders = input.resources.map((resource) => latestHolder(resource, earlier));
  if (holders.includes(undefined)) {
    const changed = input.resources.filter((_resource, at) => holders[at] === undefined);
    return { resources: input.deployChangedOnly ? changed : input.resources, unchanged: null };
  }
  const unchanged = earlier.find((bundle) => holders.includes(bundle))?.deployment ?? null;
  return { resources: [], unchanged };
}

function isSameSeries(deployment: DeploymentRecord, input: DeploymentInput): boolean {
  return (
    deployment.name === input.name &&
    deployment.source === input.source &&
    deployment.tenantId === input.tenantId
  );
}

/** The latest deployment with a resource of that name, if its content is the same. */
function latestHolder(
  resource: Resource,
  earlier: readonly DeploymentBundle[],
): DeploymentBundle | undefined {
  for (const bundle of earlier) {
    const held = bundle.resources.find(({ name }) => name === resource.name);
    if (held !== undefined) return held.bytes.equals(resource.bytes) ? bundle : undefined;
  }
  return undefined;
}

/** Creates a deployment with the next version of each definition. @throws ProcessEngine for a duplicate key */
export function bundleDeployment(
  work: UnitOfWork,
  { name, source, tenantId }: DeploymentInput,
  resources: readonly Resource[],
  compiled: readonly CompiledProcess[],
  index: DefinitionIndex,
): DeploymentBundle {
  const keys = compiled.map(({ model }) => model.key);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) {
    throw new ProcessEngineError(
      `The deployment contains definitions with the same key '${twice}' (id attribute), this is not allowed`,
    );
  }
  refuseSharedMessages(compiled, tenantId, index);
  const deployment: DeploymentRecord = { id: work.newId(), name, source, tenantId, deploymentTime: work.now };
  return {
    deployment,
    definitions: compiled.map(({ resource, model }) => {
      const version = (index.latest(model.key, tenantId)?.record.version ?? 0) + 1;
      return defineProcess(work.newId(), version, deployment, resource, model);
    }),
    resources: resources.map((resource) => ({
      ...resource,
      id: work.newId(),
      deploymentId: deployment.id,
    })),
  };
}

function defineProcess(
  uuid: string,
  version: number,
  deployment: DeploymentRecord,
  resource: string,
  model: ProcessModel,
): DefinitionRecord {
  return {
    id: prefixedId(`${model.key}:${version}`, uuid),
    key: model.key,
    name: model.name,
    version,
    versionTag: model.versionTag,
    resource,
    deploymentId: deployment.id,
    category: model.category,
    suspended: false,
    tenantId: deployment.tenantId,
    historyTimeToLive: model.historyTimeToLive,
    description: model.description,
    startableInTasklist: model.startableInTasklist,
  };
}

/** A message may start one process only; two keys of a tenant with the same start message would be ambiguous. */
function refuseSharedMessages(
  compiled: readonly CompiledProcess[],
  tenantId: string | null,
  index: DefinitionIndex,
): void {
  const replaced = new Set(compiled.map(({ model }) => model.key));
  const taken = new Set(
    index
      .allLatest()
      .filter(({ record }) => record.tenantId === tenantId && !replaced.has(record.key))
      .flatMap(({ model }) => startMessages(model)),
  );
  for (const { model, resource } of compiled) {
    for (const name of startMessages(model)) {
      if (taken.has(name)) {
        throw new ProcessEngineError(
          `ENGINE-01011 Cannot deploy process definition '${resource}': there already is a message event subscription for the message with name '${name}'.`,
        );
      }
      taken.add(name);
    }
  }
}

function startMessages(model: ProcessModel): readonly string[] {
  return model.root.messageStarts.map(({ trigger }) => trigger.messageName.text);
}
