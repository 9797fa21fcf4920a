import { ElObject, type ExpressionScope } from '../el/index.js';
import type { ExternalTaskRecord } from '../state/records.types.js';
import type { ScriptHost } from '../scripting/index.js';
import type { ActivityState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import type { ProcessInstanceHeader } from '../state/instance.snapshot.js';
import { fromScriptValue, parseSpin, toScriptMap, toScriptValue } from './script.values.js';
import { toExpressionValue, toTypedValue } from './typed-value.converter.js';
import { findVariable, type VariableWriter, visibleVariables } from './variable.scopes.js';

/** A Java bean: properties by name, and their getters as methods. */
class Bean extends ElObject {
  constructor(
    readonly elClassName: string,
    private readonly properties: ReadonlyMap<string, unknown>,
  ) {
    super();
  }

  override elProperty(name: string): unknown {
    return this.properties.has(name) ? this.properties.get(name) : super.elProperty(name);
  }

  override elMethod(name: string, args: readonly unknown[]): unknown {
    const property = `${name.charAt(3).toLowerCase()}${name.slice(4)}`;
    const isGetter = name.startsWith('get') && args.length === 0 && this.properties.has(property);
    return isGetter ? this.properties.get(property) : super.elMethod(name, args);
  }

  override toString(): string {
    return this.elClassName;
  }
}

/** `execution`: the properties of the activity, and its variables, which expressions may change. */
class ExecutionBean extends Bean {
  constructor(
    properties: ReadonlyMap<string, unknown>,
    private readonly activity: ActivityState,
    private readonly variables: VariableWriter,
  ) {
    super('ExecutionEntity', properties);
  }

  override elProperty(name: string): unknown {
    if (name === 'variables') return this.allVariables();
    return name === 'variableNames' ? [...this.allVariables().keys()] : super.elProperty(name);
  }

  private allVariables(): Map<string, unknown> {
    const all = visibleVariables(this.activity);
    return new Map([...all].map(([name, value]) => [name, toExpressionValue(value)]));
  }

  override elMethod(name: string, args: readonly unknown[]): unknown {
    const [first, second] = args;
    if (args.length === 0 && name === 'getVariables') return this.allVariables();
    if (args.length === 0 && name === 'getVariableNames') return [...this.allVariables().keys()];
    if (typeof first !== 'string') return super.elMethod(name, args);
    switch (`${name}/${args.length}`) {
      case 'getVariable/1': {
        const variable = findVariable(this.activity, first);
        return variable === undefined ? null : toExpressionValue(variable.value);
      }
      case 'hasVariable/1':
        return findVariable(this.activity, first) !== undefined;
      case 'setVariable/2':
        this.variables.set(this.activity, first, toTypedValue(second));
        return null;
      case 'setVariableLocal/2':
        this.variables.setLocal(this.activity, first, toTypedValue(second));
        return null;
      case 'removeVariable/1':
        this.variables.delete(this.activity, first);
        return null;
      default:
        return super.elMethod(name, args);
    }
  }
}

/** The scope of one activity's expressions: its variables, `execution`, and in error definitions `externalTask`. */
export class ActivityExpressionScope implements ExpressionScope {
  constructor(
    private readonly activity: ActivityState,
    private readonly header: ProcessInstanceHeader,
    private readonly definition: ExecutableDefinition,
    private readonly variables: VariableWriter,
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
      : new Bean('ExternalTaskEntity', new Map(Object.entries(this.task)));
  }

  /** The same scope for scripts, which get copies of the values. */
  scriptHost(): ScriptHost {
    const { activity, variables } = this;
    const all = (): ReadonlyMap<string, unknown> =>
      new Map([...visibleVariables(activity)].map(([name, value]) => [name, toScriptValue(value)]));
    return {
      variables: () => new Map([['S', parseSpin], ...all()]),
      property: (name) => this.executionProperties().get(name) ?? null,
      getVariable: (name) => {
        const variable = findVariable(activity, name);
        return variable === undefined ? null : toScriptValue(variable.value);
      },
      getVariables: () => toScriptMap(all()),
      hasVariable: (name) => findVariable(activity, name) !== undefined,
      setVariable: (name, value) => {
        variables.set(activity, name, fromScriptValue(value));
      },
      setVariableLocal: (name, value) => {
        variables.setLocal(activity, name, fromScriptValue(value));
      },
      removeVariable: (name) => {
        variables.delete(activity, name);
      },
    };
  }

  private executionBean(): Bean {
    return new ExecutionBean(this.executionProperties(), this.activity, this.variables);
  }

  private executionProperties(): ReadonlyMap<string, unknown> {
    const { id, businessKey, definitionId, tenantId } = this.header;
    const node = this.definition.model.nodes.get(this.activity.nodeId);
    return new Map<string, unknown>([
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
  }
}
