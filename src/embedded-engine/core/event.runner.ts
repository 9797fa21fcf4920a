import type { BoundaryEventNode, EventSubProcessStartNode } from '../model/index.js';
import { closeActivity, parentOf } from './activity.lifecycle.js';
import type { ActivityState } from '../state/activity.state.js';
import type { Agenda } from './agenda.js';
import type { Cancellation } from './cancellation.js';
import { findErrorHandler } from './error.handlers.js';
import { endWait, endWaits } from './event.waits.js';
import type { InstanceAtWork, ThrownError } from './instance-at-work.js';
import { type Call, callOf, passOutputs } from './call-activity.js';
import { toTypedValue } from './typed-value.converter.js';
import type { Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';

export const NO_VARIABLES: Variables = new Map();

/** What an event does to the token that waited for it. */
export interface TokenFlow {
  /** Takes it on over the flows of its activity. */
  leave(at: InstanceAtWork, activity: ActivityState): void;
  /** Ends it, as a none end event does. */
  endPath(at: InstanceAtWork, activity: ActivityState): void;
}

/** Lets events happen: timers, messages and errors. */
export class EventRunner {
  constructor(
    private readonly work: UnitOfWork,
    private readonly agenda: Agenda,
    private readonly cancellation: Cancellation,
    private readonly flow: TokenFlow,
  ) {}

  /** @param variables go to the scope that the event begins, or that waited for it */
  fire(at: InstanceAtWork, owner: ActivityState, eventId: string, variables = NO_VARIABLES): void {
    const event = at.definition.node(eventId);
    if (event.kind === 'boundaryEvent') {
      this.fireBoundary(at, owner, event, variables);
    } else if (event.kind === 'eventSubProcessStart') {
      this.fireEventSubProcess(at, owner, event, variables);
    } else if (owner.nodeId === eventId) {
      at.variables.setAllLocal(owner, variables);
      this.flow.leave(at, owner);
    } else {
      this.leaveGateway(at, owner, eventId, variables);
    }
  }

  /** Searches handlers from the thrower outwards and in callers; without one the thrower ends like a none end event. */
  throwError(at: InstanceAtWork, from: ActivityState, error: ThrownError): void {
    const handler = findErrorHandler(at, from, error);
    if (handler === null) {
      const call = this.catchingCall(at, error);
      if (call === null) {
        this.flow.endPath(at, from);
        return;
      }
      passOutputs(at, call);
      this.throwError(call.at, call.activity, error);
      return;
    }
    const { host, event } = handler;
    const { errorCodeVariable, errorMessageVariable } = handler.trigger;
    if (errorCodeVariable !== null) at.variables.set(host, errorCodeVariable, toTypedValue(error.code));
    if (errorMessageVariable !== null)
      at.variables.set(host, errorMessageVariable, toTypedValue(error.message));
    this.fire(at, host, event.id);
  }

  private fireBoundary(
    at: InstanceAtWork,
    host: ActivityState,
    event: BoundaryEventNode,
    variables: Variables,
  ): void {
    const scope = parentOf(host);
    if (event.isInterrupting) this.cancellation.cancel(at, host, event.id);
    else endTimer(at, host, event);
    this.agenda.planSteps([{ at, scope, nodeId: event.id, variables }]);
  }

  /** One that interrupts leaves nothing else of its scope, other event sub-processes included. */
  private fireEventSubProcess(
    at: InstanceAtWork,
    scope: ActivityState,
    start: EventSubProcessStartNode,
    variables: Variables,
  ): void {
    if (start.isInterrupting) {
      this.cancellation.clear(at, scope);
      endWaits(at, scope);
    } else {
      endTimer(at, scope, start);
    }
    this.agenda.planSteps([{ at, scope, nodeId: start.scopeId, variables }]);
  }

  /** The first event behind an event-based gateway has happened. */
  private leaveGateway(
    at: InstanceAtWork,
    gateway: ActivityState,
    eventId: string,
    variables: Variables,
  ): void {
    const scope = parentOf(gateway);
    closeActivity(at, gateway, { canceled: true, completeScope: false });
    this.agenda.planSteps([{ at, scope, nodeId: eventId, variables, isTriggered: true }]);
  }

  /** The call of an instance, where the error is caught there or further up. */
  private catchingCall(at: InstanceAtWork, error: ThrownError): Call | null {
    const call = callOf(this.work, at);
    if (call === null) return null;
    if (findErrorHandler(call.at, call.activity, error) !== null) return call;
    return this.catchingCall(call.at, error) === null ? null : call;
  }
}

/** A timer fires once; a message that interrupts nothing may come again. */
function endTimer(
  at: InstanceAtWork,
  owner: ActivityState,
  event: BoundaryEventNode | EventSubProcessStartNode,
): void {
  const wait = owner.waits?.find(({ nodeId, kind }) => nodeId === event.id && kind === 'job');
  if (wait !== undefined) endWait(at, owner, wait);
}
