export { compileBpmn, type BpmnResource, type CompileOptions } from './bpmn.compiler.js';
export { BpmnParseError } from './bpmn-parse.error.js';
export { MAX_BPMN_BYTES } from './xml.guard.js';
export type {
  CompiledResource,
  ErrorBoundaryNode,
  ErrorEndNode,
  ErrorModel,
  ExclusiveGatewayNode,
  ExternalTaskNode,
  FlowNode,
  FlowNodeBase,
  InclusiveGatewayNode,
  IoMapping,
  IoParameter,
  IoValue,
  ModelProblem,
  NoneEndNode,
  ParallelGatewayNode,
  PassThroughNode,
  ProcessModel,
  ScopeModel,
  SequenceFlow,
  StartEventNode,
  SubProcessNode,
  TerminateEndNode,
} from './process-model.js';
