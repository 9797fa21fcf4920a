import type { BoundaryEventNode, ErrorTrigger, EventSubProcessStartNode } from '../model/index.js';
import type { ActivityState } from '../state/activity.state.js';
import type { InstanceContext, ThrownError } from './instance.context.js';

/** What catches an error, and the activity instance that it interrupts: the host, or the scope of an event sub-process. */
interface ErrorHandler {
  readonly host: ActivityState;
  readonly event: BoundaryEventNode | EventSubProcessStartNode;
  readonly trigger: ErrorTrigger;
}

/**
 * Searches from the thrower outwards, in each scope the event sub-processes before the boundary events. An event
 * sub-process does not catch what is thrown inside itself.
 *
 * @returns null where nothing in the instance catches it
 */
export function findErrorHandler(
  context: InstanceContext,
  from: ActivityState,
  error: ThrownError,
): ErrorHandler | null {
  let inside: ActivityState | null = null;
  for (let host: ActivityState | null = from; host !== null; inside = host, host = host.parent) {
    const candidates = [
      ...bySpecificity(startsIn(context, host, inside)),
      ...bySpecificity(boundariesOf(context, host)),
    ];
    for (const event of candidates) {
      const { trigger } = event;
      if (trigger.kind !== 'error') continue;
      if (trigger.errorCode === null || trigger.errorCode === error.code) return { host, event, trigger };
    }
  }
  return null;
}

/** An event that names the error comes before one that catches all. */
function bySpecificity<T extends BoundaryEventNode | EventSubProcessStartNode>(
  events: readonly T[],
): readonly T[] {
  const namesNone = ({ trigger }: T): number =>
    trigger.kind === 'error' && trigger.errorCode === null ? 1 : 0;
  return events.length < 2 ? events : events.toSorted((a, b) => namesNone(a) - namesNone(b));
}

function startsIn(
  context: InstanceContext,
  scope: ActivityState,
  thrownIn: ActivityState | null,
): readonly EventSubProcessStartNode[] {
  return (context.scopeModel(scope)?.eventSubProcesses ?? [])
    .filter(({ id }) => id !== thrownIn?.nodeId)
    .map(({ start }) => start);
}

function boundariesOf(context: InstanceContext, host: ActivityState): readonly BoundaryEventNode[] {
  return host.parent === null ? [] : context.node(host).boundaryEvents;
}
