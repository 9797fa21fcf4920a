import type { RepositoryService } from '../../repository/repository.service.js';
import type { DefinitionRecord } from '../../state/records.types.js';
import type { RouteCall } from '../http/engine.router.js';
import { notFound, RestError } from '../http/rest.error.js';

/** How a path identifies a process definition. */
export interface DefinitionFinder {
  readonly path: string;
  /** @throws RestError 404 */
  readonly find: (call: RouteCall) => DefinitionRecord;
  /** For commands: does not check an id, because each command of Camunda responds to an unknown id in its own way. */
  readonly idOf: (call: RouteCall) => string;
}

/** By key, by key and tenant, and by id. */
export function definitionFinders(
  repository: RepositoryService,
): Readonly<Record<'byKey' | 'byTenant' | 'byId', DefinitionFinder>> {
  const finder = (path: string, find: DefinitionFinder['find']): DefinitionFinder => ({
    path,
    find,
    idOf: (call) => find(call).id,
  });
  return {
    byKey: finder('/process-definition/key/:key', (call) => findByKey(repository, call.param('key'))),
    byTenant: finder('/process-definition/key/:key/tenant-id/:tenantId', (call) =>
      findByTenant(repository, call.param('key'), call.param('tenantId')),
    ),
    byId: {
      path: '/process-definition/:id',
      find: (call) => findById(repository, call.param('id')),
      idOf: (call) => call.param('id'),
    },
  };
}

function findByKey(repository: RepositoryService, key: string): DefinitionRecord {
  const definition = repository.findLatestDefinition(key);
  if (definition === null) throw noMatch(key, 'no tenant-id');
  return definition;
}

function findByTenant(repository: RepositoryService, key: string, tenantId: string): DefinitionRecord {
  const [definition] = repository.definitions.find({ key, tenantIdIn: [tenantId], latestVersion: true });
  if (definition === undefined) throw noMatch(key, `tenant-id: ${tenantId}`);
  return definition;
}

function noMatch(key: string, tenant: string): RestError {
  return new RestError(404, 'RestException', `No matching process definition with key: ${key} and ${tenant}`);
}

function findById(repository: RepositoryService, id: string): DefinitionRecord {
  const definition = repository.findDefinition(id);
  if (definition === null) throw notFound(`No matching definition with id ${id}`, 0);
  return definition;
}
