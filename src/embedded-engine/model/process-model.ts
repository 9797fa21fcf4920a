/**
 * The executable form of one BPMN process: frozen, every expression compiled, every reference resolved.
 *
 * The interpreter (`core/`) reads nothing else of the `.bpmn` file. New kinds of element are added as new
 * members of {@link FlowNode}, so that every switch over `kind` is told by the compiler.
 */
import type { CompiledExpression } from '../el/index.js';

/** One `<process isExecutable="true">` of a resource. */
export interface ProcessModel {
  readonly key: string;
  readonly name: string | null;
  /** `<documentation>` of the process. */
  readonly description: string | null;
  /** `targetNamespace` of the file. */
  readonly category: string | null;
  readonly versionTag: string | null;
  readonly startableInTasklist: boolean;
  /** Days, as `camunda:historyTimeToLive` says (`P30D` and `30` alike). */
  readonly historyTimeToLive: number | null;
  /** `camunda:taskPriority` of the process, inherited by tasks that name none. */
  readonly taskPriority: CompiledExpression | null;
  readonly root: ScopeModel;
  /** Every flow node of the process, those of nested scopes included, by element id. */
  readonly nodes: ReadonlyMap<string, FlowNode>;
}

/** The process itself or an embedded sub-process. */
export interface ScopeModel {
  /** Element id of the process or sub-process. */
  readonly id: string;
  /** The none start event that entry of the scope fires. */
  readonly startEvent: StartEventNode;
}

/** A sequence flow; the order of `FlowNode.outgoing` is the document's. */
export interface SequenceFlow {
  readonly id: string;
  readonly sourceId: string;
  readonly targetId: string;
  /** Null: unconditioned. */
  readonly condition: CompiledExpression | null;
}

/** What every flow node has. */
export interface FlowNodeBase {
  readonly id: string;
  readonly name: string | null;
  /** Element id of the enclosing process or sub-process. */
  readonly scopeId: string;
  /** As Camunda's history names it: `startEvent`, `noneEndEvent`, `serviceTask`, `exclusiveGateway`, … */
  readonly activityType: string;
  readonly incoming: readonly SequenceFlow[];
  readonly outgoing: readonly SequenceFlow[];
  /** `default` of a gateway or activity: taken when no condition of the others holds. */
  readonly defaultFlowId: string | null;
  /** `camunda:inputOutput`; a node with one is a variable scope of its own. */
  readonly io: IoMapping | null;
  /** Error boundary events attached to this node, in document order. */
  readonly boundaryEvents: readonly ErrorBoundaryNode[];
  /** `camunda:properties`. */
  readonly extensionProperties: Readonly<Record<string, string>>;
}

export interface StartEventNode extends FlowNodeBase {
  readonly kind: 'startEvent';
}

export interface NoneEndNode extends FlowNodeBase {
  readonly kind: 'noneEnd';
}

export interface TerminateEndNode extends FlowNodeBase {
  readonly kind: 'terminateEnd';
}

export interface ErrorEndNode extends FlowNodeBase {
  readonly kind: 'errorEnd';
  readonly error: ErrorModel;
}

/** `<error>` as an error end event throws it. */
export interface ErrorModel {
  readonly id: string;
  readonly code: string;
  readonly message: CompiledExpression | null;
}

/** An external service, send or business-rule task. */
export interface ExternalTaskNode extends FlowNodeBase {
  readonly kind: 'externalTask';
  readonly topic: CompiledExpression;
  /** Null: the process's, else 0. */
  readonly priority: CompiledExpression | null;
  /** `camunda:errorEventDefinition`; the expression sees `externalTask`. */
  readonly errorEventDefinitions: readonly {
    readonly expression: CompiledExpression;
    readonly error: ErrorModel;
  }[];
}

/** `<task>`: passes through. */
export interface PassThroughNode extends FlowNodeBase {
  readonly kind: 'passThrough';
}

export interface ExclusiveGatewayNode extends FlowNodeBase {
  readonly kind: 'exclusiveGateway';
}

export interface ParallelGatewayNode extends FlowNodeBase {
  readonly kind: 'parallelGateway';
}

export interface InclusiveGatewayNode extends FlowNodeBase {
  readonly kind: 'inclusiveGateway';
}

export interface SubProcessNode extends FlowNodeBase {
  readonly kind: 'subProcess';
  readonly scope: ScopeModel;
}

export interface ErrorBoundaryNode extends FlowNodeBase {
  readonly kind: 'errorBoundary';
  readonly attachedToId: string;
  /** Null: catches every error code. */
  readonly errorCode: string | null;
  readonly errorCodeVariable: string | null;
  readonly errorMessageVariable: string | null;
}

export type FlowNode =
  | StartEventNode
  | NoneEndNode
  | TerminateEndNode
  | ErrorEndNode
  | ExternalTaskNode
  | PassThroughNode
  | ExclusiveGatewayNode
  | ParallelGatewayNode
  | InclusiveGatewayNode
  | SubProcessNode
  | ErrorBoundaryNode;

/** `camunda:inputOutput`, in document order. */
export interface IoMapping {
  readonly inputs: readonly IoParameter[];
  readonly outputs: readonly IoParameter[];
}

export interface IoParameter {
  readonly name: string;
  readonly value: IoValue;
}

export type IoValue =
  | { readonly kind: 'expression'; readonly expression: CompiledExpression }
  | { readonly kind: 'list'; readonly items: readonly IoValue[] }
  | { readonly kind: 'map'; readonly entries: readonly { readonly key: string; readonly value: IoValue }[] }
  /** An empty parameter: null. */
  | { readonly kind: 'null' };

/** What a resource compiles to. */
export interface CompiledResource {
  readonly processes: readonly ProcessModel[];
  readonly warnings: readonly ModelProblem[];
}

/** One problem of a resource, as `details` of a `ParseException` shows it. */
export interface ModelProblem {
  readonly message: string;
  /** 1-based; 0 where the parser does not know. */
  readonly line: number;
  readonly column: number;
  readonly mainElementId: string | null;
  readonly elementIds: readonly string[];
}
