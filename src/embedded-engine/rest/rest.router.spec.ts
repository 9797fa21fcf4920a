import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  BadUserRequestError,
  EngineError,
  NotFoundError,
  NullValueError,
  ProcessEngineError,
} from '../core/engine.errors.js';
import { compileExpression } from '../el/index.js';
import { BpmnParseError } from '../model/index.js';
import type { EngineRouter } from './engine.router.js';
import type { EngineResponse, FormPart, RequestBody } from './http.types.js';
import { createRouter } from './rest.router.js';
import { RecordingEngine } from './testing/recording.engine.js';
import {
  DEFINITION,
  DEPLOYMENT,
  HISTORIC_ACTIVITY,
  HISTORIC_INSTANCE,
  HISTORIC_VARIABLE,
  INCIDENT,
  INSTANCE,
  LOCKED_TASK,
  NOON,
  NOON_TEXT,
  TASK,
} from './testing/records.js';

let engine: RecordingEngine;
let router: EngineRouter;

beforeEach(() => {
  engine = new RecordingEngine();
  router = createRouter(engine, (error) => {
    throw error;
  });
});

/** Sends a request without a socket. */
async function send(request: string, body?: unknown): Promise<EngineResponse> {
  const json: RequestBody = body === undefined ? { kind: 'none' } : { kind: 'json', value: body };
  return dispatch(request, json);
}

async function dispatch(request: string, body: RequestBody): Promise<EngineResponse> {
  const [method = '', path = ''] = request.split(' ');
  return router.dispatch({
    method,
    url: `/engine-rest${path}`,
    body,
    origin: 'http://h:1',
    onDisconnect: () => {},
  });
}

function jsonOf(response: EngineResponse): unknown {
  return response.body.kind === 'json' ? response.body.value : undefined;
}

