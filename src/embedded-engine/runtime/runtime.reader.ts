import {
  EXECUTION_QUERY,
  QueriedExecution,
  type ExecutionQuery,
  type ExecutionView,
} from '../query/execution.query.js';
import { INCIDENT_QUERY, type IncidentQuery } from '../query/incident.query.js';
import {
  PROCESS_INSTANCE_QUERY,
  type ProcessInstanceQuery,
  type ProcessInstanceView,
} from '../query/process-instance.query.js';
import {
  VARIABLE_INSTANCE_QUERY,
  type VariableInstanceQuery,
  type VariableInstanceView,
} from '../query/variable-instance.query.js';
import type { IncidentRecord } from '../state/records.types.js';
import type { EngineState } from '../state/engine.state.js';
import { executionsOf, viewExecution, viewInstance, viewVariables } from '../core/instance.views.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import { QueryContext } from '../query/query.context.js';

/** Queries of running instances, in memory. */
export class RuntimeReader {
  /** @param clock epoch milliseconds */
  constructor(
    private readonly state: EngineState,
    private readonly clock: () => number,
  ) {}

  findInstances(query: ProcessInstanceQuery): readonly ProcessInstanceView[] {
    return PROCESS_INSTANCE_QUERY.find(this.instances(query), query, this.context());
  }

  countInstances(query: ProcessInstanceQuery): number {
    return PROCESS_INSTANCE_QUERY.count(this.instances(query), query, this.context());
  }

  findInstance(id: string): ProcessInstanceView | null {
    const instance = this.state.instance(id);
    return instance === undefined ? null : this.view(instance);
  }

  findIncidents(query: IncidentQuery): readonly IncidentRecord[] {
    return INCIDENT_QUERY.find(this.state.incidents.values(), query, this.context());
  }

  countIncidents(query: IncidentQuery): number {
    return INCIDENT_QUERY.count(this.state.incidents.values(), query, this.context());
  }

  findVariables(query: VariableInstanceQuery): readonly VariableInstanceView[] {
    return VARIABLE_INSTANCE_QUERY.find(this.variables(query), query, undefined);
  }

  countVariables(query: VariableInstanceQuery): number {
    return VARIABLE_INSTANCE_QUERY.count(this.variables(query), query, undefined);
  }

  findExecutions(query: ExecutionQuery): readonly ExecutionView[] {
    return EXECUTION_QUERY.find(this.executions(query), query, undefined).map(({ instance, activity }) =>
      viewExecution(instance, activity),
    );
  }

  countExecutions(query: ExecutionQuery): number {
    return EXECUTION_QUERY.count(this.executions(query), query, undefined);
  }

  findExecution(id: string): ExecutionView | null {
    const instance = this.state.instanceOfExecution(id);
    const activity = instance?.findExecution(id) ?? null;
    return instance === undefined || activity === null ? null : viewExecution(instance, activity);
  }

  private *instances({ processInstanceIds }: ProcessInstanceQuery): Iterable<ProcessInstanceView> {
    for (const instance of this.some(processInstanceIds)) yield this.view(instance);
  }

  private *variables({ processInstanceIdIn }: VariableInstanceQuery): Iterable<VariableInstanceView> {
    for (const instance of this.some(processInstanceIdIn)) yield* viewVariables(instance);
  }

  private *executions({ processInstanceId }: ExecutionQuery): Iterable<QueriedExecution> {
    const ids = processInstanceId === undefined ? undefined : [processInstanceId];
    for (const instance of this.some(ids))
      for (const activity of executionsOf(instance))
        yield new QueriedExecution(this.state, instance, activity);
  }

  /** The instances with these ids, or all. */
  private some(ids: readonly string[] | undefined): Iterable<ProcessInstanceState> {
    if (ids === undefined) return this.state.instances.values();
    return [...new Set(ids)].flatMap((id) => this.state.instance(id) ?? []);
  }

  private view(instance: ProcessInstanceState): ProcessInstanceView {
    return viewInstance(instance, this.state.definition(instance.header.definitionId));
  }

  private context(): QueryContext {
    return new QueryContext(this.state, this.clock());
  }
}
