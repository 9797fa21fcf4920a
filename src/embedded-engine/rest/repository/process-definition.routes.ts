import { PROCESS_DEFINITION_QUERY } from '../../query/process-definition.query.js';
import type { RepositoryService } from '../../repository/repository.service.js';
import type { RuntimeService, StartInput, StartResult } from '../../runtime/runtime.service.js';
import { definitionFinders, type DefinitionFinder } from './definition.finder.js';
import { BASE_PATH, del, get, post, put, type Route, type RouteCall } from '../http/engine.router.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { boolean, integer, isRecord, nullable, optional, text } from '../http/json.reader.js';
import { presentProcessInstance } from '../runtime/process-instance.presenter.js';
import { queryRoutes } from '../query/query.routes.js';
import { presentDefinition, selfLink } from './repository.presenter.js';
import { invalidRequest, prefixed } from '../http/rest.error.js';
import { readVariables } from '../variables/variable.reader.js';
import { writeVariables } from '../variables/variable.writer.js';

/** `/process-definition`. */
export function processDefinitionRoutes(
  repository: RepositoryService,
  runtime: RuntimeService,
): readonly Route[] {
  const { byKey, byTenant, byId } = definitionFinders(repository);
  return [
    ...queryRoutes(PROCESS_DEFINITION_QUERY, repository.definitions, presentDefinition, { post: false }),
    ...definitionRoutes(byKey, repository, runtime),
    ...definitionRoutes(byTenant, repository, runtime),
    ...definitionRoutes(byId, repository, runtime),
  ];
}

function definitionRoutes(
  { path, find, idOf }: DefinitionFinder,
  repository: RepositoryService,
  runtime: RuntimeService,
): readonly Route[] {
  return [
    get(path, (call) => ok(presentDefinition(find(call)))),
    get(`${path}/xml`, (call) => {
      const { id } = find(call);
      const xml = repository.findDefinitionResource(id)?.bytes.toString('utf8') ?? null;
      return ok({ id, bpmn20Xml: xml });
    }),
    post(`${path}/start`, (call) => start(runtime, idOf(call), call)),
    del(path, async (call) => {
      const cascade = optional(call.query, 'cascade', boolean) ?? false;
      await repository.deleteDefinition(find(call).id, { cascade });
      // The only deletion to which Camunda responds with 200.
      return { status: 200, headers: {}, body: { kind: 'none' } };
    }),
    put(`${path}/history-time-to-live`, async (call) => {
      const id = idOf(call);
      await repository.setHistoryTimeToLive(id, nullable(call.body(), 'historyTimeToLive', integer));
      return noContent();
    }),
  ];
}

function start(runtime: RuntimeService, definitionId: string, call: RouteCall): Promise<EngineResponse> {
  const body = call.body();
  return prefixed(`Cannot instantiate process definition ${definitionId}`, async () => {
    const withVariables = optional(body, 'withVariablesInReturn', boolean) ?? false;
    const result = await runtime.startProcessInstance(definitionId, readStart(body));
    return ok(presentStart(result, withVariables, call.request.origin));
  });
}

function readStart(body: ReturnType<RouteCall['body']>): StartInput {
  return {
    businessKey: nullable(body, 'businessKey', text),
    variables: readVariables(body.variables),
    startEventId: readStartEvent(body.startInstructions),
  };
}

/** The start event that the only instruction names; null without instructions. */
function readStartEvent(instructions: unknown): string | null {
  if (instructions === undefined || instructions === null) return null;
  if (Array.isArray(instructions) && instructions.length <= 1) {
    const [only] = instructions as readonly unknown[];
    if (only === undefined) return null;
    if (isRecord(only) && only.type === 'startBeforeActivity' && typeof only.activityId === 'string')
      return only.activityId;
  }
  throw invalidRequest(
    "startInstructions other than one startBeforeActivity are not part of the embedded engine's subset",
  );
}

function presentStart(result: StartResult, withVariables: boolean, origin: string): Record<string, unknown> {
  const self = selfLink(`${origin}${BASE_PATH}/process-instance/${encodeURIComponent(result.id)}`);
  const instance = presentProcessInstance(result, [self]);
  return withVariables ? { ...instance, variables: writeVariables(result.variables) } : instance;
}
