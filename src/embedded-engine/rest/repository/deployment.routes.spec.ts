import { beforeEach, describe, expect, it } from '@jest/globals';
import { NotFoundError, ProcessEngineError } from '../../state/engine.errors.js';
import { BpmnParseError } from '../../model/index.js';
import type { EngineResponse, FormPart } from '../http/http.types.js';
import { jsonOf, RestClient } from '../testing/rest.client.js';
import { DEFINITION, DEPLOYMENT, NOON, NOON_TEXT } from '../testing/records.js';

describe('deployment', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  const part = (fieldName: string, content: string, fileName: string | null = null): FormPart => ({
    fieldName,
    fileName,
    content: Buffer.from(content),
  });
  const deploy = async (...parts: readonly FormPart[]): Promise<EngineResponse> =>
    rest.dispatch('POST /deployment/create', { kind: 'form', parts });

  beforeEach(() => {
    rest.engine.answer(
      'repository.deploy',
      Promise.resolve({ deployment: DEPLOYMENT, definitions: [DEFINITION] }),
    );
  });

  it('deploys every part that is not a form field', async () => {
    const response = await deploy(
      part('deployment-name', 'orders'),
      part('deployment-source', 'test'),
      part('tenant-id', 'acme'),
      part('enable-duplicate-filtering', 'true'),
      part('deployment-activation-time', 'ignored'),
      part('data 0', '<a/>', 'order.bpmn'),
      part('test.txt', 'hello', 'test.txt'),
    );
    expect(rest.query).toEqual({
      name: 'orders',
      source: 'test',
      tenantId: 'acme',
      enableDuplicateFiltering: true,
      deployChangedOnly: false,
      resources: [
        { name: 'order.bpmn', bytes: Buffer.from('<a/>') },
        { name: 'test.txt', bytes: Buffer.from('hello') },
      ],
    });
    expect(jsonOf(response)).toEqual({
      links: [{ method: 'GET', href: 'http://h:1/engine-rest/deployment/D', rel: 'self' }],
      id: 'D',
      name: 'orders',
      source: null,
      deploymentTime: NOON_TEXT,
      tenantId: null,
      deployedProcessDefinitions: {
        'order:3:u': {
          id: 'order:3:u',
          key: 'order',
          category: 'urn:test',
          description: null,
          name: 'Order',
          version: 3,
          resource: 'order.bpmn',
          deploymentId: 'D',
          diagram: null,
          suspended: false,
          tenantId: null,
          versionTag: 'v3',
          historyTimeToLive: 30,
          startableInTasklist: true,
        },
      },
      deployedCaseDefinitions: null,
      deployedDecisionDefinitions: null,
      deployedDecisionRequirementsDefinitions: null,
    });
  });

  it('enables duplicate filtering with deploy-changed-only, and treats blank fields as absent', async () => {
    await deploy(part('deploy-changed-only', 'TRUE'), part('deployment-name', ' '), part('x', '', 'x.bpmn'));
    expect(rest.query).toMatchObject({
      name: null,
      enableDuplicateFiltering: true,
      deployChangedOnly: true,
    });
  });

  it('shows no definitions if nothing was deployed', async () => {
    rest.engine.answer('repository.deploy', { deployment: DEPLOYMENT, definitions: [] });
    expect(jsonOf(await deploy(part('x', '', 'x.bpmn')))).toMatchObject({
      id: 'D',
      deployedProcessDefinitions: null,
    });
  });

  it('refuses a resource without a file name, a form without resources, and a missing form', async () => {
    expect(await deploy(part('x', '<a/>'))).toMatchObject({
      status: 400,
      body: {
        value: {
          type: 'InvalidRequestException',
          message: "No file name found in the deployment resource described by form parameter 'x'.",
          code: null,
        },
      },
    });
    expect(jsonOf(await deploy(part('deployment-name', 'a')))).toMatchObject({
      message: 'No deployment resources contained in the form upload.',
    });
    expect((await rest.send('POST /deployment/create', {})).status).toBe(415);
  });

  it('responds to a resource that does not compile with every problem', async () => {
    const problem = { message: 'bad', line: 7, column: 3, mainElementId: 'Gw', elementIds: ['Gw'] };
    rest.engine.answer('repository.deploy', new BpmnParseError('order.bpmn', [problem], []));
    const response = await deploy(part('x', '', 'order.bpmn'));
    expect(response.status).toBe(400);
    expect(jsonOf(response)).toEqual({
      type: 'ParseException',
      message:
        'ENGINE-09005 Could not parse BPMN process. Errors: \n* bad | resource order.bpmn | line 7 | column 3',
      code: 0,
      details: { 'order.bpmn': { errors: [problem], warnings: [] } },
    });
  });

  it('lists, counts and gets deployments', async () => {
    const dto = {
      links: [],
      id: 'D',
      name: 'orders',
      source: null,
      deploymentTime: NOON_TEXT,
      tenantId: null,
    };
    rest.engine.answer('repository.deployments.find', [DEPLOYMENT]);
    const query = `name=a&withoutSource=true&withoutTenantId=false&after=${NOON_TEXT}&tenantIdIn=a,b&sortBy=name&sortOrder=desc`;
    expect(await rest.answerOf(`GET /deployment?${query}&firstResult=1&maxResults=2`)).toEqual([dto]);
    expect(rest.query).toEqual({
      name: 'a',
      withoutSource: true,
      after: NOON,
      tenantIdIn: ['a', 'b'],
      firstResult: 1,
      maxResults: 2,
      sorting: [{ sortBy: 'name', sortOrder: 'desc' }],
    });
    rest.engine.answer('repository.deployments.count', 4);
    expect(await rest.answerOf('GET /deployment/count')).toEqual({ count: 4 });
    rest.engine.answer('repository.findDeployment', DEPLOYMENT);
    expect(await rest.answerOf('GET /deployment/D')).toEqual(dto);
    rest.engine.answer('repository.findDeployment', null);
    expect(await rest.send('GET /deployment/x')).toMatchObject({
      status: 404,
      body: { value: { message: "Deployment with id 'x' does not exist" } },
    });
  });

  it('lists, gets and serves resources', async () => {
    rest.engine.answer('repository.findResources', [
      { id: 'R', name: 'größe.bpmn', deploymentId: 'D', bytes: Buffer.from('<a/>') },
    ]);
    const dto = { id: 'R', name: 'größe.bpmn', deploymentId: 'D' };
    expect(await rest.answerOf('GET /deployment/D/resources')).toEqual([dto]);
    expect(await rest.answerOf('GET /deployment/D/resources/R')).toEqual(dto);
    const data = await rest.send('GET /deployment/D/resources/R/data');
    expect(data.body).toEqual({
      kind: 'bytes',
      contentType: 'application/octet-stream',
      content: Buffer.from('<a/>'),
    });
    expect(data.headers['content-disposition']).toBe(
      `attachment; filename="größe.bpmn"; filename*=UTF-8''gr%C3%B6%C3%9Fe.bpmn`,
    );
    expect((await rest.send('GET /deployment/D/resources/x')).status).toBe(404);
    rest.engine.answer('repository.findResources', []);
    expect((await rest.send('GET /deployment/D/resources')).status).toBe(404);
  });

  it('deletes a deployment', async () => {
    expect((await rest.send('DELETE /deployment/D?cascade=true')).status).toBe(204);
    expect(rest.lastCall?.args).toEqual(['D', { cascade: true }]);
    rest.engine.answer('repository.deleteDeployment', new NotFoundError('gone'));
    expect(await rest.send('DELETE /deployment/D')).toMatchObject({
      status: 404,
      body: {
        value: {
          type: 'InvalidRequestException',
          message: "Deployment with id 'D' do not exist",
          code: null,
        },
      },
    });
    expect(rest.lastCall?.args).toEqual(['D', { cascade: false }]);
    rest.engine.answer('repository.deleteDeployment', new ProcessEngineError('running'));
    expect((await rest.send('DELETE /deployment/D')).status).toBe(500);
  });
});
