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

/** An error on its way to a handler. */
export interface ThrownError {
  readonly code: string;
  readonly message: string | null;
}

/** One instance within a command: its working copy, its model, and who writes its variables and history. */
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

  /** The element that an activity instance is one of; never the root's. */
  node(activity: ActivityState): FlowNode {
    return this.definition.node(activity.nodeId);
  }

  /** The flow that an activity instance holds; null where it holds none. */
  scopeModel(activity: ActivityState): ScopeModel | null {
    return activity.parent === null
      ? this.definition.model.root
      : this.definition.scopeModel(activity.nodeId);
  }

  /** What expressions of an activity see; `externalTask` only where a task is given. */
  scopeOf(activity: ActivityState, task: ExternalTaskRecord | null = null): ActivityExpressionScope {
    return new ActivityExpressionScope(activity, this.instance.header, this.definition, this.variables, task);
  }

  /** The error that an `<error>` of the model stands for; its message may be an expression. */
  errorOf(error: ErrorModel, scope: ExpressionScope): ThrownError {
    const message = error.message?.evaluate(scope) ?? null;
    return { code: error.code, message: message === null ? null : textOf(message) };
  }
}

/** The working copy of a running instance with its model and writers. @throws NotFound */
export function openInstance(work: UnitOfWork, processInstanceId: string): InstanceContext {
  const instance = work.instance(processInstanceId);
  return new InstanceContext(work, instance, work.definition(instance.header.definitionId));
}

/** An expression's value as text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(toTypedValue(value).value);
}
