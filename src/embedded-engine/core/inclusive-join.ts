import type { ActivityState } from './activity.state.js';
import type { ExecutableDefinition } from './executable-definition.js';

/**
 * A token at an inclusive gateway that need not wait any longer: no other token of its scope can still come there.
 * Asked when all tokens are at rest, so a join is also released by a token that took another way or ended.
 *
 * @returns one of the waiting tokens, or null when every join has to wait
 */
export function findReadyJoin(scope: ActivityState, definition: ExecutableDefinition): ActivityState | null {
  for (const child of scope.children) {
    if (child.children.length > 0) {
      const inner = findReadyJoin(child, definition);
      if (inner !== null) return inner;
    } else if (
      definition.node(child.nodeId).kind === 'inclusiveGateway' &&
      !isAwaited(child, scope, definition)
    ) {
      return child;
    }
  }
  return null;
}

function isAwaited(token: ActivityState, scope: ActivityState, definition: ExecutableDefinition): boolean {
  return scope.children.some(
    (other) => other.nodeId !== token.nodeId && definition.canReach(other.nodeId, token.nodeId),
  );
}
