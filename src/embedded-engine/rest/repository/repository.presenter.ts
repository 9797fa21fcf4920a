import type { DefinitionRecord, DeploymentRecord, ResourceRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';

/** The link of a resource to itself, in responses of start and deploy. */
export function selfLink(href: string): {
  readonly method: string;
  readonly href: string;
  readonly rel: string;
} {
  return { method: 'GET', href, rel: 'self' };
}

/** DeploymentDto. */
export function presentDeployment(
  deployment: DeploymentRecord,
  links: readonly unknown[] = [],
): Record<string, unknown> {
  return {
    links,
    id: deployment.id,
    name: deployment.name,
    source: deployment.source,
    deploymentTime: formatDate(deployment.deploymentTime),
    tenantId: deployment.tenantId,
  };
}

/** DeploymentResourceDto. */
export function presentResource(resource: ResourceRecord): Record<string, unknown> {
  return { id: resource.id, name: resource.name, deploymentId: resource.deploymentId };
}

/** ProcessDefinitionDto. */
export function presentDefinition(definition: DefinitionRecord): Record<string, unknown> {
  return {
    id: definition.id,
    key: definition.key,
    category: definition.category,
    description: definition.description,
    name: definition.name,
    version: definition.version,
    resource: definition.resource,
    deploymentId: definition.deploymentId,
    diagram: null,
    suspended: definition.suspended,
    tenantId: definition.tenantId,
    versionTag: definition.versionTag,
    historyTimeToLive: definition.historyTimeToLive,
    startableInTasklist: definition.startableInTasklist,
  };
}
