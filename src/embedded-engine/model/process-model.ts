/**
 * The executable form of one BPMN process: frozen, every expression compiled, every reference resolved.
 *
 * The interpreter (`core/`) reads nothing else of the `.bpmn` file. New kinds of element are added as new
 * members of {@link FlowNode}, so that every switch over `kind` is told by the compiler.
 */
import type { CompiledExpression, ExpressionScope } from '../el/index.js';
import type { CompiledScript, ScriptHost } from '../scripting/index.js';

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

/** The process itself, an embedded sub-process or an event sub-process. */
export interface ScopeModel {
  /** Element id of the process or sub-process. */
  readonly id: string;
  /** The none start event that entry of the scope fires; null where a process begins by messages only, and in an event sub-process. */
  readonly startEvent: StartEventNode | null;
  /** Message start events of a process, in document order; empty in a sub-process. */
  readonly messageStarts: readonly MessageStartNode[];
  /** Event sub-processes that stand in this scope, in document order. */
  readonly eventSubProcesses: readonly EventSubProcessNode[];
}

/** A sequence flow; the order of `FlowNode.outgoing` is the document's. */
export interface SequenceFlow {
  readonly id: string;
  readonly sourceId: string;
  readonly targetId: string;
  /** Null: unconditioned. */
  readonly condition: FlowCondition | null;
}

/** What decides about a flow: an expression, or JavaScript where that is allowed. */
interface FlowCondition {
  readonly text: string;
  evaluate(scope: ConditionScope): unknown;
}

