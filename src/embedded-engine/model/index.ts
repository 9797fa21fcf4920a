export { compileBpmn } from './bpmn.compiler.js';
export { BpmnParseError } from './bpmn-parse.error.js';
export { MAX_BPMN_BYTES } from './xml.guard.js';
export type {
  CompiledResource,
  BoundaryEventNode,
  CallActivityNode,
  CallMapping,
  ConditionScope,
  EventSubProcessStartNode,
  ErrorTrigger,
  MessageStartNode,
  MessageTrigger,
  MultiInstanceBodyNode,
  TimerTrigger,
  Trigger,
  UserTaskNode,
  ErrorModel,
  ExternalTaskNode,
  FlowNode,
  IoValue,
  ProcessModel,
  ScopeModel,
  SequenceFlow,
  StartEventNode,
} from './process-model.js';
