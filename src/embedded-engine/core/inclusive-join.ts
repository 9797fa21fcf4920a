import type { FlowNode } from '../model/index.js';
import type { ActivityState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';

/**
 * Whether a token at an inclusive gateway has to wait because another token of its scope can still arrive. As in
 * Camunda this is evaluated when a token arrives, and not again when another token takes a different path.
 *
 * @param pendingTargets ids of the elements that tokens of the scope are about to enter
 */
export function isAwaited(
  gateway: FlowNode,
  scope: ActivityState,
  pendingTargets: readonly string[],
  definition: ExecutableDefinition,
): boolean {
  const canCome = (nodeId: string): boolean => definition.canReach(nodeId, gateway.id);
  return (
    scope.children.some(({ nodeId }) => nodeId !== gateway.id && canCome(nodeId)) ||
    pendingTargets.some((nodeId) => nodeId === gateway.id || canCome(nodeId))
  );
}
