import type { ActivityState } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { InstanceContext } from './instance.context.js';
import type { Variables } from '../state/typed-value.types.js';

/** A token about to enter a node of a scope. */
export interface Step {
  readonly context: InstanceContext;
  readonly scope: ActivityState;
  readonly nodeId: string;
  /** Which instance of a multi-instance activity this is, from 0. */
  readonly loopCounter?: number;
  /** Set in the node's own scope before anything else. */
  readonly variables?: Variables;
  /** What the node would wait for has happened: it is entered and left. */
  readonly isTriggered?: true;
}

/** Steps of a command unless configured: far above any sensible process, reached in well under a second. */
export const DEFAULT_STEP_LIMIT = 100_000;

/**
 * The tokens on their way within one command. The newest goes first, so that the first branch of a fork runs to its
 * wait state before the second starts, as in Camunda.
 */
export class Agenda {
  private steps: Step[] = [];
  private taken = 0;

  constructor(private readonly limit: number) {}

  /** Plans tokens of one scope; the first given is the first to go. */
  schedule(context: InstanceContext, scope: ActivityState, nodeIds: readonly string[]): void {
    this.scheduleSteps(nodeIds.map((nodeId) => ({ context, scope, nodeId })));
  }

  /** As {@link schedule}, for steps that say more. */
  scheduleSteps(steps: readonly Step[]): void {
    for (const step of steps.toReversed()) {
      step.scope.pendingTokens += 1;
      this.steps.push(step);
    }
  }

  /** Elements that tokens of a scope are about to enter. */
  pendingTargets(scope: ActivityState): string[] {
    if (scope.pendingTokens === 0) return [];
    return this.steps.filter((step) => step.scope === scope).map(({ nodeId }) => nodeId);
  }

  /** Drops the tokens that are on their way in a scope which goes on without them. */
  discard(scope: ActivityState): void {
    if (scope.pendingTokens === 0) return;
    this.steps = this.steps.filter((step) => step.scope !== scope);
    scope.pendingTokens = 0;
  }

  /** The next token whose scope still exists; undefined when all are at rest. @throws ProcessEngine beyond the limit */
  next(): Step | undefined {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      if (step.scope.removed) continue;
      step.scope.pendingTokens -= 1;
      this.taken += 1;
      if (this.taken <= this.limit) return step;
      throw new ProcessEngineError(
        `More than ${this.limit} steps without a wait state, at '${step.nodeId}': the process does not come to rest.`,
      );
    }
    return undefined;
  }
}