async function answerOf(request: string, body?: unknown): Promise<unknown> {
  const response = await send(request, body);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

function argument(index = 0): unknown {
  return engine.lastCall?.args[index];
}

const UNKNOWN_TASK = new NotFoundError('External task with id T does not exist');

describe('the REST API', () => {
  describe('deployment', () => {
    const part = (fieldName: string, content: string, fileName: string | null = null): FormPart => ({
      fieldName,
      fileName,
      content: Buffer.from(content),
    });
    const deploy = async (...parts: readonly FormPart[]): Promise<EngineResponse> =>
      dispatch('POST /deployment/create', { kind: 'form', parts });

    beforeEach(() => {
      engine.answer(
        'repository.deploy',
        Promise.resolve({ deployment: DEPLOYMENT, definitions: [DEFINITION] }),
      );
    });

    it('deploys every part that is no field of its own', async () => {
      const response = await deploy(
        part('deployment-name', 'orders'),
        part('deployment-source', 'test'),
        part('tenant-id', 'acme'),
        part('enable-duplicate-filtering', 'true'),
        part('deployment-activation-time', 'ignored'),
        part('data 0', '<a/>', 'order.bpmn'),
        part('test.txt', 'hello', 'test.txt'),
      );
      expect(argument()).toEqual({
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

    it('takes deploy-changed-only as duplicate filtering too, and blank fields as absent', async () => {
      await deploy(
        part('deploy-changed-only', 'TRUE'),
        part('deployment-name', ' '),
        part('x', '', 'x.bpmn'),
      );
      expect(argument()).toMatchObject({
        name: null,
        enableDuplicateFiltering: true,
        deployChangedOnly: true,
      });
    });

    it('shows no definitions when nothing was deployed', async () => {
      engine.answer('repository.deploy', { deployment: DEPLOYMENT, definitions: [] });
      expect(jsonOf(await deploy(part('x', '', 'x.bpmn')))).toMatchObject({
        id: 'D',
        deployedProcessDefinitions: null,
      });
    });

    it('refuses a resource without a file name, a form without resources, and no form', async () => {
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
      expect((await send('POST /deployment/create', {})).status).toBe(415);
    });

    it('answers a resource that does not compile with every problem', async () => {
      const problem = { message: 'bad', line: 7, column: 3, mainElementId: 'Gw', elementIds: ['Gw'] };
      engine.answer('repository.deploy', new BpmnParseError('order.bpmn', [problem], []));
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
      engine.answer('repository.findDeployments', [DEPLOYMENT]);
      const query = `name=a&withoutSource=true&withoutTenantId=false&after=${NOON_TEXT}&tenantIdIn=a,b&sortBy=name&sortOrder=desc`;
      expect(await answerOf(`GET /deployment?${query}&firstResult=1&maxResults=2`)).toEqual([dto]);
      expect(argument()).toEqual({
        name: 'a',
        withoutSource: true,
        after: NOON,
        tenantIdIn: ['a', 'b'],
        firstResult: 1,
        maxResults: 2,
        sorting: [{ sortBy: 'name', sortOrder: 'desc' }],
      });
      engine.answer('repository.countDeployments', 4);
      expect(await answerOf('GET /deployment/count')).toEqual({ count: 4 });
      engine.answer('repository.findDeployment', DEPLOYMENT);
      expect(await answerOf('GET /deployment/D')).toEqual(dto);
      engine.answer('repository.findDeployment', null);
      expect(await send('GET /deployment/x')).toMatchObject({
        status: 404,
        body: { value: { message: "Deployment with id 'x' does not exist" } },
      });
    });

    it('lists, gets and serves resources', async () => {
      engine.answer('repository.findResources', [
        { id: 'R', name: 'größe.bpmn', deploymentId: 'D', bytes: Buffer.from('<a/>') },
      ]);
      const dto = { id: 'R', name: 'größe.bpmn', deploymentId: 'D' };
      expect(await answerOf('GET /deployment/D/resources')).toEqual([dto]);
      expect(await answerOf('GET /deployment/D/resources/R')).toEqual(dto);
      const data = await send('GET /deployment/D/resources/R/data');
      expect(data.body).toEqual({
        kind: 'bytes',
        contentType: 'application/octet-stream',
        content: Buffer.from('<a/>'),
      });
      expect(data.headers['content-disposition']).toBe("attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.bpmn");
      expect((await send('GET /deployment/D/resources/x')).status).toBe(404);
      engine.answer('repository.findResources', []);
      expect((await send('GET /deployment/D/resources')).status).toBe(404);
    });

    it('deletes a deployment', async () => {
      expect((await send('DELETE /deployment/D?cascade=true')).status).toBe(204);
      expect(engine.lastCall?.args).toEqual(['D', { cascade: true }]);
      engine.answer('repository.deleteDeployment', new NotFoundError('gone'));
      expect(await send('DELETE /deployment/D')).toMatchObject({
        status: 404,
        body: {
          value: { type: 'InvalidRequestException', message: "Deployment with id 'D' do not exist", code: 0 },
        },
      });
      expect(engine.lastCall?.args).toEqual(['D', { cascade: false }]);
      engine.answer('repository.deleteDeployment', new ProcessEngineError('running'));
      expect((await send('DELETE /deployment/D')).status).toBe(500);
    });
  });

  describe('process-definition', () => {
    it('lists and counts with filters', async () => {
      engine.answer('repository.findDefinitions', [DEFINITION]);
      expect(await answerOf('GET /process-definition?key=order&latestVersion=true&version=3')).toMatchObject([
        { id: 'order:3:u' },
      ]);
      expect(argument()).toMatchObject({ key: 'order', latestVersion: true, version: 3, sorting: [] });
      engine.answer('repository.countDefinitions', 1);
      expect(await answerOf('GET /process-definition/count?keysIn=a,b')).toEqual({ count: 1 });
      expect(argument()).toEqual({ keysIn: ['a', 'b'] });
    });

    it('gets by id, key, and key with tenant', async () => {
      engine.answer('repository.findDefinition', DEFINITION);
      engine.answer('repository.findLatestDefinition', DEFINITION);
      engine.answer('repository.findDefinitions', [DEFINITION]);
      for (const path of ['order%3A3%3Au', 'key/order', 'key/order/tenant-id/acme']) {
        expect(await answerOf(`GET /process-definition/${path}`)).toMatchObject({
          id: 'order:3:u',
          key: 'order',
        });
      }
      expect(engine.calls.map((call) => call.args[0])).toEqual([
        'order:3:u',
        'order',
        { key: 'order', tenantIdIn: ['acme'], latestVersion: true },
      ]);
    });

    it('answers 404 for what it does not know', async () => {
      engine.answer('repository.findDefinition', null);
      engine.answer('repository.findLatestDefinition', null);
      engine.answer('repository.findDefinitions', []);
      const errorOf = async (path: string): Promise<unknown> =>
        jsonOf(await send(`GET /process-definition/${path}`));
      expect(await errorOf('x')).toEqual({
        type: 'InvalidRequestException',
        message: 'No matching definition with id x',
        code: 0,
      });
      expect(await errorOf('x/xml')).toMatchObject({ message: 'No matching definition with id x' });
      expect(await errorOf('key/nope')).toEqual({
        type: 'RestException',
        message: 'No matching process definition with key: nope and no tenant-id',
        code: null,
      });
      expect(await errorOf('key/nope/tenant-id/t')).toMatchObject({
        message: 'No matching process definition with key: nope and tenant-id: t',
      });
      expect((await send('POST /process-definition/key/nope/start', {})).status).toBe(404);
    });

    it('serves the XML', async () => {
      engine.answer('repository.findDefinition', DEFINITION);
      engine.answer('repository.findDefinitionResource', { bytes: Buffer.from('<ä/>') });
      expect(await answerOf('GET /process-definition/x/xml')).toEqual({ id: 'order:3:u', bpmn20Xml: '<ä/>' });
      engine.answer('repository.findDefinitionResource', null);
      expect(await answerOf('GET /process-definition/x/xml')).toEqual({ id: 'order:3:u', bpmn20Xml: null });
    });

    it('starts an instance by key', async () => {
      engine.answer('repository.findLatestDefinition', DEFINITION);
      engine.answer('runtime.startProcessInstance', { ...INSTANCE, variables: new Map() });
      const answer = await answerOf('POST /process-definition/key/order/start', {
        businessKey: 'ord-1',
        variables: { n: { value: 1 }, due: { value: NOON_TEXT, type: 'date' } },
        caseInstanceId: null,
        startInstructions: [],
      });
      expect(engine.lastCall?.args).toEqual([
        'order:3:u',
        {
          businessKey: 'ord-1',
          variables: new Map<string, unknown>([
            ['n', { type: 'Integer', value: 1, valueInfo: {} }],
            ['due', { type: 'Date', value: NOON, valueInfo: {} }],
          ]),
        },
      ]);
      expect(answer).toEqual({
        links: [{ method: 'GET', href: 'http://h:1/engine-rest/process-instance/PI', rel: 'self' }],
        id: 'PI',
        definitionId: 'order:3:u',
        definitionKey: 'order',
        businessKey: 'ord-1',
        caseInstanceId: null,
        ended: false,
        suspended: false,
        tenantId: null,
      });
    });

    it('starts with nothing, and returns variables where asked', async () => {
      const variables = new Map([['a', { type: 'Double', value: 2, valueInfo: {} }]]);
      engine.answer('runtime.startProcessInstance', { ...INSTANCE, variables });
      expect(
        await answerOf('POST /process-definition/x/start', { withVariablesInReturn: true }),
      ).toMatchObject({
        variables: { a: { type: 'Double', value: 2, valueInfo: {} } },
      });
      expect(engine.lastCall?.args).toEqual(['x', { businessKey: null, variables: new Map() }]);
    });

    it('prefixes what goes wrong at a start', async () => {
      const prefix = 'Cannot instantiate process definition x: ';
      const start = async (body: unknown): Promise<EngineResponse> =>
        send('POST /process-definition/x/start', body);
      expect(await start({ variables: { a: { value: 'b', type: 'Integer' } } })).toMatchObject({
        status: 400,
        body: {
          value: {
            type: 'InvalidRequestException',
            message: `${prefix}Cannot convert value 'b' of type 'Integer' to java type java.lang.Integer`,
            code: null,
          },
        },
      });
      expect(await start({ startInstructions: [{ type: 'x' }] })).toMatchObject({ status: 400 });
      engine.answer('runtime.startProcessInstance', new NotFoundError('no deployed process definition'));
      expect(await start({})).toMatchObject({
        status: 500,
        body: {
          value: { type: 'RestException', message: `${prefix}no deployed process definition`, code: 0 },
        },
      });
      expect(await start({ variables: { a: { value: 'x'.repeat(4_001) } } })).toMatchObject({
        status: 500,
        body: { value: { code: 10_002 } },
      });
    });
  });

  describe('external-task', () => {
    const TASK_DTO = {
      activityId: 'Charge',
      activityInstanceId: 'Charge:u',
      errorMessage: null,
      executionId: 'E',
      id: 'T',
      lockExpirationTime: '2026-01-31T10:00:30.000+0000',
      createTime: NOON_TEXT,
      processDefinitionId: 'order:3:u',
      processDefinitionKey: 'order',
      processDefinitionVersionTag: null,
      processInstanceId: 'PI',
      retries: null,
      suspended: false,
      workerId: 'w',
      topicName: 'charge',
      tenantId: null,
      priority: 0,
      businessKey: 'ord-1',
    };

    it('fetches and locks', async () => {
      engine.answer('externalTasks.fetchAndLock', {
        tasks: Promise.resolve([LOCKED_TASK]),
        cancel: () => {},
      });
      const answer = await answerOf('POST /external-task/fetchAndLock', {
        workerId: 'w',
        maxTasks: 5,
        usePriority: true,
        asyncResponseTimeout: 5_000,
        sorting: [{ sortBy: 'createTime', sortOrder: 'asc' }],
        topics: [
          {
            topicName: 'charge',
            lockDuration: 30_000,
            variables: ['orderId'],
            processVariables: { n: 1, due: NOON_TEXT },
            processDefinitionKeyIn: ['order'],
            localVariables: true,
            includeExtensionProperties: true,
            deserializeValues: false,
          },
        ],
      });
      expect(argument()).toEqual({
        workerId: 'w',
        maxTasks: 5,
        usePriority: true,
        asyncResponseTimeout: 5_000,
        createTime: 'asc',
        topics: [
          {
            topicName: 'charge',
            lockDuration: 30_000,
            variables: ['orderId'],
            processVariables: new Map<string, unknown>([
              ['n', 1],
              ['due', NOON],
            ]),
            processDefinitionKeyIn: ['order'],
            localVariables: true,
            includeExtensionProperties: true,
          },
        ],
      });
      expect(answer).toEqual([
        {
          ...TASK_DTO,
          errorDetails: null,
          variables: { orderId: { type: 'String', value: 'A1', valueInfo: {} } },
          extensionProperties: { team: 'billing' },
        },
      ]);
    });

    it('takes what a fetch leaves out as Camunda does', async () => {
      engine.answer('externalTasks.fetchAndLock', { tasks: Promise.resolve([]), cancel: () => {} });
      expect(await answerOf('POST /external-task/fetchAndLock', { topics: [{}] })).toEqual([]);
      expect(argument()).toEqual({
        workerId: null,
        maxTasks: 0,
        usePriority: false,
        asyncResponseTimeout: null,
        createTime: null,
        topics: [{ topicName: '', lockDuration: 0 }],
      });
      await answerOf('POST /external-task/fetchAndLock');
      expect(argument()).toMatchObject({ topics: [] });
    });

    it.each<[unknown, string]>([
      [{ asyncResponseTimeout: 1_800_001 }, 'cannot be set to a value greater than 1800000'],
      [{ maxTasks: 'many' }, "Cannot set query parameter 'maxTasks' to value 'many'"],
      [{ workerId: {} }, "Cannot set query parameter 'workerId' to value '{}'"],
      [{ usePriority: 'perhaps' }, "Cannot set query parameter 'usePriority'"],
      [{ sorting: {} }, 'sorting must be a list'],
      [
        { sorting: [{ sortBy: 'id', sortOrder: 'asc' }] },
        "Cannot set query parameter 'sortBy' to value 'id'",
      ],
      [{ sorting: [{ sortBy: 'createTime' }] }, "Cannot set query parameter 'sortOrder' to value 'null'"],
      [{ sorting: [null] }, "Cannot set query parameter 'sortBy' to value 'null'"],
      [{ topics: {} }, 'topics must be a list'],
      [{ topics: ['a'] }, 'A topic must be an object'],
    ])('refuses a fetch with %j', async (body, message) => {
      const response = await send('POST /external-task/fetchAndLock', body);
      expect(response.status).toBe(400);
      expect(jsonOf(response)).toMatchObject({ type: 'InvalidRequestException', code: null });
      expect(JSON.stringify(jsonOf(response))).toContain(message);
    });

    it('passes on how the engine refuses a fetch', async () => {
      engine.answer('externalTasks.fetchAndLock', new NullValueError('workerId is null'));
      expect(await send('POST /external-task/fetchAndLock', {})).toMatchObject({
        status: 500,
        body: { value: { type: 'NullValueException', message: 'workerId is null', code: 0 } },
      });
    });

    const value = { v: { value: true, type: 'Boolean' } };
    const typed = new Map([['v', { type: 'Boolean', value: true, valueInfo: {} }]]);
    it.each<[string, unknown, readonly unknown[]]>([
      [
        'complete',
        { workerId: 'w', variables: value, localVariables: value },
        ['T', { workerId: 'w', variables: typed, localVariables: typed }],
      ],
      ['complete', {}, ['T', { workerId: null, variables: new Map(), localVariables: new Map() }]],
      [
        'failure',
        {
          workerId: 'w',
          errorMessage: 'm',
          errorDetails: 'd',
          retries: 2,
          retryTimeout: 10,
          variables: value,
        },
        [
          'T',
          {
            workerId: 'w',
            errorMessage: 'm',
            errorDetails: 'd',
            retries: 2,
            retryTimeout: 10,
            variables: typed,
            localVariables: new Map(),
          },
        ],
      ],
      [
        'failure',
        { workerId: 'w' },
        [
          'T',
          {
            workerId: 'w',
            errorMessage: null,
            errorDetails: null,
            retries: 0,
            retryTimeout: 0,
            variables: new Map(),
            localVariables: new Map(),
          },
        ],
      ],
      [
        'bpmnError',
        { workerId: 'w', errorCode: 'E', errorMessage: 'm', variables: value },
        ['T', { workerId: 'w', errorCode: 'E', errorMessage: 'm', variables: typed }],
      ],
      ['lock', { workerId: 'w', lockDuration: 5 }, ['T', 'w', 5]],
      ['extendLock', { workerId: 'w', newDuration: '5' }, ['T', 'w', 5]],
      ['extendLock', {}, ['T', null, null]],
      ['unlock', undefined, ['T']],
    ])('hands on %s %j', async (command, body, args) => {
      const response = await send(`POST /external-task/T/${command}`, body);
      expect(response).toEqual({ status: 204, headers: {}, body: { kind: 'none' } });
      expect(engine.calls).toHaveLength(1);
      expect(engine.lastCall?.args).toEqual(args);
    });

    it('wraps what the engine says of a command', async () => {
      const complete = async (error: Error): Promise<EngineResponse> => {
        engine.answer('externalTasks.complete', error);
        return send('POST /external-task/T/complete', {});
      };
      const locked = "External Task T cannot be completed by worker 'b'. It is locked by worker 'a'.";
      expect(await complete(UNKNOWN_TASK)).toMatchObject({
        status: 404,
        body: {
          value: { type: 'RestException', message: 'External task with id T does not exist', code: 0 },
        },
      });
      expect(await complete(new BadUserRequestError(locked))).toMatchObject({
        status: 400,
        body: { value: { type: 'RestException', message: locked, code: 0 } },
      });
      expect(
        await complete(new EngineError('OptimisticLocking', 'OptimisticLockingException', 'again', 1)),
      ).toMatchObject({
        status: 500,
        body: { value: { type: 'OptimisticLockingException', message: 'again', code: 1 } },
      });
      expect(await complete(new ProcessEngineError('no flow'))).toMatchObject({ status: 500 });
    });

    it('answers an expression error that the engine lets through', async () => {
      engine.implement('externalTasks.complete', () =>
        compileExpression('${x}').evaluate({ has: () => false, get: () => null }),
      );
      expect(await send('POST /external-task/T/complete', {})).toMatchObject({
        status: 500,
        body: {
          value: {
            type: 'ProcessEngineException',
            message: "Unknown property used in expression: ${x}. Cause: Cannot resolve identifier 'x'",
            code: 0,
          },
        },
      });
    });

    it('refuses variables that do not convert before the engine is asked', async () => {
      const response = await send('POST /external-task/T/complete', { variables: { a: { type: 'Nope' } } });
      expect(response).toMatchObject({
        status: 400,
        body: { value: { message: "Unsupported value type 'Nope'" } },
      });
      expect(engine.calls).toEqual([]);
    });

    it('lists and counts by GET and by POST', async () => {
      engine.answer('externalTasks.find', [TASK]);
      engine.answer('externalTasks.count', 1);
      expect(
        await answerOf('GET /external-task?locked=true&priorityLowerThanOrEquals=5&externalTaskIdIn=a,b'),
      ).toEqual([TASK_DTO]);
      expect(argument()).toMatchObject({
        locked: true,
        priorityLowerThanOrEquals: 5,
        externalTaskIdIn: ['a', 'b'],
      });
      await answerOf('POST /external-task?maxResults=3&firstResult=2', {
        topicName: 'charge',
        externalTaskIdIn: ['a', 'b'],
        notLocked: false,
        withRetriesLeft: true,
        lockExpirationBefore: NOON_TEXT,
        processVariables: [{ name: 'n', operator: 'gteq', value: 5 }],
        sorting: [
          { sortBy: 'taskPriority', sortOrder: 'desc' },
          { sortBy: 'createTime', sortOrder: 'asc' },
        ],
      });
      expect(argument()).toEqual({
        topicName: 'charge',
        externalTaskIdIn: ['a', 'b'],
        withRetriesLeft: true,
        lockExpirationBefore: NOON,
        processVariables: [{ name: 'n', operator: 'gteq', value: 5 }],
        firstResult: 2,
        maxResults: 3,
        sorting: [
          { sortBy: 'taskPriority', sortOrder: 'desc' },
          { sortBy: 'createTime', sortOrder: 'asc' },
        ],
      });
      expect(await answerOf('POST /external-task/count', { workerId: 'w' })).toEqual({ count: 1 });
      expect(argument()).toEqual({ workerId: 'w' });
    });

    it('reads variable filters of a query string', async () => {
      engine.answer('externalTasks.find', []);
      await send('GET /external-task?processVariables=a_eq_b,n_gt_5,f_neq_true,r_lteq_1.5');
      expect(argument()).toMatchObject({
        processVariables: [
          { name: 'a', operator: 'eq', value: 'b' },
          { name: 'n', operator: 'gt', value: 5 },
          { name: 'f', operator: 'neq', value: true },
          { name: 'r', operator: 'lteq', value: 1.5 },
        ],
      });
    });

    it.each([
      ['sortBy=id', 'Only a single sorting parameter specified. sortBy and sortOrder required'],
      ['sortOrder=asc', 'Only a single sorting parameter specified. sortBy and sortOrder required'],
      ['sortBy=nope&sortOrder=asc', "Cannot set query parameter 'sortBy' to value 'nope'"],
      ['sortBy=id&sortOrder=up', "Cannot set query parameter 'sortOrder' to value 'up'"],
      ['maxResults=x', "Cannot set query parameter 'maxResults' to value 'x'"],
      ['locked=maybe', "Cannot set query parameter 'locked' to value 'maybe'"],
      [
        'lockExpirationAfter=2026-01-31',
        "Cannot set query parameter 'lockExpirationAfter' to value '2026-01-31'",
      ],
      ['processVariables=a_eq', 'variable query parameter has to have format KEY_OPERATOR_VALUE.'],
      ['processVariables=a_is_b', 'Invalid variable comparator specified: is'],
    ])('refuses the query %s', async (query, message) => {
      const response = await send(`GET /external-task?${query}`);
      expect(response.status).toBe(400);
      expect(jsonOf(response)).toEqual({ type: 'InvalidRequestException', message, code: null });
    });

    it.each<[unknown, string]>([
      [{ sorting: 'id' }, 'sorting must be a list of {sortBy, sortOrder}'],
      [{ processVariables: [5] }, "Cannot set query parameter 'processVariables': an item is no object"],
      [{ processVariables: [{ name: 'a' }] }, 'Invalid variable comparator specified: null'],
      [{ lockExpirationAfter: 5 }, "Cannot set query parameter 'lockExpirationAfter' to value '5'"],
    ])('refuses the query body %j', async (body, message) => {
      expect(jsonOf(await send('POST /external-task', body))).toMatchObject({ message });
    });

    it('takes a date whose plus arrived as a blank', async () => {
      engine.answer('externalTasks.find', []);
      await send(`GET /external-task?lockExpirationAfter=${NOON_TEXT}`);
      expect(argument()).toMatchObject({ lockExpirationAfter: NOON });
      await send(`GET /external-task?lockExpirationAfter=${encodeURIComponent(NOON_TEXT)}`);
      expect(argument()).toMatchObject({ lockExpirationAfter: NOON });
    });

    it('gets a task and its error details', async () => {
      engine.answer('externalTasks.findOne', { ...TASK, errorDetails: 'stack' });
      expect(await answerOf('GET /external-task/T')).toEqual(TASK_DTO);
      expect((await send('GET /external-task/T/errorDetails')).body).toEqual({
        kind: 'bytes',
        contentType: 'text/plain',
        content: Buffer.from('stack'),
      });
      engine.answer('externalTasks.findOne', TASK);
      expect((await send('GET /external-task/T/errorDetails')).status).toBe(204);
      engine.answer('externalTasks.findOne', null);
      expect(await send('GET /external-task/T')).toMatchObject({
        status: 404,
        body: { value: { message: 'External task with id T does not exist', code: null } },
      });
    });

    it('sets retries and priority of one task', async () => {
      expect((await send('PUT /external-task/T/retries', { retries: 3 })).status).toBe(204);
      expect(engine.lastCall).toEqual({ method: 'externalTasks.setRetries', args: ['T', 3] });
      expect((await send('PUT /external-task/T/priority', { priority: -1 })).status).toBe(204);
      expect(engine.lastCall).toEqual({ method: 'externalTasks.setPriority', args: ['T', -1] });
      expect((await send('PUT /external-task/T/retries', {})).status).toBe(400);
      expect((await send('PUT /external-task/T/priority', { priority: null })).status).toBe(400);
      engine.answer('externalTasks.setRetries', UNKNOWN_TASK);
      expect(await send('PUT /external-task/T/retries', { retries: 1 })).toMatchObject({
        status: 404,
        body: { value: { type: 'InvalidRequestException', code: 0 } },
      });
      engine.answer('externalTasks.setRetries', new BadUserRequestError('negative'));
      expect((await send('PUT /external-task/T/retries', { retries: -1 })).status).toBe(400);
      engine.answer('externalTasks.setRetries', new ProcessEngineError('other'));
      expect((await send('PUT /external-task/T/retries', { retries: 1 })).status).toBe(500);
    });

    it('sets retries of many tasks, by ids, instances and queries', async () => {
      engine.answer('runtime.findProcessInstances', [{ ...INSTANCE, id: 'Q' }]);
      await send('PUT /external-task/retries', {
        retries: 2,
        externalTaskIds: ['a'],
        processInstanceIds: ['P'],
        processInstanceQuery: { processDefinitionKey: 'order' },
        externalTaskQuery: { topicName: 't' },
      });
      expect(engine.calls[0]).toEqual({
        method: 'runtime.findProcessInstances',
        args: [{ processDefinitionKey: 'order' }],
      });
      expect(engine.lastCall?.args).toEqual([
        { externalTaskIds: ['a'], processInstanceIds: ['P', 'Q'], query: { topicName: 't' } },
        2,
      ]);
      await send('PUT /external-task/retries', { retries: 1, externalTaskIds: ['a'] });
      expect(engine.lastCall?.args).toEqual([{ externalTaskIds: ['a'] }, 1]);
      expect((await send('PUT /external-task/retries', { externalTaskIds: ['a'] })).status).toBe(400);
    });

    it('names topics', async () => {
      engine.answer('externalTasks.findTopicNames', ['a', 'b']);
      expect(await answerOf('GET /external-task/topic-names?withLockedTasks=true')).toEqual(['a', 'b']);
      expect(argument()).toEqual({ withLockedTasks: true });
    });
  });

  describe('process-instance', () => {
    const DTO = {
      links: [],
      id: 'PI',
      definitionId: 'order:3:u',
      definitionKey: 'order',
      businessKey: 'ord-1',
      caseInstanceId: null,
      ended: false,
      suspended: false,
      tenantId: null,
    };

    it('lists, counts and gets', async () => {
      engine.answer('runtime.findProcessInstances', [INSTANCE]);
      engine.answer('runtime.countProcessInstances', 1);
      engine.answer('runtime.findProcessInstance', INSTANCE);
      expect(await answerOf('GET /process-instance?processInstanceIds=a,b&active=true')).toEqual([DTO]);
      expect(argument()).toMatchObject({ processInstanceIds: ['a', 'b'], active: true });
      expect(
        await answerOf('POST /process-instance', {
          businessKey: 5,
          variables: [{ name: 'a', operator: 'like', value: '%' }],
        }),
      ).toEqual([DTO]);
      expect(argument()).toMatchObject({
        businessKey: '5',
        variables: [{ name: 'a', operator: 'like', value: '%' }],
      });
      expect(await answerOf('POST /process-instance/count', {})).toEqual({ count: 1 });
      expect(await answerOf('GET /process-instance/PI')).toEqual(DTO);
      engine.answer('runtime.findProcessInstance', null);
      expect(await send('GET /process-instance/x')).toMatchObject({
        status: 404,
        body: {
          value: {
            type: 'InvalidRequestException',
            message: 'Process instance with id x does not exist',
            code: null,
          },
        },
      });
    });

    it('deletes, and says when there is nothing to delete unless told not to', async () => {
      expect((await send('DELETE /process-instance/PI')).status).toBe(204);
      expect(engine.lastCall?.args).toEqual(['PI', null]);
      engine.answer('runtime.deleteProcessInstance', new NotFoundError('gone'));
      expect((await send('DELETE /process-instance/PI')).status).toBe(404);
      expect((await send('DELETE /process-instance/PI?failIfNotExists=false')).status).toBe(204);
      engine.answer('runtime.deleteProcessInstance', new ProcessEngineError('no'));
      expect((await send('DELETE /process-instance/PI?failIfNotExists=false')).status).toBe(500);
    });

    it('shows the tree of activities', async () => {
      const leaf = {
        id: 'Charge:u',
        parentActivityInstanceId: 'PI',
        activityId: 'Charge',
        activityName: 'Charge',
        activityType: 'serviceTask',
        processInstanceId: 'PI',
        processDefinitionId: 'order:3:u',
        executionIds: ['E'],
        childActivityInstances: [],
        incidents: [{ id: 'I', activityId: 'Charge' }],
      };
      engine.answer('runtime.findActivityInstanceTree', {
        ...leaf,
        id: 'PI',
        parentActivityInstanceId: null,
        incidents: [],
        childActivityInstances: [leaf],
      });
      expect(await answerOf('GET /process-instance/PI/activity-instances')).toMatchObject({
        id: 'PI',
        childTransitionInstances: [],
        childActivityInstances: [{ id: 'Charge:u', incidentIds: ['I'], name: 'Charge' }],
      });
      engine.answer('runtime.findActivityInstanceTree', null);
      expect((await send('GET /process-instance/PI/activity-instances')).status).toBe(404);
    });
  });

  describe('variables', () => {
    const VARIABLES = new Map<string, unknown>([
      ['due', { type: 'Date', value: NOON, valueInfo: {} }],
      [
        'file',
        {
          type: 'File',
          value: 'aGk=',
          valueInfo: { filename: 'ä.txt', mimeType: 'text/plain', encoding: 'UTF-8' },
        },
      ],
      ['plainFile', { type: 'File', value: null, valueInfo: {} }],
      ['bytes', { type: 'Bytes', value: 'aGk=', valueInfo: { transient: true } }],
    ]);

    beforeEach(() => {
      engine.answer('runtime.findVariables', VARIABLES);
    });

    it('shows all and one, a file without its content', async () => {
      expect(await answerOf('GET /process-instance/PI/variables')).toEqual({
        due: { type: 'Date', value: NOON_TEXT, valueInfo: {} },
        file: {
          type: 'File',
          value: null,
          valueInfo: { filename: 'ä.txt', mimeType: 'text/plain', encoding: 'UTF-8' },
        },
        plainFile: { type: 'File', value: null, valueInfo: {} },
        bytes: { type: 'Bytes', value: 'aGk=', valueInfo: {} },
      });
      expect(engine.lastCall?.args).toEqual(['PI', { local: false }]);
      expect(await answerOf('GET /process-instance/PI/variables/due?deserializeValue=false')).toMatchObject({
        type: 'Date',
      });
      await answerOf('GET /execution/E/localVariables');
      expect(engine.lastCall?.args).toEqual(['E', { local: true }]);
    });

    it('says which variable or instance is not there', async () => {
      expect(await send('GET /process-instance/PI/variables/x')).toMatchObject({
        status: 404,
        body: { value: { message: 'process instance variable with name x does not exist' } },
      });
      engine.answer('runtime.findVariables', null);
      expect(await send('GET /process-instance/PI/variables/x')).toMatchObject({
        status: 500,
        body: { value: { message: expect.stringContaining('Cannot get process instance variable x: ') } },
      });
      expect((await send('GET /process-instance/PI/variables')).status).toBe(500);
    });

    it('serves the content of files and bytes', async () => {
      const file = await send('GET /execution/PI/localVariables/file/data');
      expect(file.body).toEqual({
        kind: 'bytes',
        contentType: 'text/plain; charset=UTF-8',
        content: Buffer.from('hi'),
      });
      expect(file.headers['content-disposition']).toBe("attachment; filename*=UTF-8''%C3%A4.txt");
      const data = async (name: string): Promise<EngineResponse> =>
        send(`GET /process-instance/PI/variables/${name}/data`);
      expect((await data('bytes')).body).toMatchObject({ contentType: 'application/octet-stream' });
      expect((await data('plainFile')).body).toMatchObject({ contentType: 'application/octet-stream' });
      expect((await data('due')).status).toBe(400);
    });

    it('puts, deletes and modifies', async () => {
      expect((await send('PUT /process-instance/PI/variables/a', { value: 1 })).status).toBe(204);
      expect(engine.lastCall?.args).toEqual([
        'PI',
        new Map([['a', { type: 'Integer', value: 1, valueInfo: {} }]]),
        [],
      ]);
      expect((await send('DELETE /process-instance/PI/variables/a')).status).toBe(204);
      expect(engine.lastCall?.args).toEqual(['PI', new Map(), ['a']]);
      await send('POST /process-instance/PI/variables', {
        modifications: { b: { value: 'x' } },
        deletions: ['c'],
      });
      expect(engine.lastCall?.args).toEqual([
        'PI',
        new Map([['b', { type: 'String', value: 'x', valueInfo: {} }]]),
        ['c'],
      ]);
      await send('POST /process-instance/PI/variables');
      expect(engine.lastCall?.args).toEqual(['PI', new Map(), []]);
    });

    it('prefixes what goes wrong', async () => {
      expect(await send('PUT /process-instance/PI/variables/a', { type: 'X', value: 1 })).toMatchObject({
        status: 400,
        body: { value: { message: "Cannot put process instance variable a: Unsupported value type 'X'" } },
      });
      engine.answer('runtime.changeVariables', new NullValueError("execution PI doesn't exist"));
      expect(await send('DELETE /process-instance/PI/variables/a')).toMatchObject({
        status: 500,
        body: {
          value: {
            type: 'RestException',
            message: "Cannot delete process instance variable a: execution PI doesn't exist",
            code: 0,
          },
        },
      });
    });
  });

  describe('incident', () => {
    const DTO = {
      id: 'I',
      processDefinitionId: 'order:3:u',
      processInstanceId: 'PI',
      executionId: 'E',
      incidentTimestamp: NOON_TEXT,
      incidentType: 'failedExternalTask',
      activityId: 'Charge',
      failedActivityId: 'Charge',
      causeIncidentId: 'I',
      rootCauseIncidentId: 'I',
      configuration: 'T',
      incidentMessage: 'timeout',
      tenantId: null,
      jobDefinitionId: null,
      annotation: null,
    };

    it('lists, counts and gets', async () => {
      engine.answer('runtime.findIncidents', [INCIDENT]);
      engine.answer('runtime.countIncidents', 2);
      engine.answer('runtime.findIncident', INCIDENT);
      expect(await answerOf('GET /incident?processInstanceId=PI')).toEqual([DTO]);
      expect(argument()).toMatchObject({ processInstanceId: 'PI' });
      expect(await answerOf('GET /incident/count')).toEqual({ count: 2 });
      expect(await answerOf('GET /incident/I')).toEqual(DTO);
      engine.answer('runtime.findIncident', null);
      expect((await send('GET /incident/x')).status).toBe(404);
    });
  });

  describe('history', () => {
    it('lists, counts and gets instances', async () => {
      engine.answer('history.findInstances', [HISTORIC_INSTANCE]);
      engine.answer('history.countInstances', 1);
      engine.answer('history.findInstance', HISTORIC_INSTANCE);
      const dto = {
        id: 'PI',
        businessKey: 'ord-1',
        processDefinitionId: 'order:3:u',
        processDefinitionKey: 'order',
        processDefinitionName: 'Order',
        processDefinitionVersion: 3,
        startTime: NOON_TEXT,
        endTime: '2026-01-31T10:00:00.812+0000',
        removalTime: null,
        durationInMillis: 812,
        startUserId: null,
        startActivityId: 'Start',
        deleteReason: null,
        rootProcessInstanceId: 'PI',
        superProcessInstanceId: null,
        superCaseInstanceId: null,
        caseInstanceId: null,
        tenantId: null,
        state: 'COMPLETED',
        restartedProcessInstanceId: null,
      };
      expect(
        await answerOf('POST /history/process-instance', {
          processInstanceIds: ['PI'],
          finished: true,
          completed: true,
          externallyTerminated: true,
          active: false,
          stateIn: ['ACTIVE'],
          sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }],
        }),
      ).toEqual([dto]);
      expect(argument()).toMatchObject({
        processInstanceIds: ['PI'],
        finished: true,
        stateIn: ['COMPLETED', 'EXTERNALLY_TERMINATED'],
        sorting: [{ sortBy: 'endTime', sortOrder: 'asc' }],
      });
      expect(await answerOf('GET /history/process-instance/count?processInstanceBusinessKey=ord-1')).toEqual({
        count: 1,
      });
      expect(argument()).toEqual({ processInstanceBusinessKey: 'ord-1' });
      expect(await answerOf('GET /history/process-instance/PI')).toEqual(dto);
      engine.answer('history.findInstance', null);
      expect(await send('GET /history/process-instance/x')).toMatchObject({
        status: 404,
        body: { value: { message: 'Historic process instance with id x does not exist' } },
      });
    });

    it('lists and counts activities', async () => {
      engine.answer('history.findActivities', [HISTORIC_ACTIVITY]);
      engine.answer('history.countActivities', 1);
      expect(
        await answerOf('GET /history/activity-instance?processInstanceId=PI&sortBy=startTime&sortOrder=asc'),
      ).toEqual([
        {
          id: 'Charge:u',
          parentActivityInstanceId: 'PI',
          activityId: 'Charge',
          activityName: 'Charge the card',
          activityType: 'serviceTask',
          processDefinitionKey: 'order',
          processDefinitionId: 'order:3:u',
          processInstanceId: 'PI',
          executionId: 'E',
          taskId: null,
          calledProcessInstanceId: null,
          calledCaseInstanceId: null,
          assignee: null,
          startTime: NOON_TEXT,
          endTime: null,
          durationInMillis: null,
          canceled: false,
          completeScope: false,
          tenantId: null,
          removalTime: null,
          rootProcessInstanceId: 'PI',
        },
      ]);
      expect(await answerOf('POST /history/activity-instance/count', { canceled: true })).toEqual({
        count: 1,
      });
      expect(argument()).toEqual({ canceled: true });
    });

    it('lists and counts variables', async () => {
      engine.answer('history.findVariables', [HISTORIC_VARIABLE]);
      engine.answer('history.countVariables', 1);
      expect(
        await answerOf(
          'GET /history/variable-instance?processInstanceId=PI&deserializeValues=false&variableTypeIn=json',
        ),
      ).toEqual([
        {
          type: 'Json',
          value: '{"ok":true}',
          valueInfo: {},
          id: 'V',
          name: 'result',
          processDefinitionKey: 'order',
          processDefinitionId: 'order:3:u',
          processInstanceId: 'PI',
          executionId: 'PI',
          activityInstanceId: 'PI',
          caseDefinitionKey: null,
          caseDefinitionId: null,
          caseInstanceId: null,
          caseExecutionId: null,
          taskId: null,
          errorMessage: null,
          tenantId: null,
          state: 'CREATED',
          createTime: NOON_TEXT,
          removalTime: null,
          rootProcessInstanceId: 'PI',
        },
      ]);
      expect(argument()).toMatchObject({ processInstanceId: 'PI', variableTypeIn: ['Json'] });
      expect(await answerOf('GET /history/variable-instance/count')).toEqual({ count: 1 });
    });
  });
});
