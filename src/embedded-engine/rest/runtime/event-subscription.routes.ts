import { EVENT_SUBSCRIPTION_QUERY } from '../../query/event-subscription.query.js';
import type { MessageService } from '../../messages/message.service.js';
import type { EventSubscriptionRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';
import type { Route } from '../http/engine.router.js';
import { queryRoutes } from '../query/query.routes.js';

/** `/event-subscription`. */
export function eventSubscriptionRoutes(messages: MessageService): readonly Route[] {
  return queryRoutes(EVENT_SUBSCRIPTION_QUERY, messages.subscriptions, presentSubscription, { post: false });
}

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
