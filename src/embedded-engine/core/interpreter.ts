import type { ExpressionScope } from '../el/index.js';
import type { ErrorBoundaryNode, ErrorModel, FlowNode, SequenceFlow } from '../model/index.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';
import { ActivityState } from './activity.state.js';
import { Agenda } from './agenda.js';
import type { ExecutableDefinition } from './executable-definition.js';
import { ActivityExpressionScope } from './expression.scope.js';
import { createExternalTask } from './external-task.factory.js';
import { type ActivityEnd, HistoryRecorder } from './history.recorder.js';
import { findReadyJoin } from './inclusive-join.js';
import { evaluateIoValue } from './io-mapping.js';
import type { ProcessInstanceState } from './process-instance.state.js';
import { selectExclusive, selectInclusive, selectOutgoing } from './sequence-flow.selector.js';
import { toTypedValue } from './typed-value.converter.js';
import type { Variables } from './typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';
import { VariableWriter } from './variable.scopes.js';

/** An activity instance id longer than this is the UUID alone. */
const MAX_ID_LENGTH = 64;

/** An error on its way to a handler. */
export interface ThrownError {
  readonly code: string;
  readonly message: string | null;
}

/** Moves the tokens of one instance within one command, until all of them wait or the instance has ended. */
export class Interpreter {
  readonly variables: VariableWriter;
  private readonly history: HistoryRecorder;
  private readonly agenda: Agenda;

  constructor(
    private readonly work: UnitOfWork,
    private readonly instance: ProcessInstanceState,
    private readonly definition: ExecutableDefinition,
    stepLimit: number,
  ) {
    this.history = new HistoryRecorder(work, instance, definition);
    this.variables = new VariableWriter(work, this.history);
    this.agenda = new Agenda(stepLimit);
  }

  /** Begins the instance at its none start event. */
  start(variables: Variables): void {
    const { root } = this.instance;
    this.history.instanceStarted();
    this.variables.setAllLocal(root, variables);
    this.agenda.plan(root, [this.definition.model.root.startEvent.id]);
    this.run();
  }

  /** The activity has done what it waited for. */
  signal(activity: ActivityState): void {
    this.leave(activity);
    this.run();
  }

  /** Throws a BPMN error out of a waiting activity. */
  raiseError(activity: ActivityState, error: ThrownError): void {
    this.throwError(activity, error);
    this.run();
  }

  /** Ends the instance from outside. Output mappings do not run: a delete must not fail for what was never computed. */
  deleteInstance(deleteReason: string | null): void {
    for (const child of this.instance.root.children.toReversed()) this.cancel(child, { mapOutputs: false });
    this.instance.root.removed = true;
    this.history.instanceEnded('EXTERNALLY_TERMINATED', null, deleteReason);
    this.work.removeInstance(this.instance.id);
  }

  /** What expressions of an activity see; `externalTask` only where a task is given. */
  scopeOf(activity: ActivityState, task: ExternalTaskRecord | null = null): ActivityExpressionScope {
    return new ActivityExpressionScope(activity, this.instance.header, this.definition, task);
  }

  /** The error that an `<error>` of the model stands for; its message may be an expression. */
  errorOf(error: ErrorModel, scope: ExpressionScope): ThrownError {
    const message = error.message?.evaluate(scope) ?? null;
    return { code: error.code, message: message === null ? null : textOf(message) };
  }

  private run(): void {
    do {
      for (let step = this.agenda.next(); step !== undefined; step = this.agenda.next()) {
        this.enter(step.scope, this.definition.node(step.nodeId));
      }
    } while (this.fireReadyJoin());
  }

  private enter(scope: ActivityState, node: FlowNode): void {
    const activity = this.open(scope, node);
    for (const input of node.io?.inputs ?? []) {
      const value = evaluateIoValue(input.value, this.scopeOf(activity));
      this.variables.setLocal(activity, input.name, toTypedValue(value));
    }
    this.execute(activity, node);
  }

  private execute(activity: ActivityState, node: FlowNode): void {
    switch (node.kind) {
      case 'startEvent':
      case 'passThrough':
      case 'errorBoundary':
      case 'noneEnd':
        this.leave(activity);
        return;
      case 'terminateEnd':
        this.terminateScope(activity);
        return;
      case 'errorEnd':
        this.throwError(activity, this.errorOf(node.error, this.scopeOf(activity)));
        return;
      case 'externalTask': {
        const id = this.work.newId();
        const given = { id, now: this.work.now, scope: this.scopeOf(activity) };
        activity.taskId = id;
        this.work.saveTask(createExternalTask(given, node, activity, this.instance.header, this.definition));
        return;
      }
      case 'exclusiveGateway':
        this.depart(activity, [selectExclusive(node, this.scopeOf(activity))]);
        return;
      case 'parallelGateway':
      case 'inclusiveGateway':
        // As many arrivals as flows lead in: nothing more is to be waited for. An inclusive join may fire with fewer.
        if (arrivedAt(activity, node).length >= node.incoming.length) this.fireJoin(activity, node);
        return;
      case 'subProcess':
        this.agenda.plan(activity, [node.scope.startEvent.id]);
        return;
    }
  }

  /** Takes the token on over the flows that its conditions choose; they are evaluated before the outputs are mapped. */
  private leave(activity: ActivityState): void {
    const node = this.definition.node(activity.nodeId);
    this.depart(activity, selectOutgoing(node, this.scopeOf(activity)));
  }

