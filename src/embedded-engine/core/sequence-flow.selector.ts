import type { ConditionScope, FlowNode, SequenceFlow } from '../model/index.js';
import { ProcessEngineError } from '../state/engine.errors.js';

/** Selects the flow of an exclusive gateway. @throws ProcessEngine if no flow can be taken */
export function selectExclusive(node: FlowNode, scope: ConditionScope): SequenceFlow {
  const chosen = node.outgoing.find((flow) =>
    flow.condition === null ? flow.id !== node.defaultFlowId : isTrue(flow, scope),
  );
  const flow = chosen ?? defaultFlow(node);
  if (flow === undefined) throw stuck(node);
  return flow;
}

/** Selects the flows of an inclusive gateway. @throws ProcessEngine if no flow can be taken */
export function selectInclusive(node: FlowNode, scope: ConditionScope): readonly SequenceFlow[] {
  const flows = selectConditional(node, scope);
  if (flows.length === 0) throw stuck(node);
  return flows;
}

/**
 * Selects the flows out of an activity or event; empty if it has no outgoing flow. @throws ProcessEngine if no flow can
 * be taken
 */
export function selectOutgoing(node: FlowNode, scope: ConditionScope): readonly SequenceFlow[] {
  const flows = selectConditional(node, scope);
  if (flows.length === 0 && node.outgoing.length > 0) {
    throw new ProcessEngineError(
      `ENGINE-02006 No conditional sequence flow leaving the Flow Node '${node.id}' could be selected for continuing the process.`,
    );
  }
  return flows;
}

function selectConditional(node: FlowNode, scope: ConditionScope): readonly SequenceFlow[] {
  const chosen = node.outgoing.filter(
    (flow) => flow.id !== node.defaultFlowId && (flow.condition === null || isTrue(flow, scope)),
  );
  if (chosen.length > 0) return chosen;
  const fallback = defaultFlow(node);
  return fallback === undefined ? [] : [fallback];
}

function defaultFlow(node: FlowNode): SequenceFlow | undefined {
  return node.outgoing.find((flow) => flow.id === node.defaultFlowId);
}

function isTrue(flow: SequenceFlow, scope: ConditionScope): boolean {
  const result = flow.condition?.evaluate(scope);
  if (typeof result === 'boolean') return result;
  const fault = result === null || result === undefined ? 'returns null' : 'returns non-Boolean';
  throw new ProcessEngineError(
    `condition expression ${fault}: ${flow.condition?.text ?? ''} (sequence flow '${flow.id}')`,
  );
}

function stuck(node: FlowNode): ProcessEngineError {
  return new ProcessEngineError(
    `ENGINE-02004 No outgoing sequence flow for the element with id '${node.id}' could be selected for continuing the process.`,
  );
}
