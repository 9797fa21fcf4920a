import type { IncidentRecord } from '../persist/records.types.js';
import type { ActivityState } from './activity.state.js';
import { activityInstanceTree } from './activity-instance.tree.js';
import type { CommandExecutor } from './command.executor.js';
import type {
  ActivityInstanceView,
  IncidentQuery,
  ProcessInstanceQuery,
  ProcessInstanceView,
  RuntimeService as RuntimeApi,
  StartInput,
  StartResult,
} from './engine-api.types.js';
import { NullValueError } from './engine.errors.js';
import type { EngineState } from './engine.state.js';
import { Interpreter } from './interpreter.js';
import { ProcessInstanceState } from './process-instance.state.js';
import { filterRecords, pageOf } from './record.query.js';
import { INCIDENT_SORT_KEYS, incidentRules, INSTANCE_SORT_KEYS, instanceRules } from './runtime.queries.js';
import type { Variables } from './typed-value.types.js';
import { localVariables, visibleVariables } from './variable.scopes.js';

/** Running process instances, their variables and incidents. */
export class RuntimeService implements RuntimeApi {
  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly stepLimit: number,
  ) {}

  startProcessInstance(processDefinitionId: string, input: StartInput): Promise<StartResult> {
    return this.executor.run((work) => {
      const definition = work.definition(processDefinitionId);
      const header = {
        id: work.newId(),
        definitionId: processDefinitionId,
        businessKey: input.businessKey,
        tenantId: definition.record.tenantId,
        startTime: work.now,
        startActivityId: definition.model.root.startEvent.id,
      };
      const instance = ProcessInstanceState.create(header, definition.record.key);
      work.addInstance(instance);
      new Interpreter(work, instance, definition, this.stepLimit).start(input.variables);
      return {
        ...this.view(instance),
        ended: instance.root.removed,
        variables: localVariables(instance.root),
      };
    });
  }

  findProcessInstances(query: ProcessInstanceQuery): readonly ProcessInstanceView[] {
    return pageOf(this.matching(query), query, INSTANCE_SORT_KEYS);
  }

  countProcessInstances(query: ProcessInstanceQuery): number {
    return this.matching(query).length;
  }

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
      : activityInstanceTree(instance, definition, (taskId) => this.state.incidentOfTask(taskId));
  }

  async deleteProcessInstance(id: string, deleteReason: string | null): Promise<void> {
    await this.executor.run((work) => {
      const instance = work.instance(id);
      const definition = work.definition(instance.header.definitionId);
      new Interpreter(work, instance, definition, this.stepLimit).deleteInstance(deleteReason);
    });
  }

  findVariables(id: string, { local } = { local: false }): Variables | null {
    const scope = this.findScope(id);
    if (scope === null) return null;
    return local ? localVariables(scope) : visibleVariables(scope);
  }

  async changeVariables(id: string, modifications: Variables, deletions: readonly string[]): Promise<void> {
    await this.executor.run((work) => {
      const processInstanceId = this.state.instanceOfExecution(id)?.id;
      const instance = processInstanceId === undefined ? undefined : work.findInstance(processInstanceId);
      const scope = instance?.findExecution(id) ?? null;
      if (instance === undefined || scope === null) throw new NullValueError(`execution ${id} doesn't exist`);
      const definition = work.definition(instance.header.definitionId);
      const { variables } = new Interpreter(work, instance, definition, this.stepLimit);
      for (const name of deletions) variables.delete(scope, name);
      variables.setAll(scope, modifications);
    });
  }

  findIncidents(query: IncidentQuery): readonly IncidentRecord[] {
    return pageOf(this.matchingIncidents(query), query, INCIDENT_SORT_KEYS);
  }

  countIncidents(query: IncidentQuery): number {
    return this.matchingIncidents(query).length;
  }

  findIncident(id: string): IncidentRecord | null {
    return this.state.incidents.get(id) ?? null;
  }

  private view({ header }: ProcessInstanceState): ProcessInstanceView {
    const { id, definitionId, businessKey, tenantId } = header;
    const definitionKey = this.state.definition(definitionId)?.record.key ?? '';
    return { id, definitionId, definitionKey, businessKey, tenantId, ended: false, suspended: false };
  }

  private findScope(id: string): ActivityState | null {
    return this.state.instanceOfExecution(id)?.findExecution(id) ?? null;
  }

  private matching(query: ProcessInstanceQuery): ProcessInstanceView[] {
    const ids = query.processInstanceIds;
    const candidates =
      ids === undefined
        ? [...this.state.instances.values()]
        : [...new Set(ids)].flatMap((id) => this.state.instance(id) ?? []);
    return filterRecords(
      candidates.map((instance) => this.view(instance)),
      query,
      instanceRules(this.state),
    );
  }

  private matchingIncidents(query: IncidentQuery): IncidentRecord[] {
    return filterRecords(this.state.incidents.values(), query, incidentRules(this.state));
  }
}
