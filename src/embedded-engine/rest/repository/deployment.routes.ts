import { DEPLOYMENT_QUERY } from '../../query/deployment.query.js';
import type { RepositoryService } from '../../repository/repository.service.js';
import type { ResourceRecord } from '../../state/records.types.js';
import { attachment } from '../http/attachment.format.js';
import { readDeployment } from './deployment.reader.js';
import { BASE_PATH, del, get, post, type Route, type RouteCall } from '../http/engine.router.js';
import { bytes, ok, type EngineResponse } from '../http/http.types.js';
import { optional } from '../http/json.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import { flag } from '../query/query.reader.js';
import { presentDefinition, presentDeployment, presentResource, selfLink } from './repository.presenter.js';
import { command, notFound, raise } from '../http/rest.error.js';

/** `/deployment`. */
export function deploymentRoutes(repository: RepositoryService): readonly Route[] {
  return [
    post('/deployment/create', (call) => create(repository, call)),
    ...queryRoutes(DEPLOYMENT_QUERY, repository.deployments, (deployment) => presentDeployment(deployment), {
      post: false,
    }),
    get('/deployment/:id', (call) => {
      const id = call.param('id');
      const deployment = repository.findDeployment(id);
      return ok(
        presentDeployment(deployment ?? raise(notFound(`Deployment with id '${id}' does not exist`))),
      );
    }),
    del('/deployment/:id', (call) => remove(repository, call)),
    get('/deployment/:id/resources', (call) => ok(resourcesOf(repository, call).map(presentResource))),
    get('/deployment/:id/resources/:resourceId', (call) => ok(presentResource(resourceOf(repository, call)))),
    get('/deployment/:id/resources/:resourceId/data', (call) => {
      const { bytes: content, name } = resourceOf(repository, call);
      return bytes(content, 'application/octet-stream', { 'content-disposition': attachment(name) });
    }),
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

function remove(repository: RepositoryService, call: RouteCall): Promise<EngineResponse> {
  const id = call.param('id');
  const cascade = optional(call.query, 'cascade', flag) === true;
  return command({ NotFound: () => notFound(`Deployment with id '${id}' do not exist`) }, () =>
    repository.deleteDeployment(id, { cascade }),
  );
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
