import type { ActivityState } from '../state/activity.state.js';
import type { Agenda } from './agenda.js';
import type { Cancellation } from './cancellation.js';
import type { InstanceContext } from './instance.context.js';
import {
  countInstances,
  isComplete,
  readCounters,
  writeCounters,
  writeLoopVariables,
} from './multi-instance.js';

/** Runs the instances of multi-instance activities within their bodies. */
export class MultiInstanceRunner {
  /** @param leave moves the token of a body on */
  constructor(
    private readonly agenda: Agenda,
    private readonly cancellation: Cancellation,
    private readonly leave: (context: InstanceContext, body: ActivityState) => void,
  ) {}

  /** Schedules the first instance of a sequential activity, or all instances of a parallel one. */
  begin(context: InstanceContext, body: ActivityState): void {
    const node = context.node(body);
    if (node.kind !== 'multiInstanceBody') return;
    const nrOfInstances = countInstances(context, body, node);
    if (nrOfInstances === 0) {
      this.leave(context, body);
      return;
    }
    const atOnce = node.isSequential ? 1 : nrOfInstances;
    writeCounters(context, body, { nrOfInstances, nrOfCompletedInstances: 0, nrOfActiveInstances: atOnce });
    const scope = body;
    const steps = Array.from({ length: atOnce }, (_, loopCounter) => ({
      context,
      scope,
      nodeId: node.innerId,
      loopCounter,
    }));
    this.agenda.scheduleSteps(steps);
  }

  /** Sequential instances share the body's variables; each parallel instance has its own. */
  enter(context: InstanceContext, body: ActivityState, activity: ActivityState, loopCounter: number): void {
    const node = context.node(body);
    if (node.kind !== 'multiInstanceBody') return;
    writeLoopVariables(context, node.isSequential ? body : activity, body, node, loopCounter);
  }

  /** An instance has ended: starts the next one or leaves the body. */
  instanceEnded(context: InstanceContext, body: ActivityState): void {
    const node = context.node(body);
    if (node.kind !== 'multiInstanceBody') return;
    const before = readCounters(body);
    const nrOfCompletedInstances = before.nrOfCompletedInstances + 1;
    // A sequential activity counts one active instance to the end, as in Camunda.
    const nrOfActiveInstances = node.isSequential ? 1 : before.nrOfActiveInstances - 1;
    writeCounters(context, body, { ...before, nrOfCompletedInstances, nrOfActiveInstances });
    if (isComplete(context, body, node) || nrOfCompletedInstances >= before.nrOfInstances) {
      this.cancellation.clear(context, body);
      this.leave(context, body);
    } else if (node.isSequential) {
      const loopCounter = nrOfCompletedInstances;
      this.agenda.scheduleSteps([{ context, scope: body, nodeId: node.innerId, loopCounter }]);
    }
  }
}
