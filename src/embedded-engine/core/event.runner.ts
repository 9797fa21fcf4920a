import type { BoundaryEventNode, EventSubProcessStartNode } from '../model/index.js';
import { closeActivity, parentOf } from './activity.lifecycle.js';
import type { ActivityState } from '../state/activity.state.js';
import type { Agenda } from './agenda.js';
import type { Cancellation } from './cancellation.js';
import { findErrorHandler } from './error.handlers.js';
import { endWait, endWaits } from './event.waits.js';
import type { InstanceContext, ThrownError } from './instance.context.js';
import { type Call, callOf, passOutputs } from './call-activity.js';
import { toTypedValue } from './typed-value.converter.js';
import type { Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';

export const NO_VARIABLES: Variables = new Map();

/** What an event can do with the token that waited for it. */
interface TokenFlow {
  /** Moves the token on over the outgoing flows of its activity. */
  leave(context: InstanceContext, activity: ActivityState): void;
  /** Ends the token, as a none end event does. */
  endToken(context: InstanceContext, activity: ActivityState): void;
}

/** Executes timers, messages and errors that occurred. */
export class EventRunner {
  constructor(
    private readonly work: UnitOfWork,
    private readonly agenda: Agenda,
    private readonly cancellation: Cancellation,
    private readonly flow: TokenFlow,
  ) {}

  /** @param variables are set in the scope that the event starts, or in the scope that waited for it */
  fire(context: InstanceContext, owner: ActivityState, eventId: string, variables = NO_VARIABLES): void {
    const event = context.definition.node(eventId);
    if (event.kind === 'boundaryEvent') {
      this.fireBoundary(context, owner, event, variables);
    } else if (event.kind === 'eventSubProcessStart') {
      this.fireEventSubProcess(context, owner, event, variables);
    } else if (owner.nodeId === eventId) {
      context.variables.setAllLocal(owner, variables);
      this.flow.leave(context, owner);
    } else {
      this.leaveGateway(context, owner, eventId, variables);
    }
  }

  /**
   * Searches for a handler from the throwing activity outwards and in callers. Without one the activity ends like a
   * none end event.
   */
  throwError(context: InstanceContext, from: ActivityState, error: ThrownError): void {
    const handler = findErrorHandler(context, from, error);
    if (handler === null) {
      const call = this.catchingCall(context, error);
      if (call === null) {
        this.flow.endToken(context, from);
        return;
      }
      passOutputs(context, call);
      this.throwError(call.context, call.activity, error);
      return;
    }
    const { host, event } = handler;
    const { errorCodeVariable, errorMessageVariable } = handler.trigger;
    if (errorCodeVariable !== null) context.variables.set(host, errorCodeVariable, toTypedValue(error.code));
    if (errorMessageVariable !== null)
      context.variables.set(host, errorMessageVariable, toTypedValue(error.message));
    this.fire(context, host, event.id);
  }

  private fireBoundary(
    context: InstanceContext,
    host: ActivityState,
    event: BoundaryEventNode,
    variables: Variables,
  ): void {
    const scope = parentOf(host);
    if (event.isInterrupting) this.cancellation.cancel(context, host, event.id);
    else endTimer(context, host, event);
    this.agenda.scheduleSteps([{ context, scope, nodeId: event.id, variables }]);
  }

  /** An interrupting event cancels everything else in its scope, other event sub-processes included. */
  private fireEventSubProcess(
    context: InstanceContext,
    scope: ActivityState,
    start: EventSubProcessStartNode,
    variables: Variables,
  ): void {
    if (start.isInterrupting) {
      this.cancellation.clear(context, scope);
      endWaits(context, scope);
    } else {
      endTimer(context, scope, start);
    }
    this.agenda.scheduleSteps([{ context, scope, nodeId: start.scopeId, variables }]);
  }

  /** Continues at the first event after an event-based gateway that occurred. */
  private leaveGateway(
    context: InstanceContext,
    gateway: ActivityState,
    eventId: string,
    variables: Variables,
  ): void {
    const scope = parentOf(gateway);
    closeActivity(context, gateway, { canceled: true, completeScope: false });
    this.agenda.scheduleSteps([{ context, scope, nodeId: eventId, variables, isTriggered: true }]);
  }

  /** Returns the call activity of an instance if it or one of its callers catches the error. */
  private catchingCall(context: InstanceContext, error: ThrownError): Call | null {
    const call = callOf(this.work, context);
    if (call === null) return null;
    if (findErrorHandler(call.context, call.activity, error) !== null) return call;
    return this.catchingCall(call.context, error) === null ? null : call;
  }
}

/** Ends a timer, which fires once. A message subscription stays: a non-interrupting message may arrive again. */
function endTimer(
  context: InstanceContext,
  owner: ActivityState,
  event: BoundaryEventNode | EventSubProcessStartNode,
): void {
  const wait = owner.waits?.find(({ nodeId, kind }) => nodeId === event.id && kind === 'job');
  if (wait !== undefined) endWait(context, owner, wait);
}
