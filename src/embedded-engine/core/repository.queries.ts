import type { DefinitionRecord, DeploymentRecord } from '../persist/records.types.js';
import type { DefinitionQuery, DeploymentQuery } from './engine-api.types.js';
import { type FilterRules, isLike, type SortKeys } from './record.query.js';

type SortKeyOf<Q extends { readonly sorting?: unknown }> =
  NonNullable<Q['sorting']> extends readonly { readonly sortBy: infer K extends string }[] ? K : never;

export const DEPLOYMENT_RULES: FilterRules<DeploymentRecord, DeploymentQuery> = {
  id: (deployment, id) => deployment.id === id,
  name: (deployment, name) => deployment.name === name,
  nameLike: (deployment, pattern) => isLike(deployment.name, pattern),
  source: (deployment, source) => deployment.source === source,
  withoutSource: (deployment) => deployment.source === null,
  before: (deployment, time) => deployment.deploymentTime < time,
  after: (deployment, time) => deployment.deploymentTime > time,
  tenantIdIn: (deployment, tenants) => deployment.tenantId !== null && tenants.includes(deployment.tenantId),
  withoutTenantId: (deployment) => deployment.tenantId === null,
};

export const DEPLOYMENT_SORT_KEYS: SortKeys<DeploymentRecord, SortKeyOf<DeploymentQuery>> = {
  id: (deployment) => deployment.id,
  name: (deployment) => deployment.name,
  deploymentTime: (deployment) => deployment.deploymentTime,
  tenantId: (deployment) => deployment.tenantId,
};

export const DEFINITION_RULES: FilterRules<DefinitionRecord, Omit<DefinitionQuery, 'latestVersion'>> = {
  processDefinitionId: (definition, id) => definition.id === id,
  processDefinitionIdIn: (definition, ids) => ids.includes(definition.id),
  key: (definition, key) => definition.key === key,
  keysIn: (definition, keys) => keys.includes(definition.key),
  keyLike: (definition, pattern) => isLike(definition.key, pattern),
  name: (definition, name) => definition.name === name,
  nameLike: (definition, pattern) => isLike(definition.name, pattern),
  version: (definition, version) => definition.version === version,
  deploymentId: (definition, id) => definition.deploymentId === id,
  resourceName: (definition, name) => definition.resource === name,
  resourceNameLike: (definition, pattern) => isLike(definition.resource, pattern),
  suspended: (definition) => definition.suspended,
  active: (definition) => !definition.suspended,
  versionTag: (definition, tag) => definition.versionTag === tag,
  versionTagLike: (definition, pattern) => isLike(definition.versionTag, pattern),
  withoutVersionTag: (definition) => definition.versionTag === null,
  tenantIdIn: (definition, tenants) => definition.tenantId !== null && tenants.includes(definition.tenantId),
  withoutTenantId: (definition) => definition.tenantId === null,
};

export const DEFINITION_SORT_KEYS: SortKeys<DefinitionRecord, SortKeyOf<DefinitionQuery>> = {
  id: (definition) => definition.id,
  key: (definition) => definition.key,
  name: (definition) => definition.name,
  version: (definition) => definition.version,
  deploymentId: (definition) => definition.deploymentId,
  category: (definition) => definition.category,
  tenantId: (definition) => definition.tenantId,
  versionTag: (definition) => definition.versionTag,
};
