import type { FilterRules, SortKeys } from '../core/record.query.js';
import type { EventSubscriptionQuery } from '../core/wait-state-api.types.js';
import type { EventSubscriptionRecord } from '../persist/records.types.js';

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
