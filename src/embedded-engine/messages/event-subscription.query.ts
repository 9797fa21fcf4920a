import type { Filter, Page } from '../query/query.types.js';
import type { FilterRules, SortKeys } from '../query/record.query.js';
import type { EventSubscriptionRecord } from '../state/records.types.js';

export type EventSubscriptionQuery = Filter<{
  eventSubscriptionId: string;
  eventName: string;
  eventType: string;
  executionId: string;
  processInstanceId: string;
  activityId: string;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<'created' | 'tenantId'>;

type SortKey = NonNullable<EventSubscriptionQuery['sorting']>[number]['sortBy'];

export const SUBSCRIPTION_RULES: FilterRules<EventSubscriptionRecord, EventSubscriptionQuery> = {
  eventSubscriptionId: (subscription, id) => subscription.id === id,
  eventName: (subscription, name) => subscription.eventName === name,
  eventType: (subscription, type) => subscription.eventType === type,
  executionId: (subscription, id) => subscription.executionId === id,
  processInstanceId: (subscription, id) => subscription.processInstanceId === id,
  activityId: (subscription, id) => subscription.activityId === id,
  tenantIdIn: (subscription, tenants) =>
    subscription.tenantId !== null && tenants.includes(subscription.tenantId),
  withoutTenantId: (subscription) => subscription.tenantId === null,
};

export const SUBSCRIPTION_SORT_KEYS: SortKeys<EventSubscriptionRecord, SortKey> = {
  created: (subscription) => subscription.createTime,
  tenantId: (subscription) => subscription.tenantId,
};
