import type { EngineState } from '../state/engine.state.js';
import type { DefinitionRecord, IncidentRecord } from '../state/records.types.js';
import type { TypedValue } from '../state/typed-value.types.js';

/** What the filters of running things look up beside the record that they decide about. */
export class QueryContext {
  /** @param now epoch milliseconds */
  constructor(
    private readonly state: EngineState,
    readonly now: number,
  ) {}

  definition(id: string): DefinitionRecord | undefined {
    return this.state.definition(id)?.record;
  }

  /** Open incidents. */
  incidentsOf(processInstanceId: string): readonly IncidentRecord[] {
    return this.state.incidentsOf(processInstanceId);
  }

  businessKeyOf(processInstanceId: string): string | null {
    return this.state.instance(processInstanceId)?.header.businessKey ?? null;
  }

  /** A variable of the process instance's own scope. */
  variableOf(processInstanceId: string, name: string): TypedValue | undefined {
    return this.state.instance(processInstanceId)?.root.variables?.get(name)?.value;
  }

  /** Whether the instance has an activity instance of one of these elements. */
  isAtOneOf(processInstanceId: string, activityIds: readonly string[]): boolean {
    const root = this.state.instance(processInstanceId)?.root;
    const found = root?.find(({ nodeId, parent }) => parent !== null && activityIds.includes(nodeId));
    return found !== undefined && found !== null;
  }

  /** The instance that called it. */
  callerOf(processInstanceId: string): string | null {
    return this.state.instance(processInstanceId)?.header.caller?.processInstanceId ?? null;
  }

  /** The instances that it called and that still run. */
  calledBy(processInstanceId: string): readonly string[] {
    return this.state.calledBy(processInstanceId);
  }
}
