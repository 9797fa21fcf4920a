import type { HistoryService } from '../history/history.service.js';
import type { IncidentRecord } from '../state/records.types.js';
import type { Variables } from '../state/typed-value.types.js';
import { activityInstanceTree, type ActivityInstanceView } from './activity-instance.tree.js';
import type { ActivityState } from '../state/activity.state.js';
import type { CommandExecutor } from '../core/command.executor.js';
import { NotFoundError, NullValueError, ProcessEngineError } from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import { type InstanceContext, openInstance } from '../core/instance.context.js';
import { startInstance } from '../core/instance.factory.js';
import { viewExecution, viewInstance } from '../core/instance.views.js';
import type { ExecutionView } from '../query/execution.query.js';
import type { ProcessInstanceView } from '../query/process-instance.query.js';
import { Interpreter } from '../core/interpreter.js';
import { RuntimeReader } from './runtime.reader.js';
import { assertInstanceActive, setInstanceSuspended } from '../core/suspension.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { localVariables, visibleVariables } from '../core/variable.scopes.js';

export interface StartInput {
  readonly businessKey: string | null;
  readonly variables: Variables;
  /** A start event of the process; null: the one of a start by key. */
  readonly startEventId: string | null;
}

export interface StartResult extends ProcessInstanceView {
  /** The process variables, transient ones included, at the first wait state or the end of the instance. */
  readonly variables: Variables;
}

export interface DeleteInstanceOptions {
  readonly deleteReason: string | null;
  /** Skips output mappings. */
  readonly skipIoMappings: boolean;
  readonly skipSubprocesses: boolean;
}

/** Running process instances, their variables and incidents. */
export class RuntimeService extends RuntimeReader {
  constructor(
    state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly stepLimit: number,
    private readonly history: HistoryService,
  ) {
    super(state, executor.clock);
  }

  /**
   * @throws NotFound for an unknown definition; BadUserRequest if the element is no start event of the process;
   *   ProcessEngine if the instance fails before its first wait state
   */
  startProcessInstance(processDefinitionId: string, input: StartInput): Promise<StartResult> {
    return this.executor.run((work) => {
      const definition = work.definition(processDefinitionId);
      const { businessKey, variables, startEventId } = input;
      const { id: startActivityId } =
        startEventId === null ? definition.initialStart() : definition.startEvent(startEventId);
      const interpreter = new Interpreter(work, this.stepLimit);
      const start = { startActivityId, businessKey, variables };
      const instance = startInstance(work, interpreter, definition, start);
      return { variables: localVariables(instance.root), ...viewInstance(instance, definition) };
    });
  }

  /** Null as soon as the instance has ended. */
  findProcessInstance(id: string): ProcessInstanceView | null {
    const instance = this.state.instance(id);
    return instance === undefined ? null : this.view(instance);
  }

  findActivityInstanceTree(processInstanceId: string): ActivityInstanceView | null {
    const instance = this.state.instance(processInstanceId);
    const definition =
      instance === undefined ? undefined : this.state.definition(instance.header.definitionId);
    return instance === undefined || definition === undefined
      ? null
      : activityInstanceTree(instance, definition, ({ executionId, nodeId }) =>
          this.state
            .incidentsOf(processInstanceId)
            .filter((incident) => incident.executionId === executionId && incident.activityId === nodeId),
        );
  }

  /** @throws NotFound */
  async deleteProcessInstance(id: string, options: DeleteInstanceOptions): Promise<void> {
    await this.executor.run((work) => {
      new Interpreter(work, this.stepLimit).deleteInstance(id, {
        deleteReason: options.deleteReason,
        state: 'EXTERNALLY_TERMINATED',
        mapOutputs: !options.skipIoMappings,
        withCalled: !options.skipSubprocesses,
      });
    });
  }

  /**
   * Suspends or activates an instance. In a suspended one nothing can be fetched, completed, correlated or executed. An
   * unknown id is ignored.
   */
  async setSuspended(processInstanceId: string, suspended: boolean): Promise<void> {
    await this.executor.run((work) => {
      // An unknown instance is ignored, as in Camunda.
      if (work.findInstance(processInstanceId) !== undefined)
        setInstanceSuspended(work, processInstanceId, suspended);
    });
  }

  /** The variables that an execution sees, by the id of an instance or execution; null for an unknown id. */
  findVariables(id: string, { local } = { local: false }): Variables | null {
    const scope = this.findScope(id);
    if (scope === null) return null;
    return local ? localVariables(scope) : visibleVariables(scope);
  }

  /** @throws NullValue for an unknown instance or execution */
  changeVariables(id: string, modifications: Variables, deletions: readonly string[]): Promise<void> {
    return this.onExecution(id, ({ variables }, scope) => {
      for (const name of deletions) variables.delete(scope, name);
      variables.setAll(scope, modifications);
    });
  }

  /** Changes variables of the execution's own scope only. @throws NullValue for an unknown execution */
  changeLocalVariables(id: string, modifications: Variables, deletions: readonly string[]): Promise<void> {
    return this.onExecution(id, ({ variables }, scope) => {
      for (const name of deletions) variables.deleteLocal(scope, name);
      variables.setAllLocal(scope, modifications);
    });
  }

  /** Deletes the history of an ended instance. @throws NotFound for an unknown or running instance */
  async deleteHistoricInstance(id: string): Promise<void> {
    await this.executor.run((work) => {
      if (this.history.findInstance(id) === null || work.findInstance(id) !== undefined)
        throw new NotFoundError(`Historic process instance with id ${id} does not exist`);
      work.changes.deletedHistories.add(id);
    });
  }

  /** Completes a receive task. @throws BadUserRequest, ProcessEngine if the execution waits for no signal */
  signal(executionId: string, given: Variables): Promise<void> {
    return this.onExecution(executionId, (context, scope, work) => {
      assertInstanceActive(context.instance, `Execution with id '${executionId}'`);
      const waiting = scope.find(
        (activity) =>
          activity.executionId === executionId &&
          activity.parent !== null &&
          context.node(activity).kind === 'receiveTask',
      );
      if (waiting === null)
        throw new ProcessEngineError(`cannot signal execution ${executionId}: it has no current activity`);
      context.variables.setAll(waiting, given);
      new Interpreter(work, this.stepLimit).signal(context, waiting);
    });
  }

  findIncident(id: string): IncidentRecord | null {
    return this.state.incidents.get(id) ?? null;
  }

  /** Null for an unknown id. */
  findExecution(id: string): ExecutionView | null {
    const instance = this.state.instanceOfExecution(id);
    const activity = instance?.findExecution(id) ?? null;
    return instance === undefined || activity === null ? null : viewExecution(instance, activity);
  }

  private findScope(id: string): ActivityState | null {
    return this.state.instanceOfExecution(id)?.findExecution(id) ?? null;
  }

  private async onExecution(
    id: string,
    command: (context: InstanceContext, scope: ActivityState, work: UnitOfWork) => void,
  ): Promise<void> {
    await this.executor.run((work) => {
      const processInstanceId = this.state.instanceOfExecution(id)?.id;
      const context = processInstanceId === undefined ? undefined : openInstance(work, processInstanceId);
      const scope = context?.instance.findExecution(id) ?? null;
      if (context === undefined || scope === null)
        throw new NullValueError(`execution ${id} doesn't exist: execution is null`);
      command(context, scope, work);
    });
  }
}
