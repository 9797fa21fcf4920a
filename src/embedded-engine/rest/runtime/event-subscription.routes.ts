import { EVENT_SUBSCRIPTION_QUERY } from '../../query/event-subscription.query.js';
import type { MessageService } from '../../messages/message.service.js';
import type { Route } from '../http/engine.router.js';
import { presentSubscription } from './event-subscription.presenter.js';
import { queryRoutes } from '../query/query.routes.js';

/** `/event-subscription`. */
export function eventSubscriptionRoutes(messages: MessageService): readonly Route[] {
  return queryRoutes(
    EVENT_SUBSCRIPTION_QUERY,
    {
      find: (query) => messages.findSubscriptions(query),
      count: (query) => messages.countSubscriptions(query),
      present: presentSubscription,
    },
    ['GET'],
  );
}
