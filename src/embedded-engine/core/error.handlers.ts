import type { BoundaryEventNode, ErrorTrigger, EventSubProcessStartNode } from '../model/index.js';
import type { ActivityState } from '../state/activity.state.js';
import type { InstanceContext, ThrownError } from './instance.context.js';

/**
 * An event that catches an error, with the activity instance that it interrupts: the host, or the scope of an event
 * sub-process.
 */
interface ErrorHandler {
  readonly host: ActivityState;
  readonly event: BoundaryEventNode | EventSubProcessStartNode;
  readonly trigger: ErrorTrigger;
}

/**
 * Searches from the throwing activity outwards; in each scope event sub-processes come before boundary events. An event
 * sub-process does not catch errors that are thrown inside it.
 *
 * @returns null if nothing in the instance catches the error
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

/** Sorts events that name an error code before those that catch all. */
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
