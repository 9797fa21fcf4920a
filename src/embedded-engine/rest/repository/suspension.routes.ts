import type { RepositoryService } from '../../repository/repository.service.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import { EngineError } from '../../state/engine.errors.js';
import { definitionFinders, type DefinitionFinder } from './definition.finder.js';
import { put, type Route, type RouteCall } from '../http/engine.router.js';
import { noContent, type EngineResponse } from '../http/http.types.js';
import { boolean, optional, text, type JsonRecord } from '../http/json.reader.js';
import { invalidRequest } from '../http/rest.error.js';
import { refuseDelay } from './suspension.delay.js';
import { selectInstances } from './suspension.reader.js';

const ONE_OF_TWO =
  'Only one of processDefinitionId or processDefinitionKey should be set to update the suspension state.';
const NEITHER =
  'Either processDefinitionId or processDefinitionKey should be set to update the suspension state.';

/**
 * `PUT …/suspended` of definitions and instances. Unknown ids are ignored.
 *
 * @param clock epoch milliseconds, to refuse dates in the future
 */
export function suspensionRoutes(
  repository: RepositoryService,
  runtime: RuntimeService,
  clock: () => number,
): readonly Route[] {
  const { byKey, byTenant, byId } = definitionFinders(repository);
  return [
    put('/process-definition/suspended', (call) => suspendByKey(repository, call, clock)),
    ...[byKey, byTenant, byId].map((finder) =>
      put(`${finder.path}/suspended`, (call) => suspendDefinition(repository, finder, call, clock)),
    ),
    put('/process-instance/suspended', (call) =>
      suspendInstances(runtime, selectInstances(runtime, call.body()), call),
    ),
    put('/process-instance/:id/suspended', (call) => suspendInstances(runtime, [call.param('id')], call)),
  ];
}

/** Changes all versions of a key. */
async function suspendByKey(
  repository: RepositoryService,
  call: RouteCall,
  clock: () => number,
): Promise<EngineResponse> {
  const body = call.body();
  if (optional(body, 'processDefinitionId', text) !== undefined)
    throw invalidRequest('Only processDefinitionKey can be set to update the suspension state.');
  const key = optional(body, 'processDefinitionKey', text);
  if (key === undefined) throw invalidRequest(NEITHER);
  refuseDelay(body, clock, 'Could not update the suspension state of Process Definitions due to');
  for (const { id } of repository.definitions.find({ key })) await setSuspended(repository, id, body);
  return noContent();
}

async function suspendDefinition(
  repository: RepositoryService,
  finder: DefinitionFinder,
  call: RouteCall,
  clock: () => number,
): Promise<EngineResponse> {
  const [id, body] = [finder.idOf(call), call.body()];
  if (optional(body, 'processDefinitionKey', text) !== undefined) throw invalidRequest(ONE_OF_TWO);
  refuseDelay(
    body,
    clock,
    `The suspension state of Process Definition with id ${id} could not be updated due to`,
  );
  await setSuspended(repository, id, body);
  return noContent();
}

function setSuspended(repository: RepositoryService, id: string, body: JsonRecord): Promise<void> {
  const withInstances = optional(body, 'includeProcessInstances', boolean) ?? false;
  return ignoreNotFound(() => repository.setDefinitionSuspended(id, isSuspended(body), withInstances));
}

async function suspendInstances(
  runtime: RuntimeService,
  ids: readonly string[],
  call: RouteCall,
): Promise<EngineResponse> {
  const suspended = isSuspended(call.body());
  for (const id of ids) await ignoreNotFound(() => runtime.setSuspended(id, suspended));
  return noContent();
}

/** An absent `suspended` is false, so it activates, as in Camunda. */
function isSuspended(body: JsonRecord): boolean {
  return optional(body, 'suspended', boolean) ?? false;
}

async function ignoreNotFound(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== 'NotFound') throw error;
  }
}
