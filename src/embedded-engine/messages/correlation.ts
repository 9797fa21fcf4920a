import type { EngineState } from '../state/engine.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import type { ExecutionView } from '../query/execution.query.js';
import type { ProcessInstanceView } from '../query/process-instance.query.js';
import { localVariables } from '../core/variable.scopes.js';
import type { EventSubscriptionRecord } from '../state/records.types.js';
import type { TypedValue, Variables } from '../state/typed-value.types.js';

export interface CorrelationInput {
  readonly messageName: string;
  readonly businessKey: string | null;
  readonly processInstanceId: string | null;
  /** Plain values, compared with variables of the process instance. */
  readonly correlationKeys: ReadonlyMap<string, TypedValue>;
  /** Compared with variables of the waiting execution's own scope. */
  readonly localCorrelationKeys: ReadonlyMap<string, TypedValue>;
  readonly variables: Variables;
  /** Set in the scope of the execution that waits. */
  readonly localVariables: Variables;
  readonly triggeredScopeVariables: Variables;
  /** Undefined: any tenant; null: none. */
  readonly tenantId: string | null | undefined;
  /** Correlates to everything that matches; otherwise exactly one execution or definition has to match. */
  readonly all: boolean;
}

/** The target of a message: a waiting execution, or a definition that it started. */
export type CorrelationResult =
  | { readonly resultType: 'Execution'; readonly execution: ExecutionView; readonly variables: Variables }
  | {
      readonly resultType: 'ProcessDefinition';
      readonly processInstance: ProcessInstanceView;
      readonly variables: Variables;
    };

/** A definition that a message starts, with its start event. */
export interface MessageStart {
  readonly definition: ExecutableDefinition;
  readonly startActivityId: string;
}

/** Whether a subscription matches a correlation. */
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

/**
 * The latest definitions that the message starts, also if the correlation names an instance that does not wait for it.
 */
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

/** The correlation keys as in Camunda's error messages. */
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
