import type { ActivityState } from '../state/activity.state.js';
import type { Agenda } from './agenda.js';
import type { Cancellation } from './cancellation.js';
import type { InstanceAtWork } from './instance-at-work.js';
import {
  countInstances,
  isComplete,
  readCounters,
  writeCounters,
  writeLoopVariables,
} from './multi-instance.js';

/** Runs the instances of multi-instance activities inside their bodies. */
export class LoopRunner {
  /** @param leave takes the token of a body on */
  constructor(
    private readonly agenda: Agenda,
    private readonly cancellation: Cancellation,
    private readonly leave: (at: InstanceAtWork, body: ActivityState) => void,
  ) {}

  /** Plans the first instance, or all of them. */
  begin(at: InstanceAtWork, body: ActivityState): void {
    const node = at.node(body);
    if (node.kind !== 'multiInstanceBody') return;
    const nrOfInstances = countInstances(at, body, node);
    if (nrOfInstances === 0) {
      this.leave(at, body);
      return;
    }
    const atOnce = node.isSequential ? 1 : nrOfInstances;
    writeCounters(at, body, { nrOfInstances, nrOfCompletedInstances: 0, nrOfActiveInstances: atOnce });
    const scope = body;
    const steps = Array.from({ length: atOnce }, (_, loopCounter) => ({
      at,
      scope,
      nodeId: node.innerId,
      loopCounter,
    }));
    this.agenda.planSteps(steps);
  }

  /** One after another the instances share the body's variables; side by side each has its own. */
  enter(at: InstanceAtWork, body: ActivityState, activity: ActivityState, loopCounter: number): void {
    const node = at.node(body);
    if (node.kind !== 'multiInstanceBody') return;
    writeLoopVariables(at, node.isSequential ? body : activity, body, node, loopCounter);
  }

  /** An instance has ended: the next one begins, or the body is left. */
  instanceEnded(at: InstanceAtWork, body: ActivityState): void {
    const node = at.node(body);
    if (node.kind !== 'multiInstanceBody') return;
    const before = readCounters(body);
    const nrOfCompletedInstances = before.nrOfCompletedInstances + 1;
    // One after another, one counts as active to the end, as in Camunda.
    const nrOfActiveInstances = node.isSequential ? 1 : before.nrOfActiveInstances - 1;
    writeCounters(at, body, { ...before, nrOfCompletedInstances, nrOfActiveInstances });
    if (isComplete(at, body, node) || nrOfCompletedInstances >= before.nrOfInstances) {
      this.cancellation.clear(at, body);
      this.leave(at, body);
    } else if (node.isSequential) {
      const loopCounter = nrOfCompletedInstances;
      this.agenda.planSteps([{ at, scope: body, nodeId: node.innerId, loopCounter }]);
    }
  }
}
