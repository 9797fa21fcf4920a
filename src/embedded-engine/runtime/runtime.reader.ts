import type { IncidentRecord } from '../state/records.types.js';
import { EXECUTION_SORT_KEYS, type ExecutionQuery, executionRules } from './execution.query.js';
import {
  executionsOf,
  type ExecutionView,
  type ProcessInstanceView,
  type VariableInstanceView,
  viewExecution,
  viewInstance,
  viewVariables,
} from '../core/instance.views.js';
import { INCIDENT_SORT_KEYS, type IncidentQuery, incidentRules } from './incident.query.js';
import { INSTANCE_SORT_KEYS, instanceRules, type ProcessInstanceQuery } from './process-instance.query.js';
import {
  VARIABLE_INSTANCE_RULES,
  VARIABLE_SORT_KEYS,
  type VariableInstanceQuery,
} from './variable-instance.query.js';
import type { EngineState } from '../state/engine.state.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import { filterRecords, pageOf } from '../query/record.query.js';

/** Queries of running instances, in memory. */
export class RuntimeReader {
  constructor(private readonly state: EngineState) {}

  findInstances(query: ProcessInstanceQuery): readonly ProcessInstanceView[] {
    return pageOf(this.instances(query), query, INSTANCE_SORT_KEYS);
  }

  countInstances(query: ProcessInstanceQuery): number {
    return this.instances(query).length;
  }

  findInstance(id: string): ProcessInstanceView | null {
    const instance = this.state.instance(id);
    return instance === undefined ? null : this.view(instance);
  }

  findIncidents(query: IncidentQuery): readonly IncidentRecord[] {
    return pageOf(this.incidents(query), query, INCIDENT_SORT_KEYS);
  }

  countIncidents(query: IncidentQuery): number {
    return this.incidents(query).length;
  }

  findVariables(query: VariableInstanceQuery): readonly VariableInstanceView[] {
    return pageOf(this.variables(query), query, VARIABLE_SORT_KEYS);
  }

  countVariables(query: VariableInstanceQuery): number {
    return this.variables(query).length;
  }

  findExecutions(query: ExecutionQuery): readonly ExecutionView[] {
    return pageOf(this.executions(query), query, EXECUTION_SORT_KEYS(this.state)).map(
      ({ instance, activity }) => viewExecution(instance, activity),
    );
  }

  countExecutions(query: ExecutionQuery): number {
    return this.executions(query).length;
  }

  findExecution(id: string): ExecutionView | null {
    const instance = this.state.instanceOfExecution(id);
    const activity = instance?.findExecution(id) ?? null;
    return instance === undefined || activity === null ? null : viewExecution(instance, activity);
  }

  private instances(query: ProcessInstanceQuery): ProcessInstanceView[] {
    const views = this.some(query.processInstanceIds).map((instance) => this.view(instance));
    return filterRecords(views, query, instanceRules(this.state));
  }

  private incidents(query: IncidentQuery): IncidentRecord[] {
    return filterRecords(this.state.incidents.values(), query, incidentRules(this.state));
  }

  private variables(query: VariableInstanceQuery): VariableInstanceView[] {
    const views = this.some(query.processInstanceIdIn).flatMap(viewVariables);
    return filterRecords(views, query, VARIABLE_INSTANCE_RULES);
  }

  private executions(query: ExecutionQuery) {
    const ids = query.processInstanceId === undefined ? undefined : [query.processInstanceId];
    const all = this.some(ids).flatMap((instance) =>
      executionsOf(instance).map((activity) => ({ instance, activity })),
    );
    return filterRecords(all, query, executionRules(this.state));
  }

  /** The instances with these ids, or all. */
  private some(ids: readonly string[] | undefined): ProcessInstanceState[] {
    if (ids === undefined) return [...this.state.instances.values()];
    return [...new Set(ids)].flatMap((id) => this.state.instance(id) ?? []);
  }

  private view(instance: ProcessInstanceState): ProcessInstanceView {
    return viewInstance(instance, this.state.definition(instance.header.definitionId));
  }
}