/** What a condition sees. */
export interface ConditionScope extends ExpressionScope {
  scriptHost(): ScriptHost;
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
  /** Boundary events attached to this node, in document order; those of a multi-instance activity are its body's. */
  readonly boundaryEvents: readonly BoundaryEventNode[];
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

/** An external service, send or business-rule task, or an external message throw or end event. */
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

/** `<task>`, `<manualTask>`, none intermediate throw event: passes through. */
export interface PassThroughNode extends FlowNodeBase {
  readonly kind: 'passThrough';
}

/** A service, send or business-rule task, or message throw or end event, with `camunda:expression`. */
interface ExpressionTaskNode extends FlowNodeBase {
  readonly kind: 'expressionTask';
  readonly expression: CompiledExpression;
  readonly resultVariable: string | null;
}

interface ScriptTaskNode extends FlowNodeBase {
  readonly kind: 'scriptTask';
  readonly script: CompiledScript;
  readonly resultVariable: string | null;
}

export interface UserTaskNode extends FlowNodeBase {
  readonly kind: 'userTask';
  readonly assignee: CompiledExpression | null;
  /** `camunda:candidateUsers`, a comma-separated text. */
  readonly candidateUsers: CompiledExpression | null;
  readonly candidateGroups: CompiledExpression | null;
  /** A date: ISO 8601 text or Date. */
  readonly dueDate: CompiledExpression | null;
  readonly followUpDate: CompiledExpression | null;
  /** Null: 50. */
  readonly priority: CompiledExpression | null;
  readonly formKey: CompiledExpression | null;
  /** `name` and `<documentation>` may be expressions. */
  readonly nameExpression: CompiledExpression | null;
  readonly descriptionExpression: CompiledExpression | null;
}

/** Waits for its message, or where it names none for a signal. */
export interface ReceiveTaskNode extends FlowNodeBase {
  readonly kind: 'receiveTask';
  readonly message: MessageTrigger | null;
}

/** Intermediate catch event. */
export interface CatchEventNode extends FlowNodeBase {
  readonly kind: 'catchEvent';
  readonly trigger: TimerTrigger | MessageTrigger;
}

/** The first of the events behind it wins: its outgoing flows lead to catch events and receive tasks only. */
export interface EventBasedGatewayNode extends FlowNodeBase {
  readonly kind: 'eventBasedGateway';
}

export interface CallActivityNode extends FlowNodeBase {
  readonly kind: 'callActivity';
  readonly calledElement: CompiledExpression;
  readonly binding: CallBinding;
  /** Null: the caller's tenant. */
  readonly tenantId: CompiledExpression | null;
  /** `camunda:in businessKey`; null: the called instance has none. */
  readonly businessKey: CompiledExpression | null;
  readonly inputs: readonly CallMapping[];
  readonly outputs: readonly CallMapping[];
}

export type CallBinding =
  | { readonly kind: 'latest' }
  | { readonly kind: 'deployment' }
  | { readonly kind: 'version'; readonly version: CompiledExpression }
  | { readonly kind: 'versionTag'; readonly versionTag: CompiledExpression };

/** `camunda:in` and `camunda:out`; `local`: only variables of the activity's own scope, set in the target's own. */
export type CallMapping =
  | { readonly kind: 'all'; readonly local: boolean }
  | { readonly kind: 'variable'; readonly source: string; readonly target: string; readonly local: boolean }
  | {
      readonly kind: 'expression';
      readonly expression: CompiledExpression;
      readonly target: string;
      readonly local: boolean;
    };

/**
 * What stands around the instances of a multi-instance activity. Its id is `<activity>#multiInstanceBody`; flows and
 * boundary events of the activity are the body's, mappings and everything else the inner activity's.
 */
export interface MultiInstanceBodyNode extends FlowNodeBase {
  readonly kind: 'multiInstanceBody';
  /** Element id of the activity, which has neither flows nor boundary events of its own. */
  readonly innerId: string;
  readonly isSequential: boolean;
  /** `loopCardinality`; null where `collection` says how many. */
  readonly cardinality: CompiledExpression | null;
  readonly collection: CompiledExpression | { readonly variable: string } | null;
  readonly elementVariable: string | null;
  readonly completionCondition: CompiledExpression | null;
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

/** A sub-process that an event of the scope around it begins. */
export interface EventSubProcessNode extends FlowNodeBase {
  readonly kind: 'eventSubProcess';
  readonly scope: ScopeModel;
  readonly start: EventSubProcessStartNode;
}

/** Start event of an event sub-process; its `scopeId` is the event sub-process. */
export interface EventSubProcessStartNode extends FlowNodeBase {
  readonly kind: 'eventSubProcessStart';
  readonly trigger: Trigger;
  readonly isInterrupting: boolean;
}

/** Start event of a process that a message begins. */
export interface MessageStartNode extends FlowNodeBase {
  readonly kind: 'messageStart';
  readonly trigger: MessageTrigger;
}

export interface BoundaryEventNode extends FlowNodeBase {
  readonly kind: 'boundaryEvent';
  /** Id of the host node; that of a multi-instance activity is its body's. */
  readonly attachedToId: string;
  readonly trigger: Trigger;
  /** `cancelActivity`; an error always interrupts. */
  readonly isInterrupting: boolean;
}

export type Trigger = ErrorTrigger | TimerTrigger | MessageTrigger;

export interface ErrorTrigger {
  readonly kind: 'error';
  /** Null: catches every error code. */
  readonly errorCode: string | null;
  readonly errorCodeVariable: string | null;
  readonly errorMessageVariable: string | null;
}

export interface TimerTrigger {
  readonly kind: 'timer';
  readonly timer: 'date' | 'duration';
  /** ISO 8601 text; of a date also a Date. */
  readonly expression: CompiledExpression;
}

export interface MessageTrigger {
  readonly kind: 'message';
  readonly messageName: CompiledExpression;
}

export type FlowNode =
  | StartEventNode
  | MessageStartNode
  | EventSubProcessStartNode
  | NoneEndNode
  | TerminateEndNode
  | ErrorEndNode
  | ExternalTaskNode
  | ExpressionTaskNode
  | ScriptTaskNode
  | UserTaskNode
  | ReceiveTaskNode
  | CatchEventNode
  | PassThroughNode
  | ExclusiveGatewayNode
  | ParallelGatewayNode
  | InclusiveGatewayNode
  | EventBasedGatewayNode
  | SubProcessNode
  | EventSubProcessNode
  | CallActivityNode
  | MultiInstanceBodyNode
  | BoundaryEventNode;

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
  | { readonly kind: 'script'; readonly script: CompiledScript }
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
