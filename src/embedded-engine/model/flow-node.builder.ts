import type { ModdleElement } from 'bpmn-moddle';
import { buildCallActivity } from './call-activity.builder.js';
import { buildCatchEvent, buildEndEvent, buildStartEvent, buildThrowEvent } from './event.builder.js';
import { checkFlowNode } from './extension.checks.js';
import { checkEventBasedGateway, checkExclusiveGateway } from './gateway.checks.js';
import { flagOf, tagOf } from './moddle.reader.js';
import { buildBody } from './multi-instance.builder.js';
import { buildBase, type NodeSurroundings } from './node.base.js';
import type { FlowNode, FlowNodeBase } from './process-model.js';
import { buildReceiveTask, buildScriptTask, buildServiceTask } from './task.builder.js';
import { buildUserTask } from './user-task.builder.js';

/**
 * Builds one flow node, and its body if it is a multi-instance activity. Empty if it has problems, all of which are
 * then reported.
 */
export function buildFlowNodes(
  element: ModdleElement,
  id: string,
  around: NodeSurroundings,
): readonly FlowNode[] {
  checkFlowNode(element, id, around.context);
  const body = buildBody(element, id, around);
  const node = buildNode(element, buildBase(element, id, around), around);
  return [node, body].filter((one) => one !== null);
}

function buildNode(element: ModdleElement, base: FlowNodeBase, around: NodeSurroundings): FlowNode | null {
  const { context } = around;
  switch (element.$type) {
    case 'bpmn:StartEvent':
      return buildStartEvent(element, base, context);
    case 'bpmn:EndEvent':
      return buildEndEvent(element, base, context);
    case 'bpmn:IntermediateThrowEvent':
      return buildThrowEvent(element, base, context);
    case 'bpmn:IntermediateCatchEvent':
      return buildCatchEvent(element, base, context);
    case 'bpmn:ServiceTask':
    case 'bpmn:SendTask':
    case 'bpmn:BusinessRuleTask':
      return buildServiceTask(element, base, context);
    case 'bpmn:ScriptTask':
      return buildScriptTask(element, base, context);
    case 'bpmn:UserTask':
      return buildUserTask(element, base, context);
    case 'bpmn:ReceiveTask':
      return buildReceiveTask(element, base, context);
    case 'bpmn:CallActivity':
      return buildCallActivity(element, base, context);
    case 'bpmn:Task':
    case 'bpmn:ManualTask':
      return Object.freeze({ kind: 'passThrough', ...base });
    case 'bpmn:ExclusiveGateway': {
      const defaultFlowId = checkExclusiveGateway(base.id, base.outgoing, base.defaultFlowId, context);
      return Object.freeze({ kind: 'exclusiveGateway', ...base, defaultFlowId });
    }
    case 'bpmn:ParallelGateway':
      return Object.freeze({ kind: 'parallelGateway', ...base });
    case 'bpmn:InclusiveGateway':
      return Object.freeze({ kind: 'inclusiveGateway', ...base });
    case 'bpmn:EventBasedGateway':
      checkEventBasedGateway(base.id, base.outgoing, around.members, context);
      return Object.freeze({ kind: 'eventBasedGateway', ...base });
    case 'bpmn:SubProcess':
      return buildSubProcess(element, base, around);
    default:
      context.refuse(`${tagOf(element)} '${base.id}'`, base.id);
      return null;
  }
}

function buildSubProcess(
  element: ModdleElement,
  base: FlowNodeBase,
  around: NodeSurroundings,
): FlowNode | null {
  const { context } = around;
  const scope = around.buildScope(element, base.id);
  if (scope === null) return null;
  if (!flagOf(element, 'triggeredByEvent')) return Object.freeze({ kind: 'subProcess', scope, ...base });
  if (base.incoming.length + base.outgoing.length > 0) {
    context.error(`Event sub-process '${base.id}' cannot have incoming or outgoing sequence flows`, base.id);
  }
  const { eventStart } = scope;
  return eventStart === null
    ? null
    : Object.freeze({ kind: 'eventSubProcess', scope, start: eventStart, ...base });
}
