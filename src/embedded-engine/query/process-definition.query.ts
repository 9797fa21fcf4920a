import type { DefinitionRecord } from '../state/records.types.js';
import {
  choosesCandidates,
  equals,
  isFalse,
  isNull,
  isTrue,
  like,
  oneOf,
  withAlias,
} from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';

/** Process definitions. */
export const PROCESS_DEFINITION_QUERY = defineQuery<DefinitionRecord, unknown>()({
  path: '/process-definition',
  filters: {
    processDefinitionId: equals('id'),
    processDefinitionIdIn: oneOf('id'),
    key: equals('key'),
    keysIn: oneOf('key'),
    keyLike: like('key'),
    name: equals('name'),
    nameLike: like('name'),
    version: withAlias(equals('version', 'integer'), 'ver'),
    latestVersion: withAlias(choosesCandidates(), 'latest'),
    deploymentId: equals('deploymentId'),
    resourceName: equals('resource'),
    resourceNameLike: like('resource'),
    suspended: isTrue('suspended'),
    active: isFalse('suspended'),
    versionTag: equals('versionTag'),
    versionTagLike: like('versionTag'),
    withoutVersionTag: isNull('versionTag'),
    tenantIdIn: oneOf('tenantId'),
    withoutTenantId: isNull('tenantId'),
  },
  sort: {
    id: 'id',
    key: 'key',
    name: 'name',
    version: 'version',
    deploymentId: 'deploymentId',
    category: 'category',
    tenantId: 'tenantId',
    versionTag: 'versionTag',
  },
  unserved: `
    category categoryLike deployedAfter deployedAt incidentId incidentMessage incidentMessageLike incidentType
    includeProcessDefinitionsWithoutTenantId notStartableInTasklist startableBy startableInTasklist
    startablePermissionCheck`,
});

export type DefinitionQuery = QueryOf<typeof PROCESS_DEFINITION_QUERY>;
