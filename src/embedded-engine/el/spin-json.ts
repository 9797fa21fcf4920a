import { parseJson, stringifyJson } from '../../common/json/index.js';
import { toText } from './coercion.js';
import { ElObject } from './el-object.js';
import { CoercionError, MethodFailure } from './expression.errors.js';
import { parseJsonPath, walkJsonPath } from './json-path.js';
import {
  isJsonArray,
  isJsonObject,
  isJsonScalar,
  jsonMember,
  jsonNodeType,
  type JsonValue,
} from './json-value.js';

type Method = (node: SpinJson, args: readonly unknown[]) => unknown;

/**
 * A Json variable in expressions: the reading half of Spin's SpinJsonNode (`${order.prop('items').elements().size() >
 * 2}`). Nodes are read-only.
 */
export class SpinJson extends ElObject {
  readonly elClassName = 'org.camunda.spin.impl.json.jackson.JacksonJsonNode';

  constructor(readonly json: JsonValue) {
    super();
  }

  /** Parses JSON text. @throws CoercionError for invalid JSON */
  static parse(text: string): SpinJson {
    try {
      return new SpinJson(parseJson(text) as JsonValue);
    } catch (cause) {
      throw new CoercionError(
        `Unable to parse input into json node: ${cause instanceof Error ? cause.message : ''}`,
      );
    }
  }

  /** The node as JSON text. */
  toJson(): string {
    return stringifyJson(this.json) ?? 'null';
  }

  override toString(): string {
    return this.toJson();
  }

  /** Bean properties, for the `is…` getters. */
  override elProperty(name: string): unknown {
    const getter = GETTERS.get(name);
    return getter === undefined ? super.elProperty(name) : getter(this, []);
  }

  override elMethod(name: string, args: readonly unknown[]): unknown {
    const method = METHODS.get(`${name}/${args.length}`);
    return method === undefined ? super.elMethod(name, args) : method(this, args);
  }
}

/** The result of `jsonPath(…)`; the path is evaluated when a result is requested. */
class SpinJsonPathQuery extends ElObject {
  readonly elClassName = 'org.camunda.spin.impl.json.jackson.query.JacksonJsonPathQuery';

  constructor(private readonly find: () => SpinJson) {
    super();
  }

  override elMethod(name: string, args: readonly unknown[]): unknown {
    const method = QUERY_METHODS.get(`${name}/${args.length}`);
    return method === undefined ? super.elMethod(name, args) : method(this.find(), args);
  }

  override toString(): string {
    return this.elClassName;
  }
}

function jsonPath(node: SpinJson, expression: unknown): SpinJsonPathQuery {
  const text = toText(expression);
  const steps = text === '' ? null : parseJsonPath(text);
  if (steps === null) {
    const supported = 'only names and indexes are supported, as in $.items[0].name';
    throw failure('SpinJsonPathException', 14, `Unable to compile '${text}'! (${supported})`);
  }
  return new SpinJsonPathQuery(() => {
    const found = walkJsonPath(node.json, steps);
    if (found !== undefined) return new SpinJson(found);
    const reason = `Unable to evaluate JsonPath expression on element '${node.elClassName}'`;
    throw failure('SpinJsonPathException', 13, reason);
  });
}

/** An exception of Spin's Jackson data format, with its number in the message. */
function failure(exception: string, number: number, reason: string): MethodFailure {
  const code = `SPIN/JACKSON-JSON-01${String(number).padStart(3, '0')}`;
  return new MethodFailure(`org.camunda.spin.json.${exception}`, `${code} ${reason}`);
}

function unexpected(expected: string, json: JsonValue): MethodFailure {
  return failure('SpinJsonDataFormatException', 2, `Expected '${expected}', got '${jsonNodeType(json)}'`);
}

function notFound(name: unknown): MethodFailure {
  return failure('SpinJsonPropertyException', 4, `Unable to find '${toText(name)}'`);
}

function member(node: SpinJson, name: unknown): JsonValue | undefined {
  return jsonMember(node.json, typeof name === 'string' ? name : '');
}

function prop(node: SpinJson, name: unknown): SpinJson {
  const value = member(node, name);
  if (value === undefined) throw notFound(name);
  return new SpinJson(value);
}

