import type { RuntimeService } from '../../runtime/runtime.service.js';
import { NullValueError } from '../../state/engine.errors.js';
import type { TypedValue, Variables } from '../../state/typed-value.types.js';
import { COLUMN_TOO_SMALL } from '../../core/variable.limits.js';
import { del, get, post, put, type Route, type RouteCall } from '../http/engine.router.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { list, optional } from '../http/json.reader.js';
import { notFound, prefixed, RestError } from '../http/rest.error.js';
import { contentOf, readContent } from '../variables/variable-content.js';
import { readVariable, readVariables } from '../variables/variable.reader.js';
import { isDeserialized, writeVariable, writeVariables } from '../variables/variable.writer.js';

/** A resource with variables: an instance, an execution, a task. */
export interface VariableOwner {
  /** Contains `:id`. */
  readonly path: string;
  /** Its name in messages. */
  readonly name: string;
  /** Null for an unknown id. */
  readonly find: (id: string) => Variables | null;
  /** Camunda's message for an unknown id. */
  readonly unknown: (id: string) => string;
}

interface ChangeableOwner extends VariableOwner {
  readonly change: (id: string, modifications: Variables, deletions: readonly string[]) => Promise<void>;
}

function unknownExecution(id: string): string {
  return `execution ${id} doesn't exist: execution is null`;
}

/** `/process-instance/{id}/variables` and `/execution/{id}/localVariables`. */
export function variableRoutes(runtime: RuntimeService): readonly Route[] {
  const instance: ChangeableOwner = {
    path: '/process-instance/:id/variables',
    name: 'process instance',
    find: (id) => runtime.findVariables(id, { local: false }),
    unknown: unknownExecution,
    change: (id, modifications, deletions) => runtime.changeVariables(id, modifications, deletions),
  };
  // The JavaScript client loads the content of files here, by the id of the process instance.
  const execution: ChangeableOwner = {
    path: '/execution/:id/localVariables',
    name: 'execution',
    find: (id) => runtime.findVariables(id, { local: true }),
    unknown: unknownExecution,
    change: (id, modifications, deletions) => runtime.changeLocalVariables(id, modifications, deletions),
  };
  return [instance, execution].flatMap((owner) => [...readRoutes(owner), ...changeRoutes(owner)]);
}

/** `GET` of all variables, of one, and of its content. */
export function readRoutes(owner: VariableOwner): readonly Route[] {
  const { path } = owner;
  return [
    get(path, (call) => {
      const deserialized = isDeserialized(call.query, 'deserializeValues');
      return ok(writeVariables(variablesOf(owner, call.param('id')), { deserialized }));
    }),
    get(`${path}/:name`, async (call) => {
      const variable = await variableOf(owner, call);
      return ok(writeVariable(variable, { deserialized: isDeserialized(call.query, 'deserializeValue') }));
    }),
    get(`${path}/:name/data`, async (call) => contentOf(await variableOf(owner, call), call.param('id'))),
  ];
}

function variablesOf(owner: VariableOwner, id: string): Variables {
  const variables = owner.find(id);
  if (variables === null) throw new NullValueError(owner.unknown(id));
  return variables;
}

async function variableOf(owner: VariableOwner, call: RouteCall): Promise<TypedValue> {
  const [id, name] = [call.param('id'), call.param('name')];
  const variables = await prefixed(`Cannot get ${owner.name} variable ${name}`, () => variablesOf(owner, id));
  const variable = variables.get(name);
  if (variable === undefined) throw notFound(`${owner.name} variable with name ${name} does not exist`);
  return variable;
}

function changeRoutes(owner: ChangeableOwner): readonly Route[] {
  const one = `${owner.path}/:name`;
  return [
    put(one, (call) => change(owner, call, () => readVariable(call.body()))),
    post(`${one}/data`, (call) => changeContent(owner, call)),
    del(one, (call) =>
      prefixed(`Cannot delete ${owner.name} variable ${call.param('name')}`, async () => {
        await owner.change(call.param('id'), new Map(), [call.param('name')]);
        return noContent();
      }),
    ),
    post(owner.path, (call) => modify(owner, call)),
  ];
}

async function change(
  owner: ChangeableOwner,
  call: RouteCall,
  read: () => TypedValue,
): Promise<EngineResponse> {
  const refusal = `Cannot put ${owner.name} variable ${call.param('name')}`;
  try {
    return await prefixed(refusal, async () => {
      await owner.change(call.param('id'), new Map([[call.param('name'), read()]]), []);
      return noContent();
    });
  } catch (error) {
    // A text that is too long has a separate response here, as in Camunda.
    if (!(error instanceof RestError) || error.code !== COLUMN_TOO_SMALL) throw error;
    throw new RestError(400, 'RestException', `${refusal}: Variable value is too long`, 0, { cause: error });
  }
}

/** Errors in the form do not get the prefix of {@link change}. */
function changeContent(owner: ChangeableOwner, call: RouteCall): Promise<EngineResponse> {
  const variable = readContent(call.request.body);
  return change(owner, call, () => variable);
}

/** As in Camunda, the prefix contains the owner's id only for errors of the engine. */
async function modify(owner: ChangeableOwner, call: RouteCall): Promise<EngineResponse> {
  const sentence = `Cannot modify variables for ${owner.name}`;
  const { modifications, deletions } = await prefixed(sentence, () => ({
    modifications: readVariables(call.body().modifications),
    deletions: optional(call.body(), 'deletions', list) ?? [],
  }));
  return prefixed(`${sentence} ${call.param('id')}`, async () => {
    await owner.change(call.param('id'), modifications, deletions);
    return noContent();
  });
}
