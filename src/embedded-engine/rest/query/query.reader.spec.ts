import { describe, expect, it } from '@jest/globals';
import { idleEngine } from '../testing/idle.engine.js';
import { restRoutes } from '../server/rest.routes.js';
import { RestClient } from '../testing/rest.client.js';
import { USER_TASK_QUERY } from '../../query/user-task.query.js';
import { readFilters } from './query.reader.js';

const LISTS = restRoutes(idleEngine(), () => 0)
  .filter(({ method, path }) => method === 'GET' && path.endsWith('/count'))
  .map(({ path }) => path.replace('/count', ''));

describe('a filter that the engine lacks', () => {
  it('is refused instead of being ignored', async () => {
    const rest = new RestClient();
    const refused = {
      status: 400,
      type: 'InvalidRequestException',
      message: "The filter 'involvedUser' of /task is not part of the embedded engine's subset",
      code: null,
    };
    expect(await rest.errorOf('GET /task?involvedUser=ann')).toEqual(refused);
    expect(await rest.errorOf('GET /task/count?involvedUser=ann')).toEqual(refused);
    expect(await rest.errorOf('POST /task', { involvedUser: 'ann' })).toEqual(refused);
    expect(await rest.errorOf('POST /process-instance', { orQueries: [{}] })).toMatchObject({ status: 400 });
    const processInstanceQuery = { orQueries: [{}] };
    for (const request of ['PUT /process-instance/suspended', 'PUT /external-task/retries']) {
      expect(await rest.errorOf(request, { processInstanceQuery, retries: 1 })).toMatchObject({
        status: 400,
        message: expect.stringContaining("'orQueries' of /process-instance"),
      });
    }
    expect(rest.engine.calls).toEqual([]);
  });

  it('is ignored if it has no value', () => {
    for (const nothing of [null, undefined, false, 'false', '', []]) {
      expect(readFilters(USER_TASK_QUERY, { variableNamesIgnoreCase: nothing })).toEqual({});
    }
    expect(readFilters(USER_TASK_QUERY, { unheardOf: true })).toEqual({});
  });

  it.each(LISTS)('is refused for %s', async (path) => {
    const names = [
      'includeDeploymentsWithoutTenantId',
      'category',
      'orQueries',
      'incidentType',
      'withoutTenantId',
    ];
    const more = ['jobDefinitionIdIn', 'includeEventSubscriptionsWithoutTenantId', 'taskIdIn', 'acquired'];
    const rest = new RestClient();
    const answers = await Promise.all(
      [...names, ...more, 'variableNamesIgnoreCase', 'taskAssignee'].map((name) =>
        rest.errorOf(`GET ${path}/count?${name}=x`),
      ),
    );
    expect(answers).toContainEqual(
      expect.objectContaining({ status: 400, message: expect.stringContaining("embedded engine's subset") }),
    );
  });
});