/** Creates a copy with one member changed: nodes are immutable, so the variable changes only when the copy is set. */
function withProp(node: SpinJson, name: unknown, given: unknown): SpinJson {
  if (!isJsonObject(node.json)) throw unexpected('OBJECT', node.json);
  const set =
    given instanceof SpinJson ? given.json : (parseJson(stringifyJson(given ?? null) ?? 'null') as JsonValue);
  return new SpinJson(Object.fromEntries([...Object.entries(node.json), [toText(name), set]]));
}

function elements(node: SpinJson): readonly SpinJson[] {
  if (!isJsonArray(node.json)) throw unexpected('SpinList', node.json);
  return node.json.map((item) => new SpinJson(item));
}

function fieldNames(node: SpinJson): readonly string[] {
  if (isJsonScalar(node.json)) throw unexpected('Array/Object', node.json);
  return isJsonObject(node.json) ? Object.keys(node.json) : [];
}

function scalar(node: SpinJson, wanted: 'String' | 'Number' | 'Boolean'): unknown {
  const json = exact(node.json);
  if (typeof json !== wanted.toLowerCase()) throw unexpected(wanted, json);
  return json;
}

function value(node: SpinJson): unknown {
  if (!isJsonScalar(node.json)) throw unexpected('String/Number/Boolean/Null', node.json);
  return exact(node.json);
}

/** Rejects an integer beyond ±(2^53 − 1), for which expressions have no number; the node itself can be passed on. */
function exact(json: JsonValue): JsonValue {
  if (typeof json !== 'bigint') return json;
  throw failure(
    'SpinJsonDataFormatException',
    2,
    `The integer ${json} is beyond ±(2^53 - 1): keep it as a text`,
  );
}

function isNumber({ json }: SpinJson): boolean {
  return typeof json === 'number' || typeof json === 'bigint';
}

function indexOf(node: SpinJson, wanted: unknown): number {
  if (!isJsonArray(node.json)) {
    const reason = `Unable to get index from '${jsonNodeType(node.json)}'. Node is not a list.`;
    throw failure('SpinJsonException', 11, reason);
  }
  const target = wanted instanceof SpinJson ? wanted.toJson() : JSON.stringify(wanted ?? null);
  return node.json.findIndex((item) => stringifyJson(item) === target);
}

const GETTERS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['object', (node) => isJsonObject(node.json)],
  ['array', (node) => isJsonArray(node.json)],
  ['value', (node) => isJsonScalar(node.json)],
  ['null', (node) => node.json === null],
  ['string', (node) => typeof node.json === 'string'],
  ['number', (node) => isNumber(node)],
  ['boolean', (node) => typeof node.json === 'boolean'],
]);

/** By name and number of arguments. */
const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['prop/1', (node, [name]) => prop(node, name)],
  ['prop/2', (node, [name, given]) => withProp(node, name, given)],
  ['jsonPath/1', (node, [path]) => jsonPath(node, path)],
  ['hasProp/1', (node, [name]) => member(node, name) !== undefined],
  ['value/0', value],
  ['stringValue/0', (node) => scalar(node, 'String')],
  ['numberValue/0', (node) => scalar(node, 'Number')],
  ['boolValue/0', (node) => scalar(node, 'Boolean')],
  ['elements/0', elements],
  ['fieldNames/0', fieldNames],
  ['contains/1', (node, [wanted]) => indexOf(node, wanted) >= 0],
  ['toString/0', (node) => node.toJson()],
  ['isObject/0', (node) => isJsonObject(node.json)],
  ['isArray/0', (node) => isJsonArray(node.json)],
  ['isValue/0', (node) => isJsonScalar(node.json)],
  ['isNull/0', (node) => node.json === null],
  ['isString/0', (node) => typeof node.json === 'string'],
  ['isNumber/0', (node) => isNumber(node)],
  ['isBoolean/0', (node) => typeof node.json === 'boolean'],
  [
    'indexOf/1',
    (node, [wanted]) => {
      const index = indexOf(node, wanted);
      if (index < 0) throw notFound(wanted);
      return index;
    },
  ],
]);

/** Methods of a query, by name and number of arguments. */
const QUERY_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['element/0', (node) => node],
  ['elementList/0', elements],
  ['stringValue/0', (node) => scalar(node, 'String')],
  ['numberValue/0', (node) => scalar(node, 'Number')],
  ['boolValue/0', (node) => scalar(node, 'Boolean')],
]);