  private depart(activity: ActivityState, flows: readonly SequenceFlow[]): void {
    const scope = parentOf(activity);
    this.close(activity, { canceled: false, completeScope: flows.length === 0 });
    this.agenda.plan(
      scope,
      flows.map((flow) => flow.targetId),
    );
    if (flows.length === 0) this.completeIfEmpty(scope, activity.nodeId);
  }

  private completeIfEmpty(scope: ActivityState, lastNodeId: string): void {
    if (scope.children.length === 0 && scope.tokensOnTheWay === 0) this.completeScope(scope, lastNodeId);
  }

  private completeScope(scope: ActivityState, lastNodeId: string): void {
    if (scope.parent !== null) {
      this.leave(scope);
      return;
    }
    scope.removed = true;
    this.history.instanceEnded('COMPLETED', lastNodeId, null);
    this.work.removeInstance(this.instance.id);
  }

  private terminateScope(end: ActivityState): void {
    const scope = parentOf(end);
    this.close(end, { canceled: false, completeScope: true });
    for (const child of scope.children.toReversed()) this.cancel(child, { mapOutputs: true });
    this.completeScope(scope, end.nodeId);
  }

  private fireReadyJoin(): boolean {
    if (!this.definition.hasInclusiveJoin || this.instance.root.removed) return false;
    const ready = findReadyJoin(this.instance.root, this.definition);
    if (ready === null) return false;
    this.fireJoin(ready, this.definition.node(ready.nodeId));
    return true;
  }

  /** Merges all tokens that wait at a gateway into one, which goes on. */
  private fireJoin(activity: ActivityState, node: FlowNode): void {
    const flows =
      node.kind === 'inclusiveGateway' && node.outgoing.length > 0
        ? selectInclusive(node, this.scopeOf(activity))
        : node.outgoing;
    for (const other of arrivedAt(activity, node)) {
      if (other !== activity) this.close(other, { canceled: false, completeScope: false });
    }
    this.depart(activity, flows);
  }

  /** Searches handlers from the thrower outwards; without one the thrower ends like a none end event. */
  private throwError(from: ActivityState, error: ThrownError): void {
    for (let host = from; host.parent !== null; host = host.parent) {
      const handler = this.definition
        .node(host.nodeId)
        .boundaryEvents.find((event) => event.errorCode === null || event.errorCode === error.code);
      if (handler === undefined) continue;
      this.catchError(host, handler, error);
      return;
    }
    this.depart(from, []);
  }

  private catchError(host: ActivityState, handler: ErrorBoundaryNode, error: ThrownError): void {
    const { errorCodeVariable, errorMessageVariable } = handler;
    if (errorCodeVariable !== null) this.variables.set(host, errorCodeVariable, toTypedValue(error.code));
    if (errorMessageVariable !== null)
      this.variables.set(host, errorMessageVariable, toTypedValue(error.message));
    const scope = parentOf(host);
    this.cancel(host, { mapOutputs: true });
    this.agenda.plan(scope, [handler.id]);
  }

  private open(scope: ActivityState, node: FlowNode): ActivityState {
    const isScope =
      node.kind === 'externalTask' ||
      node.kind === 'subProcess' ||
      node.io !== null ||
      node.boundaryEvents.length > 0;
    const isAlone = scope.children.length === 0 && scope.tokensOnTheWay === 0;
    const executionId = !isScope && isAlone ? scope.executionId : this.work.newId();
    const id = activityInstanceId(node.id, this.work.newId());
    const activity = new ActivityState(id, node.id, executionId, scope, this.work.now, isScope);
    scope.children.push(activity);
    this.history.activityStarted(activity);
    return activity;
  }

  /** Takes an activity instance without children out of the tree. */
  private close(activity: ActivityState, end: ActivityEnd, { mapOutputs } = { mapOutputs: true }): void {
    const scope = parentOf(activity);
    if (mapOutputs) this.mapOutputs(activity, scope);
    if (activity.taskId !== null) this.work.removeTask(activity.taskId);
    this.history.activityEnded(activity, end);
    activity.removed = true;
    scope.children.splice(scope.children.indexOf(activity), 1);
  }

  private mapOutputs(activity: ActivityState, scope: ActivityState): void {
    for (const output of this.definition.node(activity.nodeId).io?.outputs ?? []) {
      const value = evaluateIoValue(output.value, this.scopeOf(activity));
      this.variables.set(scope, output.name, toTypedValue(value));
    }
  }

  /** Like Camunda by default, a cancelled activity maps its outputs too. */
  private cancel(activity: ActivityState, options: { readonly mapOutputs: boolean }): void {
    for (const child of activity.children.toReversed()) this.cancel(child, options);
    this.close(activity, { canceled: true, completeScope: false }, options);
  }
}

function arrivedAt(activity: ActivityState, node: FlowNode): readonly ActivityState[] {
  return parentOf(activity).children.filter((child) => child.nodeId === node.id);
}

/** Only the root has no parent, and the root is never entered, left or cancelled as an activity. */
function parentOf(activity: ActivityState): ActivityState {
  if (activity.parent === null) throw new Error(`${activity.id} is the process instance itself`);
  return activity.parent;
}

function activityInstanceId(nodeId: string, uuid: string): string {
  const id = `${nodeId}:${uuid}`;
  return id.length > MAX_ID_LENGTH ? uuid : id;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(toTypedValue(value).value);
}
