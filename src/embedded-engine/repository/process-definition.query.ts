import type { Filter, Page, SortKeyOf } from '../query/query.types.js';
import { type FilterRules, isLike, type SortKeys } from '../query/record.query.js';
import type { DefinitionRecord } from '../state/records.types.js';

export type DefinitionQuery = Filter<{
  processDefinitionId: string;
  processDefinitionIdIn: readonly string[];
  key: string;
  keysIn: readonly string[];
  keyLike: string;
  name: string;
  nameLike: string;
  version: number;
  latestVersion: true;
  deploymentId: string;
  resourceName: string;
  resourceNameLike: string;
  suspended: true;
  active: true;
  versionTag: string;
  versionTagLike: string;
  withoutVersionTag: true;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<'id' | 'key' | 'name' | 'version' | 'deploymentId' | 'category' | 'tenantId' | 'versionTag'>;

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
