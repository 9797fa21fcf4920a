import type { Filter, Page, SortKeyOf } from '../query/query.types.js';
import { type FilterRules, isLike, type SortKeys } from '../query/record.query.js';
import type { DeploymentRecord } from '../state/records.types.js';

export type DeploymentQuery = Filter<{
  id: string;
  name: string;
  nameLike: string;
  source: string;
  withoutSource: true;
  before: number;
  after: number;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<'id' | 'name' | 'deploymentTime' | 'tenantId'>;

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
