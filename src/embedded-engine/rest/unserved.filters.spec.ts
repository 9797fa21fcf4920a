import { describe, expect, it } from '@jest/globals';
import { idleEngine } from './testing/idle.engine.js';
import { restRoutes } from './rest.router.js';
import { RestClient } from './testing/rest.client.js';
import { refuseUnserved } from './unserved.filters.js';

const LISTS = restRoutes(idleEngine(), () => 0)
  .filter(({ method, path }) => method === 'GET' && path.endsWith('/count'))
  .map(({ path }) => path.replace('/count', ''));

describe('a filter that the engine does not have', () => {
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

  it('does no harm where it says nothing', () => {
    for (const nothing of [null, undefined, false, 'false', '', []]) {
      expect(() => {
        refuseUnserved('/task', { variableNamesIgnoreCase: nothing });
      }).not.toThrow();
    }
    expect(() => {
      refuseUnserved('/task', { unheardOf: true });
    }).not.toThrow();
  });

  it.each(LISTS)('is known for %s', (path) => {
    const names = [
      'includeDeploymentsWithoutTenantId',
      'category',
      'orQueries',
      'incidentType',
      'withoutTenantId',
    ];
    const more = ['jobDefinitionIdIn', 'includeEventSubscriptionsWithoutTenantId', 'taskIdIn', 'acquired'];
    const refused = [...names, ...more, 'variableNamesIgnoreCase', 'taskAssignee'].filter((name) => {
      try {
        refuseUnserved(path, { [name]: 'x' });
        return false;
      } catch {
        return true;
      }
    });
    expect(refused).not.toEqual([]);
  });
});
