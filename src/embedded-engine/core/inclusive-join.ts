import type { FlowNode } from '../model/index.js';
import type { ActivityState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';

/**
 * Whether a token at an inclusive gateway has to wait, because another of its scope can still come there. As in Camunda
 * this is asked when a token arrives, and not again when another takes a way that does not lead there.
 *
 * @param onTheWay elements that tokens of the scope are about to enter
 */
export function isAwaited(
  gateway: FlowNode,
  scope: ActivityState,
  onTheWay: readonly string[],
  definition: ExecutableDefinition,
): boolean {
  const canCome = (nodeId: string): boolean => definition.canReach(nodeId, gateway.id);
  return (
    scope.children.some(({ nodeId }) => nodeId !== gateway.id && canCome(nodeId)) ||
    onTheWay.some((nodeId) => nodeId === gateway.id || canCome(nodeId))
  );
}
