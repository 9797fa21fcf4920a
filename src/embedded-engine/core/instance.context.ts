import type { ExpressionScope } from '../el/index.js';
import type { ErrorModel, FlowNode, ScopeModel } from '../model/index.js';
import type { ExternalTaskRecord } from '../state/records.types.js';
import type { ActivityState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import { ActivityExpressionScope } from './expression.scope.js';
import { HistoryRecorder } from './history.recorder.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import { toTypedValue } from './typed-value.converter.js';
import type { UnitOfWork } from './unit-of-work.js';
import { VariableWriter } from './variable.scopes.js';

/** A BPMN error that was thrown. */
export interface ThrownError {
  readonly code: string;
  readonly message: string | null;
}

/** One instance within a command: its working copy, its definition, and the writers of its variables and history. */
export class InstanceContext {
  readonly variables: VariableWriter;
  readonly history: HistoryRecorder;

  constructor(
    readonly work: UnitOfWork,
    readonly instance: ProcessInstanceState,
    readonly definition: ExecutableDefinition,
  ) {
    this.history = new HistoryRecorder(work, instance, definition);
    this.variables = new VariableWriter(work, this.history);
  }

  get root(): ActivityState {
    return this.instance.root;
  }

  /** The element of an activity instance; not defined for the root. */
  node(activity: ActivityState): FlowNode {
    return this.definition.node(activity.nodeId);
  }

  /** The scope of an activity instance; null if it contains no flow. */
  scopeModel(activity: ActivityState): ScopeModel | null {
    return activity.parent === null
      ? this.definition.model.root
      : this.definition.scopeModel(activity.nodeId);
  }

  /** The scope of an activity's expressions; `externalTask` exists only if `task` is given. */
  scopeOf(activity: ActivityState, task: ExternalTaskRecord | null = null): ActivityExpressionScope {
    return new ActivityExpressionScope(activity, this.instance.header, this.definition, this.variables, task);
  }

  /** Evaluates an `<error>` of the model; its message may be an expression. */
  errorOf(error: ErrorModel, scope: ExpressionScope): ThrownError {
    const message = error.message?.evaluate(scope) ?? null;
    return { code: error.code, message: message === null ? null : textOf(message) };
  }
}

/** Opens the working copy of a running instance. @throws NotFound */
export function openInstance(work: UnitOfWork, processInstanceId: string): InstanceContext {
  const instance = work.instance(processInstanceId);
  return new InstanceContext(work, instance, work.definition(instance.header.definitionId));
}

/** The value of an expression as text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(toTypedValue(value).value);
}
