import type { ActivityState } from './activity.state.js';
import { ProcessEngineError } from './engine.errors.js';

/** A token about to enter a node of a scope. */
export interface Step {
  readonly scope: ActivityState;
  readonly nodeId: string;
}

/** Steps of a command unless configured: far above any sensible process, reached in well under a second. */
export const DEFAULT_STEP_LIMIT = 100_000;

/**
 * The tokens on their way within one command. The newest goes first, so that the first branch of a fork runs to its
 * wait state before the second starts, as in Camunda.
 */
export class Agenda {
  private readonly steps: Step[] = [];
  private taken = 0;

  constructor(private readonly limit: number) {}

  /** Plans tokens of one scope; the first given is the first to go. */
  plan(scope: ActivityState, nodeIds: readonly string[]): void {
    scope.tokensOnTheWay += nodeIds.length;
    for (const nodeId of nodeIds.toReversed()) this.steps.push({ scope, nodeId });
  }

  /** The next token whose scope still exists; undefined when all are at rest. @throws ProcessEngine beyond the limit */
  next(): Step | undefined {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      if (step.scope.removed) continue;
      step.scope.tokensOnTheWay -= 1;
      this.taken += 1;
      if (this.taken <= this.limit) return step;
      throw new ProcessEngineError(
        `More than ${this.limit} steps without a wait state, at '${step.nodeId}': the process does not come to rest.`,
      );
    }
    return undefined;
  }
}
