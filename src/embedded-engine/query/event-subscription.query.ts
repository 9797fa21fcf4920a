import type { EventSubscriptionRecord } from '../state/records.types.js';
import { equals, isNull, oneOf } from './define/filters.js';
import { defineQuery } from './define/query.definition.js';

/** Messages that running instances wait for. */
export const EVENT_SUBSCRIPTION_QUERY = defineQuery<EventSubscriptionRecord, unknown>()({
  path: '/event-subscription',
  filters: {
    eventSubscriptionId: equals('id'),
    eventName: equals('eventName'),
    eventType: equals('eventType'),
    executionId: equals('executionId'),
    processInstanceId: equals('processInstanceId'),
    activityId: equals('activityId'),
    tenantIdIn: oneOf('tenantId'),
    withoutTenantId: isNull('tenantId'),
  },
  sort: { created: 'createTime', tenantId: 'tenantId' },
  unserved: 'includeEventSubscriptionsWithoutTenantId',
});
