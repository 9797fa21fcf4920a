import type { RuntimeService } from '../core/engine-api.types.js';
import { EngineError } from '../core/engine.errors.js';
import type { TypedValue, Variables } from '../core/typed-value.types.js';
import type { Route, RouteCall } from './engine.router.js';
import { bytes, noContent, ok, type EngineResponse } from './http.types.js';
import { list, optional } from './json.reader.js';
import { invalidRequest, notFound, RestError, restException } from './rest.error.js';
import { readVariable, readVariables, writeVariable, writeVariables } from './variable.mapper.js';

/** What differs between the variables of an instance and the local ones of an execution. */
interface VariableOwner {
  readonly path: string;
  /** As messages name it. */
  readonly name: string;
  readonly local: boolean;
}

const INSTANCE: VariableOwner = {
  path: '/process-instance/:id/variables',
  name: 'process instance',
  local: false,
};
/** The JavaScript client loads the content of files here, with the id of the instance. */
const EXECUTION: VariableOwner = { path: '/execution/:id/localVariables', name: 'execution', local: true };

/** `/process-instance/{id}/variables`, and what may be read of `/execution/{id}/localVariables`. */
export function variableRoutes(runtime: RuntimeService): readonly Route[] {
  const one = `${INSTANCE.path}/:name`;
  return [
    ...readRoutes(INSTANCE, runtime),
    ...readRoutes(EXECUTION, runtime),
    {
      method: 'PUT',
      path: one,
      handle: (call) =>
        change(runtime, call, `Cannot put process instance variable ${call.param('name')}`, () => ({
          modifications: new Map([[call.param('name'), readVariable(call.body())]]),
          deletions: [],
        })),
    },
    {
      method: 'DELETE',
      path: one,
      handle: (call) =>
        change(runtime, call, `Cannot delete process instance variable ${call.param('name')}`, () => ({
          modifications: new Map(),
          deletions: [call.param('name')],
        })),
    },
    {
      method: 'POST',
      path: INSTANCE.path,
      handle: (call) =>
        change(runtime, call, `Cannot modify variables for process instance ${call.param('id')}`, () => ({
          modifications: readVariables(call.body().modifications),
          deletions: optional(call.body(), 'deletions', list) ?? [],
        })),
    },
  ];
}

function readRoutes(owner: VariableOwner, runtime: RuntimeService): readonly Route[] {
  return [
    {
      method: 'GET',
      path: owner.path,
      handle: (call) => ok(writeVariables(variablesOf(owner, runtime, call.param('id')))),
    },
    {
      method: 'GET',
      path: `${owner.path}/:name`,
      handle: (call) => ok(writeVariable(variableOf(owner, runtime, call))),
    },
    {
      method: 'GET',
      path: `${owner.path}/:name/data`,
      handle: (call) => dataOf(variableOf(owner, runtime, call)),
    },
  ];
}

function variablesOf(owner: VariableOwner, runtime: RuntimeService, id: string): Variables {
  const variables = runtime.findVariables(id, { local: owner.local });
  if (variables === null) {
    throw new RestError(500, 'NullValueException', `execution ${id} doesn't exist: execution is null`, 0);
  }
  return variables;
}

function variableOf(owner: VariableOwner, runtime: RuntimeService, call: RouteCall): TypedValue {
  const [id, name] = [call.param('id'), call.param('name')];
  const variables = runtime.findVariables(id, { local: owner.local });
  if (variables === null) {
    const message = `Cannot get ${owner.name} variable ${name}: execution ${id} doesn't exist: execution is null`;
    throw new RestError(500, 'RestException', message, 0);
  }
  const variable = variables.get(name);
  if (variable === undefined) throw notFound(`${owner.name} variable with name ${name} does not exist`);
  return variable;
}

/** The bytes of a File or Bytes variable; of no other type. */
function dataOf(variable: TypedValue): EngineResponse {
  const content = Buffer.from(typeof variable.value === 'string' ? variable.value : '', 'base64');
  if (variable.type === 'Bytes') return bytes(content, 'application/octet-stream');
  if (variable.type !== 'File') throw invalidRequest(`Value of variable is not a binary value`);
  const { filename, mimeType, encoding } = variable.valueInfo;
  const type = typeof mimeType === 'string' ? mimeType : 'application/octet-stream';
  const name = encodeURIComponent(typeof filename === 'string' ? filename : 'file');
  return bytes(content, typeof encoding === 'string' ? `${type}; charset=${encoding}` : type, {
    'content-disposition': `attachment; filename*=UTF-8''${name}`,
  });
}

interface Change {
  readonly modifications: Variables;
  readonly deletions: readonly string[];
}

async function change(
  runtime: RuntimeService,
  call: RouteCall,
  prefix: string,
  read: () => Change,
): Promise<EngineResponse> {
  try {
    const { modifications, deletions } = read();
    await runtime.changeVariables(call.param('id'), modifications, deletions);
    return noContent();
  } catch (error) {
    if (error instanceof EngineError) throw restException(error, 500, `${prefix}: ${error.message}`);
    if (error instanceof RestError)
      throw new RestError(error.status, error.type, `${prefix}: ${error.message}`, error.code);
    throw error;
  }
}
