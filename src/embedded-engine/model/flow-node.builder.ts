import type { ModdleElement } from 'bpmn-moddle';
import { buildCallActivity } from './call-activity.builder.js';
import { buildCatchEvent, buildEndEvent, buildStartEvent, buildThrowEvent } from './event.builder.js';
import { checkFlowNode } from './extension.checks.js';
import { checkEventBasedGateway, checkExclusiveGateway } from './gateway.checks.js';
import { flagOf, tagOf } from './moddle.reader.js';
import { buildBody } from './multi-instance.builder.js';
import { buildBase, type NodeBuilder, type NodeSurroundings } from './node.base.js';
import type { FlowNode, FlowNodeBase } from './process-model.js';
import { buildReceiveTask, buildScriptTask, buildServiceTask, buildUserTask } from './task.builder.js';

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
  const build = BUILDERS[element.$type] ?? refuseNode;
  const node = build(element, buildBase(element, id, around), around);
  return [node, body].filter((one) => one !== null);
}

const buildPassThrough: NodeBuilder = (_element, base) => Object.freeze({ kind: 'passThrough', ...base });

/** By type of the element; every other element is refused. */
const BUILDERS: Readonly<Record<string, NodeBuilder>> = {
  'bpmn:StartEvent': buildStartEvent,
  'bpmn:EndEvent': buildEndEvent,
  'bpmn:IntermediateThrowEvent': buildThrowEvent,
  'bpmn:IntermediateCatchEvent': buildCatchEvent,
  'bpmn:ServiceTask': buildServiceTask,
  'bpmn:SendTask': buildServiceTask,
  'bpmn:BusinessRuleTask': buildServiceTask,
  'bpmn:ScriptTask': buildScriptTask,
  'bpmn:UserTask': buildUserTask,
  'bpmn:ReceiveTask': buildReceiveTask,
  'bpmn:CallActivity': buildCallActivity,
  'bpmn:Task': buildPassThrough,
  'bpmn:ManualTask': buildPassThrough,
  'bpmn:ExclusiveGateway': (_element, base, { context }) => {
    const defaultFlowId = checkExclusiveGateway(base.id, base.outgoing, base.defaultFlowId, context);
    return Object.freeze({ kind: 'exclusiveGateway', ...base, defaultFlowId });
  },
  'bpmn:ParallelGateway': (_element, base) => Object.freeze({ kind: 'parallelGateway', ...base }),
  'bpmn:InclusiveGateway': (_element, base) => Object.freeze({ kind: 'inclusiveGateway', ...base }),
  'bpmn:EventBasedGateway': (_element, base, { members, context }) => {
    checkEventBasedGateway(base.id, base.outgoing, members, context);
    return Object.freeze({ kind: 'eventBasedGateway', ...base });
  },
  'bpmn:SubProcess': buildSubProcess,
};

const refuseNode: NodeBuilder = (element, { id }, { context }) => {
  context.refuse(`${tagOf(element)} '${id}'`, id);
  return null;
};

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
