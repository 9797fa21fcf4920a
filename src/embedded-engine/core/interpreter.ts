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
import { atWork, type InstanceAtWork, type ThrownError } from './instance-at-work.js';
import { LoopRunner } from './loop.runner.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import { fromScriptValue } from './script.values.js';
import { selectExclusive, selectInclusive, selectOutgoing } from './sequence-flow.selector.js';
import { toTypedValue } from './typed-value.converter.js';
import type { TypedValue, Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';
import { createUserTask } from './user-task.factory.js';

/**
 * Moves tokens within one command, until all of them wait or their instances have ended: those of one instance, and of
 * instances that call it or that it calls.
 */
export class Interpreter {
  private readonly agenda: Agenda;
  private readonly cancellation: Cancellation;
  private readonly events: EventRunner;
  private readonly loops: LoopRunner;

  constructor(
    private readonly work: UnitOfWork,
    stepLimit: number,
  ) {
    this.agenda = new Agenda(stepLimit);
    this.cancellation = new Cancellation(work, this.agenda);
    const leave = (at: InstanceAtWork, activity: ActivityState): void => {
      this.leave(at, activity);
    };
    this.loops = new LoopRunner(this.agenda, this.cancellation, leave);
    this.events = new EventRunner(work, this.agenda, this.cancellation, {
      leave,
      endPath: (at, activity) => {
        this.depart(at, activity, []);
      },
    });
  }

  /** Begins an instance that has been made, at the start event that it was made with. */
  start(instance: ProcessInstanceState, variables: Variables): void {
    this.begin(atWork(this.work, instance.id), variables);
    this.run();
  }

  /** The activity has done what it waited for. */
  signal(at: InstanceAtWork, activity: ActivityState): void {
    this.leave(at, activity);
    this.run();
  }

  /** Throws a BPMN error out of a waiting activity. */
  raiseError(at: InstanceAtWork, activity: ActivityState, error: ThrownError): void {
    this.events.throwError(at, activity, error);
    this.run();
  }

  /**
   * A timer has fallen due or a message has come for which `owner` waited.
   *
   * @param variables go to the scope that the event begins, or that waited for it
   */
  trigger(at: InstanceAtWork, owner: ActivityState, eventId: string, variables = NO_VARIABLES): void {
    this.events.fire(at, owner, eventId, variables);
    this.run();
  }

  /** Ends an instance from outside; whoever called it goes on without it, or ends too where nothing is left of it. */
  deleteInstance(processInstanceId: string, options: DeleteOptions): void {
    this.cancellation.deleteInstance(processInstanceId, options);
  }

  private begin(at: InstanceAtWork, variables: Variables): void {
    const { root, instance } = at;
    at.history.instanceStarted();
    at.variables.setAllLocal(root, variables);
    enterScope(at, root);
    this.agenda.plan(at, root, [instance.header.startActivityId]);
  }

  private run(): void {
    for (let step = this.agenda.next(); step !== undefined; step = this.agenda.next()) this.take(step);
  }

  private take({ at, scope, nodeId, loopCounter, variables, isTriggered }: Step): void {
    this.work.noteElement(nodeId);
    const node = at.definition.node(nodeId);
    const activity = openActivity(at, scope, node);
    if (variables !== undefined) at.variables.setAllLocal(activity, variables);
    if (loopCounter !== undefined) this.loops.enter(at, scope, activity, loopCounter);
    enterActivity(at, activity, node);
    if (isTriggered === true) this.leave(at, activity);
    else this.execute(at, activity, node);
  }

  private execute(at: InstanceAtWork, activity: ActivityState, node: FlowNode): void {
    switch (node.kind) {
      case 'startEvent':
      case 'messageStart':
      case 'eventSubProcessStart':
      case 'passThrough':
      case 'boundaryEvent':
      case 'noneEnd':
        this.leave(at, activity);
        return;
      case 'terminateEnd':
        this.terminateScope(at, activity);
        return;
      case 'errorEnd':
        this.events.throwError(at, activity, at.errorOf(node.error, at.scopeOf(activity)));
        return;
      case 'externalTask': {
        const task = createExternalTask(at, node, activity);
        activity.taskId = task.id;
        this.work.saveTask(task);
        at.history.taskLogged('CREATED', task);
        return;
      }
      case 'expressionTask': {
        const value = node.expression.evaluate(at.scopeOf(activity));
        this.leaveWith(at, activity, node.resultVariable, value);
        return;
      }
      case 'scriptTask': {
        const value = node.script.run(at.scopeOf(activity).scriptHost()) ?? null;
        // As in Camunda a script that gives nothing sets nothing.
        if (value !== null && node.resultVariable !== null)
          at.variables.set(activity, node.resultVariable, fromScriptValue(value));
        this.leave(at, activity);
        return;
      }
      case 'userTask': {
        const task = createUserTask(at, node, activity);
        this.work.changes.userTasks.set(task.id, task);
        addWait(activity, { kind: 'userTask', id: task.id, nodeId: node.id });
        at.history.userTaskChanged(task);
        at.history.activityStarted(activity);
        return;
      }
      case 'catchEvent':
      case 'receiveTask':
      case 'eventBasedGateway':
        awaitEvents(at, activity, triggersOf(at, node));
        return;
      case 'exclusiveGateway':
        this.depart(at, activity, [selectExclusive(node, at.scopeOf(activity))]);
        return;
      case 'parallelGateway':
      case 'inclusiveGateway':
        if (this.isJoined(at, activity, node)) this.fireJoin(at, activity, node);
        return;
      case 'subProcess':
        if (node.scope.startEvent !== null) this.agenda.plan(at, activity, [node.scope.startEvent.id]);
        return;
      case 'eventSubProcess':
        this.agenda.plan(at, activity, [node.start.id]);
        return;
      case 'callActivity': {
        const called = createCalledInstance(at, activity, node);
        const given = new Map<string, TypedValue>();
        mapCallVariables(node.inputs, { at, activity }, (name, value) => given.set(name, value));
        this.begin(called, given);
        return;
      }
      case 'multiInstanceBody':
        this.loops.begin(at, activity);
        return;
      default:
        node satisfies never;
    }
  }

  private leaveWith(
    at: InstanceAtWork,
    activity: ActivityState,
    resultVariable: string | null,
    value: unknown,
  ): void {
    if (resultVariable !== null) at.variables.set(activity, resultVariable, toTypedValue(value));
    this.leave(at, activity);
  }

  /** Takes the token on over the flows that its conditions choose; they are evaluated before the outputs are mapped. */
  private leave(at: InstanceAtWork, activity: ActivityState): void {
    this.depart(at, activity, selectOutgoing(at.node(activity), at.scopeOf(activity)));
  }

  private depart(at: InstanceAtWork, activity: ActivityState, flows: readonly SequenceFlow[]): void {
    const scope = parentOf(activity);
    closeActivity(at, activity, { canceled: false, completeScope: flows.length === 0 });
    const targets = flows.map((flow) => flow.targetId);
    this.agenda.plan(at, scope, targets);
    if (flows.length === 0) this.tokenEnded(at, scope, activity.nodeId);
  }

  private tokenEnded(at: InstanceAtWork, scope: ActivityState, lastNodeId: string): void {
    if (scope.parent !== null && at.node(scope).kind === 'multiInstanceBody') {
      this.loops.instanceEnded(at, scope);
    } else if (scope.children.length === 0 && scope.tokensOnTheWay === 0) {
      this.completeScope(at, scope, lastNodeId);
    }
  }

  private completeScope(at: InstanceAtWork, scope: ActivityState, lastNodeId: string): void {
    if (scope.parent !== null) {
      this.leave(at, scope);
      return;
    }
    scope.removed = true;
    endWaits(at, scope);
    at.history.instanceEnded('COMPLETED', lastNodeId, null);
    this.work.removeInstance(at.instance.id);
    this.returnToCaller(at);
  }

  /** The called instance has ended: its results go to the call activity, which goes on. */
  private returnToCaller(at: InstanceAtWork): void {
    const call = callOf(this.work, at);
    if (call === null) return;
    passOutputs(at, call);
    this.leave(call.at, call.activity);
  }

  private terminateScope(at: InstanceAtWork, end: ActivityState): void {
    const scope = parentOf(end);
    closeActivity(at, end, { canceled: false, completeScope: true });
    this.cancellation.clear(at, scope);
    this.completeScope(at, scope, end.nodeId);
  }

  /** As many arrivals as flows lead in: nothing more is to be waited for. An inclusive join may have fewer. */
  private isJoined(at: InstanceAtWork, activity: ActivityState, node: FlowNode): boolean {
    if (arrivedAt(activity, node).length >= node.incoming.length) return true;
    const scope = parentOf(activity);
    return (
      node.kind === 'inclusiveGateway' && !isAwaited(node, scope, this.agenda.onTheWay(scope), at.definition)
    );
  }

  /** Merges all tokens that wait at a gateway into one, which goes on. */
  private fireJoin(at: InstanceAtWork, activity: ActivityState, node: FlowNode): void {
    const flows =
      node.kind === 'inclusiveGateway' && node.outgoing.length > 0
        ? selectInclusive(node, at.scopeOf(activity))
        : node.outgoing;
    for (const other of arrivedAt(activity, node)) {
      if (other !== activity) closeActivity(at, other, { canceled: false, completeScope: false });
    }
    this.depart(at, activity, flows);
  }
}

function arrivedAt(activity: ActivityState, node: FlowNode): readonly ActivityState[] {
  return parentOf(activity).children.filter((child) => child.nodeId === node.id);
}
