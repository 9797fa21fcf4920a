import { ElObject } from './el-object.js';
import { CoercionError, UnresolvedNameError } from './expression.errors.js';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

type Method = (node: SpinJson, args: readonly unknown[]) => unknown;

/**
 * A Json variable as expressions see it: the reading half of Spin's SpinJsonNode
 * (`${order.prop('items').elements().size() > 2}`). Nodes are read-only.
 */
export class SpinJson extends ElObject {
  readonly elClassName = 'SpinJsonNode';

  constructor(readonly json: JsonValue) {
    super();
  }

  /** Reads JSON text. @throws CoercionError where it is not JSON */
  static parse(text: string): SpinJson {
    try {
      return new SpinJson(JSON.parse(text) as JsonValue);
    } catch (cause) {
      throw new CoercionError(
        `Unable to parse input into json node: ${cause instanceof Error ? cause.message : ''}`,
      );
    }
  }

  /** The node as JSON text. */
  toJson(): string {
    return JSON.stringify(this.json);
  }

  override toString(): string {
    return this.toJson();
  }

  /** Bean properties: those of the `is…` getters. */
  override elProperty(name: string): unknown {
    const getter = GETTERS.get(name);
    return getter === undefined ? super.elProperty(name) : getter(this, []);
  }

  override elMethod(name: string, args: readonly unknown[]): unknown {
    const method = METHODS.get(`${name}/${args.length}`);
    return method === undefined ? super.elMethod(name, args) : method(this, args);
  }
}

function isJsonObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isJsonArray(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json);
}

function isScalar(json: JsonValue): json is string | number | boolean | null {
  return typeof json !== 'object' || json === null;
}

/** Own members only: `prop('constructor')` of `{}` is not there. */
function member(node: SpinJson, name: unknown): JsonValue | undefined {
  const key = typeof name === 'string' ? name : '';
  return isJsonObject(node.json) && Object.hasOwn(node.json, key) ? node.json[key] : undefined;
}

function prop(node: SpinJson, name: unknown): SpinJson {
  const value = member(node, name);
  if (value === undefined) throw new UnresolvedNameError(`Unable to find '${String(name)}' in the json node`);
  return new SpinJson(value);
}

function elements(node: SpinJson): readonly SpinJson[] {
  if (!isJsonArray(node.json))
    throw new CoercionError(`Unable to parse node to an array: ${kindOf(node.json)}`);
  return node.json.map((item) => new SpinJson(item));
}

function fieldNames(node: SpinJson): readonly string[] {
  if (isScalar(node.json))
    throw new CoercionError(`Unable to get field names of a node that is ${kindOf(node.json)}`);
  return isJsonObject(node.json) ? Object.keys(node.json) : [];
}

function scalar(node: SpinJson, wanted: 'string' | 'number' | 'boolean'): unknown {
  if (typeof node.json !== wanted)
    throw new CoercionError(`The json node is ${kindOf(node.json)}, not a ${wanted}`);
  return node.json;
}

function value(node: SpinJson): unknown {
  if (!isScalar(node.json))
    throw new CoercionError(`Unable to get the value of a node that is ${kindOf(node.json)}`);
  return node.json;
}

function indexOf(node: SpinJson, wanted: unknown): number {
  const target = wanted instanceof SpinJson ? wanted.toJson() : JSON.stringify(wanted ?? null);
  return elements(node).findIndex((item) => item.toJson() === target);
}

function kindOf(json: JsonValue): string {
  if (json === null) return 'null';
  if (isJsonArray(json)) return 'an array';
  return typeof json === 'object' ? 'an object' : `a ${typeof json}`;
}

const GETTERS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['object', (node) => isJsonObject(node.json)],
  ['array', (node) => isJsonArray(node.json)],
  ['value', (node) => isScalar(node.json)],
  ['null', (node) => node.json === null],
  ['string', (node) => typeof node.json === 'string'],
  ['number', (node) => typeof node.json === 'number'],
  ['boolean', (node) => typeof node.json === 'boolean'],
]);

/** By name and number of arguments. */
const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['prop/1', (node, [name]) => prop(node, name)],
  ['hasProp/1', (node, [name]) => member(node, name) !== undefined],
  ['value/0', value],
  ['stringValue/0', (node) => scalar(node, 'string')],
  ['numberValue/0', (node) => scalar(node, 'number')],
  ['boolValue/0', (node) => scalar(node, 'boolean')],
  ['elements/0', elements],
  ['fieldNames/0', fieldNames],
  ['contains/1', (node, [wanted]) => indexOf(node, wanted) >= 0],
  ['toString/0', (node) => node.toJson()],
  ['isObject/0', (node) => isJsonObject(node.json)],
  ['isArray/0', (node) => isJsonArray(node.json)],
  ['isValue/0', (node) => isScalar(node.json)],
  ['isNull/0', (node) => node.json === null],
  ['isString/0', (node) => typeof node.json === 'string'],
  ['isNumber/0', (node) => typeof node.json === 'number'],
  ['isBoolean/0', (node) => typeof node.json === 'boolean'],
  [
    'indexOf/1',
    (node, [wanted]) => {
      const index = indexOf(node, wanted);
      if (index < 0) throw new UnresolvedNameError('Unable to find the value in the json node');
      return index;
    },
  ],
]);
