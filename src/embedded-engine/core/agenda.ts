import type { ActivityState } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { InstanceContext } from './instance.context.js';
import type { Variables } from '../state/typed-value.types.js';

/** A token about to enter a node of a scope. */
export interface Step {
  readonly context: InstanceContext;
  readonly scope: ActivityState;
  readonly nodeId: string;
  /** Index of the instance of a multi-instance activity, from 0. */
  readonly loopCounter?: number;
  /** Variables that are set in the node's own scope first. */
  readonly variables?: Variables;
  /** The event that the node would wait for has occurred: the node is entered and left at once. */
  readonly isTriggered?: true;
}

/** Default step limit of a command: far above any sensible process, and reached in well under a second. */
export const DEFAULT_STEP_LIMIT = 100_000;

/**
 * The tokens that one command still has to move. The newest goes first, so that the first branch of a fork runs to its
 * wait state before the second starts, as in Camunda.
 */
export class Agenda {
  private steps: Step[] = [];
  private taken = 0;

  constructor(private readonly limit: number) {}

  /** Schedules tokens of one scope; the first of the list moves first. */
  schedule(context: InstanceContext, scope: ActivityState, nodeIds: readonly string[]): void {
    this.scheduleSteps(nodeIds.map((nodeId) => ({ context, scope, nodeId })));
  }

  /** Like {@link schedule}, for steps with more details. */
  scheduleSteps(steps: readonly Step[]): void {
    for (const step of steps.toReversed()) {
      step.scope.pendingTokens += 1;
      this.steps.push(step);
    }
  }

  /** Ids of the elements that pending tokens of a scope are about to enter. */
  pendingTargets(scope: ActivityState): string[] {
    if (scope.pendingTokens === 0) return [];
    return this.steps.filter((step) => step.scope === scope).map(({ nodeId }) => nodeId);
  }

  /** Discards the pending tokens of a scope. */
  discard(scope: ActivityState): void {
    if (scope.pendingTokens === 0) return;
    this.steps = this.steps.filter((step) => step.scope !== scope);
    scope.pendingTokens = 0;
  }

  /**
   * Returns the next token whose scope still exists, or undefined when all tokens rest. @throws ProcessEngine beyond
   * the limit
   */
  next(): Step | undefined {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      if (step.scope.removed) continue;
      step.scope.pendingTokens -= 1;
      this.taken += 1;
      if (this.taken <= this.limit) return step;
      throw new ProcessEngineError(
        `More than ${this.limit} steps without a wait state, at '${step.nodeId}': the process reaches no wait state.`,
      );
    }
    return undefined;
  }
}
