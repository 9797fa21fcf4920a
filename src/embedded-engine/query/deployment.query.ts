import type { DeploymentRecord } from '../state/records.types.js';
import { above, below, equals, isNull, like, oneOf } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';

/** Deployments. */
export const DEPLOYMENT_QUERY = defineQuery<DeploymentRecord, unknown>()({
  path: '/deployment',
  filters: {
    id: equals('id'),
    name: equals('name'),
    nameLike: like('name'),
    source: equals('source'),
    withoutSource: isNull('source'),
    before: below('deploymentTime'),
    after: above('deploymentTime'),
    tenantIdIn: oneOf('tenantId'),
    withoutTenantId: isNull('tenantId'),
  },
  sort: { id: 'id', name: 'name', deploymentTime: 'deploymentTime', tenantId: 'tenantId' },
  unserved: 'includeDeploymentsWithoutTenantId',
});

export type DeploymentQuery = QueryOf<typeof DEPLOYMENT_QUERY>;
