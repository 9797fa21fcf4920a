import type { EventSubscriptionQuery } from '../messages/event-subscription.query.js';
import type { MessageService } from '../messages/message.service.js';
import type { EventSubscriptionRecord } from '../state/records.types.js';
import type { Route } from './engine.router.js';
import { presentSubscription } from './event-subscription.presenter.js';
import { list, text } from './json.reader.js';
import { flag, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';

const FILTERS: FilterTable<EventSubscriptionQuery> = {
  eventSubscriptionId: text,
  eventName: text,
  eventType: text,
  executionId: text,
  processInstanceId: text,
  activityId: text,
  tenantIdIn: list,
  withoutTenantId: flag,
};

/** `/event-subscription`. */
export function eventSubscriptionRoutes(messages: MessageService): readonly Route[] {
  return queryRoutes<EventSubscriptionQuery, EventSubscriptionRecord>(
    {
      path: '/event-subscription',
      filters: FILTERS,
      sortKeys: ['created', 'tenantId'],
      find: (query) => messages.findSubscriptions(query),
      count: (query) => messages.countSubscriptions(query),
      present: presentSubscription,
    },
    ['GET'],
  );
}
