import type { EventSubscriptionRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';

/** EventSubscriptionDto. */
export function presentSubscription(subscription: EventSubscriptionRecord): Record<string, unknown> {
  return {
    id: subscription.id,
    eventType: subscription.eventType,
    eventName: subscription.eventName,
    executionId: subscription.executionId,
    processInstanceId: subscription.processInstanceId,
    activityId: subscription.activityId,
    createdDate: formatDate(subscription.createTime),
    tenantId: subscription.tenantId,
  };
}
