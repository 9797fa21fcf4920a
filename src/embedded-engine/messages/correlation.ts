import type { EngineState } from '../core/engine.state.js';
import type { ExecutableDefinition } from '../core/executable-definition.js';
import type { TypedValue } from '../core/typed-value.types.js';
import { localVariables } from '../core/variable.scopes.js';
import type { CorrelationInput } from '../core/wait-state-api.types.js';
import type { EventSubscriptionRecord } from '../persist/records.types.js';

/** A definition that a message starts, and where. */
export interface MessageStart {
  readonly definition: ExecutableDefinition;
  readonly startActivityId: string;
}

/** Whether what waits is what a correlation looks for. */
export function matchesSubscription(
  state: EngineState,
  subscription: EventSubscriptionRecord,
  input: CorrelationInput,
): boolean {
  const instance = state.instance(subscription.processInstanceId);
  if (instance === undefined || instance.suspended) return false;
  const { header, root } = instance;
  if (input.processInstanceId !== null && header.id !== input.processInstanceId) return false;
  if (input.businessKey !== null && header.businessKey !== input.businessKey) return false;
  if (input.tenantId !== undefined && header.tenantId !== input.tenantId) return false;
  const own = instance.findExecution(subscription.executionId);
  return (
    hasAll(localVariables(root), input.correlationKeys) &&
    hasAll(own === null ? new Map() : localVariables(own), input.localCorrelationKeys)
  );
}

/** The latest versions that the message starts, also where it names an instance that does not wait for it. */
export function messageStartsOf(state: EngineState, input: CorrelationInput): readonly MessageStart[] {
  return state.definitions.allLatest().flatMap((definition) => {
    const { record, model } = definition;
    if (record.suspended || (input.tenantId !== undefined && record.tenantId !== input.tenantId)) return [];
    return model.root.messageStarts
      .filter(
        ({ trigger }) => trigger.messageName.isLiteral && trigger.messageName.text === input.messageName,
      )
      .map(({ id }) => ({ definition, startActivityId: id }));
  });
}

/** What was looked for, as Camunda's error texts show it. */
export function describeCorrelation(input: CorrelationInput): string {
  const { businessKey, processInstanceId, correlationKeys, localCorrelationKeys, tenantId } = input;
  const keys = (of: ReadonlyMap<string, TypedValue>): string =>
    of.size === 0 ? 'null' : `{${[...of].map(([name, { value }]) => `${name}=${String(value)}`).join(', ')}}`;
  const parts = {
    businessKey,
    processInstanceId,
    processDefinitionId: null,
    correlationKeys: keys(correlationKeys),
    localCorrelationKeys: keys(localCorrelationKeys),
    tenantId: tenantId ?? null,
    isTenantIdSet: tenantId !== undefined,
    isExecutionsOnly: false,
  };
  const shown = Object.entries(parts).map(([name, value]) => `${name}=${String(value)}`);
  return `CorrelationSet [${shown.join(', ')}]`;
}

function hasAll(
  variables: ReadonlyMap<string, TypedValue>,
  wanted: ReadonlyMap<string, TypedValue>,
): boolean {
  return [...wanted].every(([name, { value }]) => {
    const variable = variables.get(name);
    return variable?.value === value;
  });
}
