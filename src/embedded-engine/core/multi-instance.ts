import { isElNumber, numberValueOf } from '../el/index.js';
import type { MultiInstanceBodyNode } from '../model/index.js';
import type { ActivityState } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { InstanceContext } from './instance.context.js';
import { toExpressionValue, toTypedValue } from './typed-value.converter.js';
import { findVariable } from './variable.scopes.js';

/** The progress of a multi-instance activity. The body's variables hold it, and conditions and clients see it there. */
interface LoopCounters {
  readonly nrOfInstances: number;
  readonly nrOfCompletedInstances: number;
  readonly nrOfActiveInstances: number;
}

/** The number of instances of a body. @throws ProcessEngine for an invalid cardinality or collection */
export function countInstances(
  context: InstanceContext,
  body: ActivityState,
  node: MultiInstanceBodyNode,
): number {
  if (node.cardinality === null) return collectionOf(context, body, node).length;
  const value = node.cardinality.evaluate(context.scopeOf(body));
  const count = cardinalityOf(value);
  if (count === null)
    throw new ProcessEngineError(
      `ENGINE-02027 Could not resolve expression of type 'loopCardinality'. Expression '${node.cardinality.text}' needs to be a number or number String.`,
    );
  if (count < 0)
    throw new ProcessEngineError(
      `ENGINE-02023 Invalid number of 'instances': must be positive integer value or zero, but was '${count}'.`,
    );
  return count;
}

export function writeCounters(context: InstanceContext, body: ActivityState, counters: LoopCounters): void {
  for (const [name, value] of Object.entries(counters))
    context.variables.setLocal(body, name, toTypedValue(value));
}

/** @throws ProcessEngine if a counter was overwritten with another type */
export function readCounters(body: ActivityState): LoopCounters {
  const read = (name: keyof LoopCounters): number => {
    const value = body.variables?.get(name)?.value.value;
    if (typeof value === 'number') return value;
    throw new ProcessEngineError(`The variable ${name} of '${body.nodeId}' is not a number`);
  };
  return {
    nrOfInstances: read('nrOfInstances'),
    nrOfCompletedInstances: read('nrOfCompletedInstances'),
    nrOfActiveInstances: read('nrOfActiveInstances'),
  };
}

/** Sets the variables of one instance: its `loopCounter` and its element of the collection. */
export function writeLoopVariables(
  context: InstanceContext,
  target: ActivityState,
  body: ActivityState,
  node: MultiInstanceBodyNode,
  loopCounter: number,
): void {
  context.variables.setLocalShownIn(body, target, 'loopCounter', toTypedValue(loopCounter));
  if (node.elementVariable === null || node.collection === null) return;
  const elements = collectionOf(context, body, node);
  context.variables.setLocalShownIn(body, target, node.elementVariable, toTypedValue(elements[loopCounter]));
}

/** Whether the activity is complete. @throws ProcessEngine for a condition that is not Boolean */
export function isComplete(
  context: InstanceContext,
  body: ActivityState,
  node: MultiInstanceBodyNode,
): boolean {
  if (node.completionCondition === null) return false;
  const value = node.completionCondition.evaluate(context.scopeOf(body));
  if (typeof value === 'boolean') return value;
  throw new ProcessEngineError(
    `completion condition '${node.completionCondition.text}' does not evaluate to a boolean value`,
  );
}

function collectionOf(
  context: InstanceContext,
  body: ActivityState,
  { collection }: MultiInstanceBodyNode,
): readonly unknown[] {
  if (collection === null) return [];
  if ('variable' in collection) {
    const variable = findVariable(body, collection.variable);
    const value = variable === undefined ? null : toExpressionValue(variable.value);
    if (Array.isArray(value)) return value;
    throw new ProcessEngineError(
      `ENGINE-02025 Variable '${collection.variable}' is not of the expected type 'Collection'.`,
    );
  }
  const value = collection.evaluate(context.scopeOf(body));
  if (Array.isArray(value)) return value;
  throw new ProcessEngineError(
    `ENGINE-02024 Expression '${collection.text}' didn't resolve to type 'Collection'.`,
  );
}

/** Converts a number or numeric text to an integer by truncation; null for anything else. */
function cardinalityOf(value: unknown): number | null {
  if (isElNumber(value)) return Math.trunc(numberValueOf(value));
  return typeof value === 'string' && /^[+-]?\d{1,9}$/.test(value) ? Number(value) : null;
}
