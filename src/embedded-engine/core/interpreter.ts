import type { FlowNode, SequenceFlow } from '../model/index.js';
import { closeActivity, enterActivity, enterScope, openActivity, parentOf } from './activity.lifecycle.js';
import type { ActivityState } from '../state/activity.state.js';
import { Agenda, type Step } from './agenda.js';
import { callOf, createCalledInstance, mapCallVariables, passOutputs } from './call-activity.js';
import { Cancellation, type DeleteOptions } from './cancellation.js';
import { EventRunner, NO_VARIABLES } from './event.runner.js';
import { addWait, awaitEvents, endWaits, triggersOf } from './event.waits.js';
import { createExternalTask } from './external-task.factory.js';
import { isAwaited } from './inclusive-join.js';
import { type InstanceContext, openInstance, type ThrownError } from './instance.context.js';
import { MultiInstanceRunner } from './multi-instance.runner.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import { fromScriptValue } from './script.values.js';
import { selectExclusive, selectInclusive, selectOutgoing } from './sequence-flow.selector.js';
import { toTypedValue } from './typed-value.converter.js';
import type { TypedValue, Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';
import { createUserTask } from './user-task.factory.js';

/**
 * Moves tokens within one command until all of them wait or their instances have ended. Covers one instance, its
 * callers and the instances that it calls.
 */
export class Interpreter {
  private readonly agenda: Agenda;
  private readonly cancellation: Cancellation;
  private readonly events: EventRunner;
  private readonly multiInstances: MultiInstanceRunner;

  constructor(
    private readonly work: UnitOfWork,
    stepLimit: number,
  ) {
    this.agenda = new Agenda(stepLimit);
    this.cancellation = new Cancellation(work, this.agenda);
    const leave = (context: InstanceContext, activity: ActivityState): void => {
      this.leave(context, activity);
    };
    this.multiInstances = new MultiInstanceRunner(this.agenda, this.cancellation, leave);
    this.events = new EventRunner(work, this.agenda, this.cancellation, {
      leave,
      endToken: (context, activity) => {
        this.leaveOver(context, activity, []);
      },
    });
  }

  /** Starts a new instance at its start event. */
  start(instance: ProcessInstanceState, variables: Variables): void {
    this.begin(openInstance(this.work, instance.id), variables);
    this.run();
  }

  /** Continues after a waiting activity that has completed. */
  signal(context: InstanceContext, activity: ActivityState): void {
    this.leave(context, activity);
    this.run();
  }

  /** Throws a BPMN error out of a waiting activity. */
  raiseError(context: InstanceContext, activity: ActivityState, error: ThrownError): void {
    this.events.throwError(context, activity, error);
    this.run();
  }

  /**
   * Executes a due timer or a message for which `owner` waited.
   *
   * @param variables are set in the scope that the event starts, or in the scope that waited for it
   */
  trigger(context: InstanceContext, owner: ActivityState, eventId: string, variables = NO_VARIABLES): void {
    this.events.fire(context, owner, eventId, variables);
    this.run();
  }

  /** Deletes an instance. Its caller continues without it, or is deleted too if no activity of it is left. */
  deleteInstance(processInstanceId: string, options: DeleteOptions): void {
    this.cancellation.deleteInstance(processInstanceId, options);
  }

  private begin(context: InstanceContext, variables: Variables): void {
    const { root, instance } = context;
    context.history.instanceStarted();
    context.variables.setAllLocal(root, variables);
    enterScope(context, root);
    this.agenda.schedule(context, root, [instance.header.startActivityId]);
  }

  private run(): void {
    for (let step = this.agenda.next(); step !== undefined; step = this.agenda.next()) this.take(step);
  }

  private take({ context, scope, nodeId, loopCounter, variables, isTriggered }: Step): void {
    this.work.setCurrentElement(nodeId);
    const node = context.definition.node(nodeId);
    const activity = openActivity(context, scope, node);
    if (variables !== undefined) context.variables.setAllLocal(activity, variables);
    if (loopCounter !== undefined) this.multiInstances.enter(context, scope, activity, loopCounter);
    enterActivity(context, activity, node);
    if (isTriggered === true) this.leave(context, activity);
    else this.execute(context, activity, node);
  }

  private execute(context: InstanceContext, activity: ActivityState, node: FlowNode): void {
    switch (node.kind) {
      case 'startEvent':
      case 'messageStart':
      case 'eventSubProcessStart':
      case 'passThrough':
      case 'boundaryEvent':
      case 'noneEnd':
        this.leave(context, activity);
        return;
      case 'terminateEnd':
        this.terminateScope(context, activity);
        return;
      case 'errorEnd':
        this.events.throwError(context, activity, context.errorOf(node.error, context.scopeOf(activity)));
        return;
      case 'externalTask': {
        const task = createExternalTask(context, node, activity);
        activity.taskId = task.id;
        this.work.saveTask(task);
        context.history.taskLogged('CREATED', task);
        return;
      }
      case 'expressionTask': {
        const value = node.expression.evaluate(context.scopeOf(activity));
        this.leaveWith(context, activity, node.resultVariable, value);
        return;
      }
      case 'scriptTask': {
        const value = node.script.run(context.scopeOf(activity).scriptHost()) ?? null;
        // As in Camunda, a script without a result sets no variable.
        if (value !== null && node.resultVariable !== null)
          context.variables.set(activity, node.resultVariable, fromScriptValue(value));
        this.leave(context, activity);
        return;
      }
      case 'userTask': {
        const task = createUserTask(context, node, activity);
        this.work.changes.userTasks.set(task.id, task);
        addWait(activity, { kind: 'userTask', id: task.id, nodeId: node.id });
        context.history.userTaskChanged(task);
        context.history.activityStarted(activity);
        return;
      }
      case 'catchEvent':
      case 'receiveTask':
      case 'eventBasedGateway':
        awaitEvents(context, activity, triggersOf(context, node));
        return;
      case 'exclusiveGateway':
        this.leaveOver(context, activity, [selectExclusive(node, context.scopeOf(activity))]);
        return;
      case 'parallelGateway':
      case 'inclusiveGateway':
        if (this.isJoined(context, activity, node)) this.fireJoin(context, activity, node);
        return;
      case 'subProcess':
        if (node.scope.startEvent !== null)
          this.agenda.schedule(context, activity, [node.scope.startEvent.id]);
        return;
      case 'eventSubProcess':
        this.agenda.schedule(context, activity, [node.start.id]);
        return;
      case 'callActivity': {
        const called = createCalledInstance(context, activity, node);
        const given = new Map<string, TypedValue>();
        mapCallVariables(node.inputs, { context, activity }, (name, value) => given.set(name, value));
        this.begin(called, given);
        return;
      }
      case 'multiInstanceBody':
        this.multiInstances.begin(context, activity);
        return;
      default:
        node satisfies never;
    }
  }

  private leaveWith(
    context: InstanceContext,
    activity: ActivityState,
    resultVariable: string | null,
    value: unknown,
  ): void {
    if (resultVariable !== null) context.variables.set(activity, resultVariable, toTypedValue(value));
    this.leave(context, activity);
  }

  /**
   * Moves the token on over the flows whose conditions hold. Conditions are evaluated before the outputs are mapped.
   */
  private leave(context: InstanceContext, activity: ActivityState): void {
    this.leaveOver(context, activity, selectOutgoing(context.node(activity), context.scopeOf(activity)));
  }

  private leaveOver(context: InstanceContext, activity: ActivityState, flows: readonly SequenceFlow[]): void {
    const scope = parentOf(activity);
    closeActivity(context, activity, { canceled: false, completeScope: flows.length === 0 });
    const targets = flows.map((flow) => flow.targetId);
    this.agenda.schedule(context, scope, targets);
    if (flows.length === 0) this.tokenEnded(context, scope, activity.nodeId);
  }

  private tokenEnded(context: InstanceContext, scope: ActivityState, lastNodeId: string): void {
    if (scope.parent !== null && context.node(scope).kind === 'multiInstanceBody') {
      this.multiInstances.instanceEnded(context, scope);
    } else if (scope.children.length === 0 && scope.pendingTokens === 0) {
      this.completeScope(context, scope, lastNodeId);
    }
  }

  private completeScope(context: InstanceContext, scope: ActivityState, lastNodeId: string): void {
    if (scope.parent !== null) {
      this.leave(context, scope);
      return;
    }
    scope.removed = true;
    endWaits(context, scope);
    context.history.instanceEnded('COMPLETED', lastNodeId, null);
    this.work.removeInstance(context.instance.id);
    this.returnToCaller(context);
  }

  /** Passes the results of an ended instance to its call activity, which continues. */
  private returnToCaller(context: InstanceContext): void {
    const call = callOf(this.work, context);
    if (call === null) return;
    passOutputs(context, call);
    this.leave(call.context, call.activity);
  }

  private terminateScope(context: InstanceContext, end: ActivityState): void {
    const scope = parentOf(end);
    closeActivity(context, end, { canceled: false, completeScope: true });
    this.cancellation.clear(context, scope);
    this.completeScope(context, scope, end.nodeId);
  }

  /**
   * Whether a join fires: a token has arrived for each incoming flow, or no further token can reach an inclusive join.
   */
  private isJoined(context: InstanceContext, activity: ActivityState, node: FlowNode): boolean {
    if (arrivedAt(activity, node).length >= node.incoming.length) return true;
    const scope = parentOf(activity);
    return (
      node.kind === 'inclusiveGateway' &&
      !isAwaited(node, scope, this.agenda.pendingTargets(scope), context.definition)
    );
  }

  /** Merges all tokens that wait at a gateway into one, which continues. */
  private fireJoin(context: InstanceContext, activity: ActivityState, node: FlowNode): void {
    const flows =
      node.kind === 'inclusiveGateway' && node.outgoing.length > 0
        ? selectInclusive(node, context.scopeOf(activity))
        : node.outgoing;
    for (const other of arrivedAt(activity, node)) {
      if (other !== activity) closeActivity(context, other, { canceled: false, completeScope: false });
    }
    this.leaveOver(context, activity, flows);
  }
}

function arrivedAt(activity: ActivityState, node: FlowNode): readonly ActivityState[] {
  return parentOf(activity).children.filter((child) => child.nodeId === node.id);
}
