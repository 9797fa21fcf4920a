import { ElObject, type ExpressionScope } from '../el/index.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';
import type { ActivityState } from './activity.state.js';
import type { ExecutableDefinition } from './executable-definition.js';
import type { ProcessInstanceHeader } from './instance.snapshot.js';
import { toExpressionValue } from './typed-value.converter.js';
import { findVariable } from './variable.scopes.js';

/** A read-only bean: properties by name, and their getters as methods. */
class Bean extends ElObject {
  constructor(
    readonly elClassName: string,
    private readonly properties: ReadonlyMap<string, unknown>,
    private readonly variableScope: ActivityState | null,
  ) {
    super();
  }

  override elProperty(name: string): unknown {
    return this.properties.has(name) ? this.properties.get(name) : super.elProperty(name);
  }

  override elMethod(name: string, args: readonly unknown[]): unknown {
    const [first] = args;
    if (this.variableScope !== null && typeof first === 'string' && args.length === 1) {
      const variable = findVariable(this.variableScope, first);
      if (name === 'getVariable') return variable === undefined ? null : toExpressionValue(variable.value);
      if (name === 'hasVariable') return variable !== undefined;
    }
    const property = `${name.charAt(3).toLowerCase()}${name.slice(4)}`;
    const isGetter = name.startsWith('get') && args.length === 0 && this.properties.has(property);
    return isGetter ? this.properties.get(property) : super.elMethod(name, args);
  }

  override toString(): string {
    return this.elClassName;
  }
}

/** What expressions of one activity see: its variables, `execution`, and in error definitions `externalTask`. */
export class ActivityExpressionScope implements ExpressionScope {
  constructor(
    private readonly activity: ActivityState,
    private readonly header: ProcessInstanceHeader,
    private readonly definition: ExecutableDefinition,
    private readonly task: ExternalTaskRecord | null = null,
  ) {}

  has(name: string): boolean {
    if (findVariable(this.activity, name) !== undefined) return true;
    return name === 'execution' || (name === 'externalTask' && this.task !== null);
  }

  get(name: string): unknown {
    const variable = findVariable(this.activity, name);
    if (variable !== undefined) return toExpressionValue(variable.value);
    if (name === 'execution') return this.executionBean();
    return this.task === null
      ? undefined
      : new Bean('ExternalTaskEntity', new Map(Object.entries(this.task)), null);
  }

  private executionBean(): Bean {
    const { id, businessKey, definitionId, tenantId } = this.header;
    const node = this.definition.model.nodes.get(this.activity.nodeId);
    const properties = new Map<string, unknown>([
      ['id', this.activity.executionId],
      ['processInstanceId', id],
      ['processBusinessKey', businessKey],
      ['businessKey', businessKey],
      ['processDefinitionId', definitionId],
      ['activityInstanceId', this.activity.id],
      ['currentActivityId', node?.id ?? null],
      ['currentActivityName', node?.name ?? null],
      ['tenantId', tenantId],
    ]);
    return new Bean('ExecutionEntity', properties, this.activity);
  }
}
