import type { Queryable } from '../query/define/query.definition.js';
import {
  EXECUTION_QUERY,
  QueriedExecution,
  type ExecutionQuery,
  type ExecutionView,
} from '../query/execution.query.js';
import { INCIDENT_QUERY } from '../query/incident.query.js';
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
import type { EngineState } from '../state/engine.state.js';
import { executionsOf, viewExecution, viewInstance, viewVariables } from '../core/instance.views.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import { QueryContext } from '../query/query.context.js';

/** Queries of running instances, in memory. */
export class RuntimeReader {
  readonly processInstances = PROCESS_INSTANCE_QUERY.over(
    (query) => this.instanceCandidates(query),
    () => this.context(),
  );
  readonly incidents = INCIDENT_QUERY.over(
    () => this.state.incidents.values(),
    () => this.context(),
  );
  readonly variableInstances = VARIABLE_INSTANCE_QUERY.over(
    (query) => this.variableCandidates(query),
    () => undefined,
  );
  readonly executions: Queryable<ExecutionQuery, ExecutionView> = {
    find: (query) =>
      EXECUTION_QUERY.find(this.executionCandidates(query), query, undefined).map(({ instance, activity }) =>
        viewExecution(instance, activity),
      ),
    count: (query) => EXECUTION_QUERY.count(this.executionCandidates(query), query, undefined),
  };

  /** @param clock epoch milliseconds */
  constructor(
    protected readonly state: EngineState,
    private readonly clock: () => number,
  ) {}

  private *instanceCandidates({ processInstanceIds }: ProcessInstanceQuery): Iterable<ProcessInstanceView> {
    for (const instance of this.some(processInstanceIds)) yield this.view(instance);
  }

  private *variableCandidates({
    processInstanceIdIn,
  }: VariableInstanceQuery): Iterable<VariableInstanceView> {
    for (const instance of this.some(processInstanceIdIn)) yield* viewVariables(instance);
  }

  private *executionCandidates({ processInstanceId }: ExecutionQuery): Iterable<QueriedExecution> {
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

  protected view(instance: ProcessInstanceState): ProcessInstanceView {
    return viewInstance(instance, this.state.definition(instance.header.definitionId));
  }

  private context(): QueryContext {
    return new QueryContext(this.state, this.clock());
  }
}
