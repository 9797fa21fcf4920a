/**
 * The executable form of one BPMN process: frozen, every expression compiled, every reference resolved.
 *
 * The interpreter (`core/`) reads nothing else of the `.bpmn` file. A new kind of element is a new member of {@link
 * FlowNode}, so that the compiler checks every switch over `kind`.
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
  /** Days, from `camunda:historyTimeToLive` (`P30D` or `30`). */
  readonly historyTimeToLive: number | null;
  /** `camunda:taskPriority` of the process; inherited by tasks without their own. */
  readonly taskPriority: CompiledExpression | null;
  readonly root: ScopeModel;
  /** All flow nodes of the process, those of nested scopes included, by element id. */
  readonly nodes: ReadonlyMap<string, FlowNode>;
}

/** The process itself, an embedded sub-process or an event sub-process. */
export interface ScopeModel {
  /** Element id of the process or sub-process. */
  readonly id: string;
  /**
   * The none start event of the scope; null if a process has message start events only, and in an event sub-process.
   */
  readonly startEvent: StartEventNode | null;
  /** Message start events of a process, in document order; empty in a sub-process. */
  readonly messageStarts: readonly MessageStartNode[];
  /** Event sub-processes of this scope, in document order. */
  readonly eventSubProcesses: readonly EventSubProcessNode[];
}

/** A sequence flow; `FlowNode.outgoing` is in document order. */
export interface SequenceFlow {
  readonly id: string;
  readonly sourceId: string;
  readonly targetId: string;
  /** Null: unconditional. */
  readonly condition: FlowCondition | null;
}

/** The condition of a flow: an expression, or JavaScript if scripts are allowed. */
interface FlowCondition {
  readonly text: string;
  evaluate(scope: ConditionScope): unknown;
}

/** The scope of a condition. */
export interface ConditionScope extends ExpressionScope {
  scriptHost(): ScriptHost;
}

/** The attributes that all flow nodes have. */
export interface FlowNodeBase {
  readonly id: string;
  readonly name: string | null;
  /** Element id of the enclosing process or sub-process. */
  readonly scopeId: string;
  /** Name of the type in Camunda's history: `startEvent`, `noneEndEvent`, `serviceTask`, `exclusiveGateway`, … */
  readonly activityType: string;
  readonly incoming: readonly SequenceFlow[];
  readonly outgoing: readonly SequenceFlow[];
  /** `default` of a gateway or activity: taken if no condition of the other flows is true. */
  readonly defaultFlowId: string | null;
  /** `camunda:inputOutput`; a node with one is a variable scope of its own. */
  readonly io: IoMapping | null;
  /** Boundary events of this node, in document order; for a multi-instance activity its body has them. */
  readonly boundaryEvents: readonly BoundaryEventNode[];
  /** `camunda:properties`. */
  readonly extensionProperties: Readonly<Record<string, string>>;
}

export interface StartEventNode extends FlowNodeBase {
  readonly kind: 'startEvent';
}

type PlainKind =
  | 'noneEnd'
  | 'terminateEnd'
  /** `<task>`, `<manualTask>`, none intermediate throw event. */
  | 'passThrough'
  | 'exclusiveGateway'
  | 'parallelGateway'
  | 'inclusiveGateway'
  /** The first event after it wins: its outgoing flows lead to catch events and receive tasks only. */
  | 'eventBasedGateway';

/** A node that has no more than all nodes have. */
type PlainNode = { [K in PlainKind]: FlowNodeBase & { readonly kind: K } }[PlainKind];

export interface ErrorEndNode extends FlowNodeBase {
  readonly kind: 'errorEnd';
  readonly error: ErrorModel;
}

/** An `<error>` that an error end event throws. */
export interface ErrorModel {
  readonly id: string;
  readonly code: string;
  readonly message: CompiledExpression | null;
}

/** An external service, send or business-rule task, or an external message throw or end event. */
export interface ExternalTaskNode extends FlowNodeBase {
  readonly kind: 'externalTask';
  readonly topic: CompiledExpression;
  /** Null: the priority of the process, else 0. */
  readonly priority: CompiledExpression | null;
  /** `camunda:errorEventDefinition`; the expression sees `externalTask`. */
  readonly errorEventDefinitions: readonly {
    readonly expression: CompiledExpression;
    readonly error: ErrorModel;
  }[];
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
  /** An ISO 8601 text or a Date. */
  readonly dueDate: CompiledExpression | null;
  readonly followUpDate: CompiledExpression | null;
  /** Null: 50. */
  readonly priority: CompiledExpression | null;
  readonly formKey: CompiledExpression | null;
  /** `name` and `<documentation>` may be expressions. */
  readonly nameExpression: CompiledExpression | null;
  readonly descriptionExpression: CompiledExpression | null;
}

/** Waits for its message, or for a signal if it refers to no message. */
export interface ReceiveTaskNode extends FlowNodeBase {
  readonly kind: 'receiveTask';
  readonly message: MessageTrigger | null;
}

/** Intermediate catch event. */
export interface CatchEventNode extends FlowNodeBase {
  readonly kind: 'catchEvent';
  readonly trigger: TimerTrigger | MessageTrigger;
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

/**
 * A `camunda:in` or `camunda:out` mapping. `local`: reads only variables of the activity's own scope and sets them in
 * the target's own scope.
 */
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
 * The body around the instances of a multi-instance activity. Its id is `<activity>#multiInstanceBody`. The body has
 * the flows and boundary events of the activity; the inner activity has mappings and everything else.
 */
export interface MultiInstanceBodyNode extends FlowNodeBase {
  readonly kind: 'multiInstanceBody';
  /** Element id of the inner activity, which has no flows or boundary events of its own. */
  readonly innerId: string;
  readonly isSequential: boolean;
  /** `loopCardinality`; null if `collection` determines the number. */
  readonly cardinality: CompiledExpression | null;
  readonly collection: CompiledExpression | { readonly variable: string } | null;
  readonly elementVariable: string | null;
  readonly completionCondition: CompiledExpression | null;
}

export interface SubProcessNode extends FlowNodeBase {
  readonly kind: 'subProcess';
  readonly scope: ScopeModel;
}

/** A sub-process that an event of the surrounding scope starts. */
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

/** A message start event of a process. */
export interface MessageStartNode extends FlowNodeBase {
  readonly kind: 'messageStart';
  readonly trigger: MessageTrigger;
}

export interface BoundaryEventNode extends FlowNodeBase {
  readonly kind: 'boundaryEvent';
  /** Id of the host node; for a multi-instance activity that of its body. */
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
  /** An ISO 8601 text; for a date also a Date. */
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
  | PlainNode
  | ErrorEndNode
  | ExternalTaskNode
  | ExpressionTaskNode
  | ScriptTaskNode
  | UserTaskNode
  | ReceiveTaskNode
  | CatchEventNode
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

/** The result of compiling a resource. */
export interface CompiledResource {
  readonly processes: readonly ProcessModel[];
  readonly warnings: readonly ModelProblem[];
}

/** One problem of a resource, as in the `details` of a `ParseException`. */
export interface ModelProblem {
  readonly message: string;
  /** From 1; 0 if the parser does not know it. */
  readonly line: number;
  readonly column: number;
  readonly mainElementId: string | null;
  readonly elementIds: readonly string[];
}
