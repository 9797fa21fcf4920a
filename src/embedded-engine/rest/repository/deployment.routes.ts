import { DEPLOYMENT_QUERY } from '../../query/deployment.query.js';
import type { RepositoryService } from '../../repository/repository.service.js';
import { EngineError } from '../../state/engine.errors.js';
import type { ResourceRecord } from '../../state/records.types.js';
import { attachment } from '../http/attachment.format.js';
import { readDeployment } from './deployment.reader.js';
import { BASE_PATH, type Route, type RouteCall } from '../http/engine.router.js';
import { bytes, noContent, ok, type EngineResponse } from '../http/http.types.js';
import { optional } from '../http/json.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import { flag } from '../query/query.reader.js';
import { presentDefinition, presentDeployment, presentResource, selfLink } from './repository.presenter.js';
import { notFound } from '../http/rest.error.js';

/** `/deployment`. */
export function deploymentRoutes(repository: RepositoryService): readonly Route[] {
  return [
    { method: 'POST', path: '/deployment/create', handle: (call) => create(repository, call) },
    ...queryRoutes(
      DEPLOYMENT_QUERY,
      {
        find: (query) => repository.findDeployments(query),
        count: (query) => repository.countDeployments(query),
        present: (deployment) => presentDeployment(deployment),
      },
      ['GET'],
    ),
    {
      method: 'GET',
      path: '/deployment/:id',
      handle: (call) => {
        const deployment = repository.findDeployment(call.param('id'));
        if (deployment === null) throw notFound(`Deployment with id '${call.param('id')}' does not exist`);
        return ok(presentDeployment(deployment));
      },
    },
    { method: 'DELETE', path: '/deployment/:id', handle: (call) => remove(repository, call) },
    {
      method: 'GET',
      path: '/deployment/:id/resources',
      handle: (call) => ok(resourcesOf(repository, call).map(presentResource)),
    },
    {
      method: 'GET',
      path: '/deployment/:id/resources/:resourceId',
      handle: (call) => ok(presentResource(resourceOf(repository, call))),
    },
    {
      method: 'GET',
      path: '/deployment/:id/resources/:resourceId/data',
      handle: (call) => {
        const resource = resourceOf(repository, call);
        return bytes(resource.bytes, 'application/octet-stream', {
          'content-disposition': attachment(resource.name),
        });
      },
    },
  ];
}

async function create(repository: RepositoryService, call: RouteCall): Promise<EngineResponse> {
  const { deployment, definitions } = await repository.deploy(readDeployment(call.request.body));
  const self = selfLink(`${call.request.origin}${BASE_PATH}/deployment/${encodeURIComponent(deployment.id)}`);
  const deployed = Object.fromEntries(
    definitions.map((definition) => [definition.id, presentDefinition(definition)]),
  );
  return ok({
    ...presentDeployment(deployment, [self]),
    deployedProcessDefinitions: definitions.length === 0 ? null : deployed,
    deployedCaseDefinitions: null,
    deployedDecisionDefinitions: null,
    deployedDecisionRequirementsDefinitions: null,
  });
}

async function remove(repository: RepositoryService, call: RouteCall): Promise<EngineResponse> {
  const id = call.param('id');
  try {
    await repository.deleteDeployment(id, { cascade: optional(call.query, 'cascade', flag) === true });
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'NotFound') {
      throw notFound(`Deployment with id '${id}' do not exist`);
    }
    throw error;
  }
  return noContent();
}

function resourcesOf(repository: RepositoryService, call: RouteCall): readonly ResourceRecord[] {
  const id = call.param('id');
  const resources = repository.findResources(id);
  if (resources.length === 0) throw notFound(`Deployment resources for deployment id '${id}' do not exist.`);
  return resources;
}

function resourceOf(repository: RepositoryService, call: RouteCall): ResourceRecord {
  const [id, resourceId] = [call.param('id'), call.param('resourceId')];
  const resource = repository.findResources(id).find((one) => one.id === resourceId);
  if (resource === undefined) {
    throw notFound(
      `Deployment resource with resource id '${resourceId}' for deployment id '${id}' does not exist.`,
    );
  }
  return resource;
}
