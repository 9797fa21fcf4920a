import type { BuildContext } from './build.context.js';
import type { SequenceFlow } from './process-model.js';

/**
 * Camunda's rules for the flows out of an exclusive gateway.
 *
 * @param declaredDefault the gateway's `default`, null where it has none
 * @returns the default flow: the declared one, or the only flow without a condition
 */
export function checkExclusiveGateway(
  id: string,
  outgoing: readonly SequenceFlow[],
  declaredDefault: string | null,
  context: BuildContext,
): string | null {
  const [first] = outgoing;
  if (first === undefined) {
    context.error(`Exclusive gateway '${id}' has no outgoing sequence flow`, id);
    return null;
  }
  if (outgoing.length === 1) {
    if (first.condition !== null) {
      context.error(
        `Exclusive gateway '${id}' has one outgoing sequence flow ('${first.id}'), which cannot have a condition`,
        id,
      );
    }
    return declaredDefault;
  }
  const unconditioned = outgoing.filter((flow) => flow.condition === null && flow.id !== declaredDefault);
  const [only] = unconditioned;
  if (declaredDefault === null && unconditioned.length === 1 && only !== undefined) {
    context.warning(
      `Exclusive gateway '${id}' takes sequence flow '${only.id}', which has no condition, as its default`,
      id,
    );
    return only.id;
  }
  for (const flow of unconditioned) {
    context.error(
      `Exclusive gateway '${id}' has sequence flow '${flow.id}', which is not its default and has no condition`,
      id,
    );
  }
  return declaredDefault;
}

/** A default flow is one of the node's own and has no condition. */
export function checkDefaultFlow(
  id: string,
  outgoing: readonly SequenceFlow[],
  declaredDefault: string | null,
  context: BuildContext,
): void {
  if (declaredDefault === null) return;
  const flow = outgoing.find((one) => one.id === declaredDefault);
  if (flow === undefined) {
    context.error(`Default sequence flow '${declaredDefault}' does not leave '${id}'`, id);
  } else if (flow.condition !== null) {
    context.error(`Default sequence flow '${declaredDefault}' of '${id}' has a condition`, id);
  }
}
