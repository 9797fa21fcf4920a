import type {
  DefinitionQuery,
  RepositoryService,
  RuntimeService,
  StartInput,
  StartResult,
} from '../core/engine-api.types.js';
import { EngineError } from '../core/engine.errors.js';
import type { DefinitionRecord } from '../persist/records.types.js';
import { BASE_PATH, type Route, type RouteCall } from './engine.router.js';
import { ok, type EngineResponse } from './http.types.js';
import { boolean, integer, list, nullable, optional, text } from './json.reader.js';
import { presentProcessInstance } from './process-instance.presenter.js';
import { flag, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';
import { presentDefinition, selfLink } from './repository.presenter.js';
import { invalidRequest, notFound, restException, RestError } from './rest.error.js';
import { readVariables, writeVariables } from './variable.mapper.js';

const FILTERS: FilterTable<DefinitionQuery> = {
  processDefinitionId: text,
  processDefinitionIdIn: list,
  key: text,
  keysIn: list,
  keyLike: text,
  name: text,
  nameLike: text,
  version: integer,
  latestVersion: flag,
  deploymentId: text,
  resourceName: text,
  resourceNameLike: text,
  suspended: flag,
  active: flag,
  versionTag: text,
  versionTagLike: text,
  withoutVersionTag: flag,
  tenantIdIn: list,
  withoutTenantId: flag,
};

type Finder = (call: RouteCall) => DefinitionRecord;

/** `/process-definition`. */
export function processDefinitionRoutes(
  repository: RepositoryService,
  runtime: RuntimeService,
): readonly Route[] {
  const byKey: Finder = (call) => findByKey(repository, call.param('key'));
  const byTenant: Finder = (call) => findByTenant(repository, call.param('key'), call.param('tenantId'));
  const byId: Finder = (call) => findById(repository, call.param('id'));
  return [
    ...queryRoutes<DefinitionQuery, DefinitionRecord>(
      {
        path: '/process-definition',
        filters: FILTERS,
        sortKeys: ['id', 'key', 'name', 'version', 'deploymentId', 'category', 'tenantId', 'versionTag'],
        find: (query) => repository.findDefinitions(query),
        count: (query) => repository.countDefinitions(query),
        present: presentDefinition,
      },
      ['GET'],
    ),
    ...definitionRoutes('/process-definition/key/:key', byKey, repository, runtime),
    ...definitionRoutes('/process-definition/key/:key/tenant-id/:tenantId', byTenant, repository, runtime),
    // The engine judges an unknown id itself: Camunda answers 500 there, and 404 for an unknown key.
    ...definitionRoutes('/process-definition/:id', byId, repository, runtime, (call) => call.param('id')),
  ];
}

function definitionRoutes(
  path: string,
  find: Finder,
  repository: RepositoryService,
  runtime: RuntimeService,
  idToStart: (call: RouteCall) => string = (call) => find(call).id,
): readonly Route[] {
  return [
    { method: 'GET', path, handle: (call) => ok(presentDefinition(find(call))) },
    {
      method: 'GET',
      path: `${path}/xml`,
      handle: (call) => {
        const { id } = find(call);
        const xml = repository.findDefinitionResource(id)?.bytes.toString('utf8') ?? null;
        return ok({ id, bpmn20Xml: xml });
      },
    },
    { method: 'POST', path: `${path}/start`, handle: (call) => start(runtime, idToStart(call), call) },
  ];
}

function findByKey(repository: RepositoryService, key: string): DefinitionRecord {
  const definition = repository.findLatestDefinition(key);
  if (definition === null) {
    throw new RestError(
      404,
      'RestException',
      `No matching process definition with key: ${key} and no tenant-id`,
    );
  }
  return definition;
}

function findByTenant(repository: RepositoryService, key: string, tenantId: string): DefinitionRecord {
  const [definition] = repository.findDefinitions({ key, tenantIdIn: [tenantId], latestVersion: true });
  if (definition === undefined) {
    throw new RestError(
      404,
      'RestException',
      `No matching process definition with key: ${key} and tenant-id: ${tenantId}`,
    );
  }
  return definition;
}

function findById(repository: RepositoryService, id: string): DefinitionRecord {
  const definition = repository.findDefinition(id);
  if (definition === null) throw notFound(`No matching definition with id ${id}`, 0);
  return definition;
}

async function start(
  runtime: RuntimeService,
  definitionId: string,
  call: RouteCall,
): Promise<EngineResponse> {
  const body = call.body();
  const prefix = `Cannot instantiate process definition ${definitionId}`;
  try {
    const result = await runtime.startProcessInstance(definitionId, readStart(body));
    const withVariables = optional(body, 'withVariablesInReturn', boolean) ?? false;
    return ok(presentStart(result, withVariables, call.request.origin));
  } catch (error) {
    if (error instanceof EngineError) throw restException(error, 500, `${prefix}: ${error.message}`);
    if (error instanceof RestError)
      throw new RestError(error.status, error.type, `${prefix}: ${error.message}`, error.code);
    throw error;
  }
}

function readStart(body: ReturnType<RouteCall['body']>): StartInput {
  const instructions = body.startInstructions;
  if (Array.isArray(instructions) && instructions.length > 0) {
    throw invalidRequest("startInstructions are not part of the embedded engine's subset");
  }
  return { businessKey: nullable(body, 'businessKey', text), variables: readVariables(body.variables) };
}

function presentStart(result: StartResult, withVariables: boolean, origin: string): Record<string, unknown> {
  const self = selfLink(`${origin}${BASE_PATH}/process-instance/${encodeURIComponent(result.id)}`);
  const instance = presentProcessInstance(result, [self]);
  return withVariables ? { ...instance, variables: writeVariables(result.variables) } : instance;
}
