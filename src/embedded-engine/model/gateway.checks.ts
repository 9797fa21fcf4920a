import type { BuildContext } from './build.context.js';
import type { SequenceFlow } from './process-model.js';

/**
 * Checks Camunda's rules for the outgoing flows of an exclusive gateway.
 *
 * @param declaredDefault the gateway's `default`; null if it has none
 * @returns the declared default flow
 */
export function checkExclusiveGateway(
  id: string,
  outgoing: readonly SequenceFlow[],
  declaredDefault: string | null,
  context: BuildContext,
): string | null {
  const [first] = outgoing;
  if (first === undefined) {
    context.error(`Exclusive Gateway '${id}' has no outgoing sequence flows.`, id);
    return null;
  }
  if (outgoing.length === 1) {
    if (first.condition !== null) {
      context.error(
        `Exclusive Gateway '${id}' has only one outgoing sequence flow ('${first.id}'). This is not allowed to have a condition.`,
        id,
      );
    }
    return declaredDefault;
  }
  const unconditioned = outgoing.filter((flow) => flow.condition === null && flow.id !== declaredDefault);
  const [only] = unconditioned;
  if (declaredDefault === null && unconditioned.length === 1 && only !== undefined) {
    context.warning(
      `Exclusive Gateway '${id}' has outgoing sequence flow '${only.id}' without a condition: it is taken in its turn, before those behind it`,
      id,
    );
    return null;
  }
  for (const flow of unconditioned) {
    context.error(
      `Exclusive Gateway '${id}' has outgoing sequence flow '${flow.id}' without condition which is not the default flow.`,
      id,
    );
  }
  return declaredDefault;
}

/** Checks that the default flow is an outgoing flow without a condition. */
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
    context.error(
      `Exclusive Gateway '${id}' has outgoing sequence flow '${declaredDefault}' which is the default flow but has a condition too.`,
      id,
    );
  }
}

/** Checks that only events follow an event-based gateway, as in Camunda. */
export function checkEventBasedGateway(
  id: string,
  outgoing: readonly SequenceFlow[],
  members: ReadonlyMap<string, string>,
  context: BuildContext,
): void {
  if (outgoing.length === 0) context.error(`Event based gateway '${id}' has no outgoing sequence flow`, id);
  if (outgoing.some(({ targetId }) => members.get(targetId) !== 'intermediateCatchEvent'))
    context.error('Event based gateway can only be connected to elements of type intermediateCatchEvent', id);
  for (const flow of outgoing)
    if (flow.condition !== null)
      context.error(
        `Sequence flow '${flow.id}' out of event based gateway '${id}' cannot have a condition`,
        id,
      );
}
