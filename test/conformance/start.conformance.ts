import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import { end, evaluate, message, messageStart, path, start, task } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';
import { vars } from './support/scenario.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];
const STRAIGHT = [start(), evaluate('X', '${1 + 1}', 'sum'), end(), path('start', 'X', 'end')];

describe('start', () => {
  it('refuses an unknown key', async () => {
    expect(await engine.post('/process-definition/key/nope/start')).toMatchObject(
      refused(404, 'RestException', 'No matching process definition with key: nope and no tenant-id'),
    );
  });

  it('refuses an unknown definition id', async () => {
    expect(await engine.post('/process-definition/nope/start')).toMatchObject(
      refused(500, 'RestException', /^Cannot instantiate process definition nope: /, 0),
    );
  });

  it('refuses a variable that does not match its type', async () => {
    const process = await engine.process(ONE_TASK);
    const answer = await process.launch({ variables: { n: { value: 'x', type: 'Integer' } } });
    expect(answer).toMatchObject(
      refused(
        400,
        'InvalidRequestException',
        `Cannot instantiate process definition ${process.definitionId}: Cannot convert value 'x' of type 'Integer' to java type java.lang.Integer`,
      ),
    );
  });

  it('refuses an unknown variable type', async () => {
    const process = await engine.process(ONE_TASK);
    const answer = await process.launch({ variables: { n: { value: 'x', type: 'Duck' } } });
    expect(answer).toMatchObject(
      refused(
        400,
        'InvalidRequestException',
        `Cannot instantiate process definition ${process.definitionId}: Unsupported value type 'Duck'`,
      ),
    );
  });

  it('fails without an instance if an activity before the first wait state fails', async () => {
    const process = await engine.process([
      start(),
      evaluate('X', '${nope}'),
      end(),
      path('start', 'X', 'end'),
    ]);
    expect(await process.launch()).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot instantiate process definition ${process.definitionId}: Unknown property used in expression: \${nope}. Cause: Cannot resolve identifier 'nope'`,
        0,
      ),
    );
    expect(await engine.count(`/history/process-instance/count?processDefinitionKey=${process.key}`)).toBe(0);
  });

  it('returns the instance', async () => {
    const process = await engine.process(ONE_TASK);
    const { status, body } = await process.launch({ businessKey: 'order-1' });
    expect(status).toBe(200);
    expect(body).toEqual({
      links: [
        {
          method: 'GET',
          href: expect.stringMatching(`/process-instance/${String(body.id)}$`),
          rel: 'self',
        },
      ],
      id: expect.any(String),
      definitionId: process.definitionId,
      definitionKey: process.key,
      businessKey: 'order-1',
      caseInstanceId: null,
      ended: false,
      suspended: false,
      tenantId: null,
    });
  });

  it('links to the instance below the requested address', async () => {
    const process = await engine.process(ONE_TASK);
    const { body } = await engine.post<{ id: string; links: { href: string }[] }>(
      `/process-definition/key/${process.key}/start`,
    );
    expect(body.links[0]?.href).toBe(`${engine.baseUrl}/process-instance/${body.id}`);
  });

  it('returns an instance without wait states as ended', async () => {
    const process = await engine.process(STRAIGHT);
    const { body } = await process.launch();
    expect(body).toMatchObject({ ended: true, suspended: false });
    expect(await engine.get(`/process-instance/${String(body.id)}`)).toMatchObject({ status: 404 });
  });

  it('returns the variables of an ended instance on request', async () => {
    const process = await engine.process(STRAIGHT);
    const { body } = await process.launch({ variables: vars({ a: 'x' }), withVariablesInReturn: true });
    expect(body.variables).toEqual({
      a: { type: 'String', value: 'x', valueInfo: {} },
      sum: { type: 'Long', value: 2, valueInfo: {} },
    });
  });

  it('returns the variables at the first wait state on request', async () => {
    const process = await engine.process([
      start(),
      evaluate('X', '${a}', 'copy'),
      task('A'),
      end(),
      path('start', 'X', 'A', 'end'),
    ]);
    const { body } = await process.launch({ variables: vars({ a: 1 }), withVariablesInReturn: true });
    expect(body.variables).toMatchObject({ a: { value: 1 }, copy: { value: 1 } });
  });

  it('returns no variables by default', async () => {
    const process = await engine.process(ONE_TASK);
    expect((await process.launch({ variables: vars({ a: 1 }) })).body).not.toHaveProperty('variables');
  });

  it('accepts an empty body', async () => {
    const process = await engine.process(ONE_TASK);
    const answer = await engine.raw(`/process-definition/${process.definitionId}/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '',
    });
    expect(answer).toMatchObject({ status: 200, body: { ended: false } });
  });

  it('ignores unknown members of the body', async () => {
    const process = await engine.process(ONE_TASK);
    expect(await process.launch({ colour: 'green' })).toMatchObject({ status: 200 });
  });

  it('starts several instances with the same business key', async () => {
    const process = await engine.process(ONE_TASK);
    const first = await process.start({}, { businessKey: 'same' });
    const second = await process.start({}, { businessKey: 'same' });
    expect(first).not.toBe(second);
    expect(await engine.count(`/process-instance/count?processDefinitionKey=${process.key}`)).toBe(2);
  });

  it('starts the latest version by key and an older one by id', async () => {
    const key = uniqueKey();
    const first = await engine.process(ONE_TASK, { key });
    const second = await engine.process(STRAIGHT, { key });
    expect((await engine.post(`/process-definition/key/${key}/start`)).body).toMatchObject({
      definitionId: second.definitionId,
    });
    expect((await first.launch()).body).toMatchObject({ definitionId: first.definitionId });
  });

  it('keeps the version of a running instance', async () => {
    const key = uniqueKey();
    const first = await engine.process(ONE_TASK, { key });
    const instance = await first.start();
    await engine.process(STRAIGHT, { key });
    await first.complete('A');
    expect(await engine.read(`/history/process-instance/${instance}`)).toMatchObject({
      processDefinitionVersion: 1,
      state: 'COMPLETED',
    });
  });

  it('accepts a business key of 255 characters', async () => {
    const process = await engine.process(ONE_TASK);
    const businessKey = 'b'.repeat(255);
    expect((await process.launch({ businessKey })).body).toMatchObject({ businessKey });
  });

  it('keeps a transient variable until the first wait state only', async () => {
    const process = await engine.process([
      start(),
      evaluate('X', '${secret}', 'copy'),
      task('A'),
      end(),
      path('start', 'X', 'A', 'end'),
    ]);
    const { body } = await process.launch({
      variables: { secret: { value: 's', type: 'String', valueInfo: { transient: true } } },
      withVariablesInReturn: true,
    });
    expect(body.variables).toEqual({
      secret: { type: 'String', value: 's', valueInfo: { transient: true } },
      copy: { type: 'String', value: 's', valueInfo: {} },
    });
    const id = String(body.id);
    expect(Object.keys(await engine.read(`/process-instance/${id}/variables`))).toEqual(['copy']);
    expect(await process.values(id)).toEqual({ copy: 's' });
    expect(Object.keys((await process.fetchOne('A')).variables)).toEqual(['copy']);
  });
});

describe('start at a named event', () => {
  const at = (...activityIds: readonly string[]) => ({
    startInstructions: activityIds.map((activityId) => ({ type: 'startBeforeActivity', activityId })),
  });

  /** A process that starts with a message or without one, and goes to another task for each of them. */
  async function withTwoStarts() {
    return engine.process(
      [
        start(),
        messageStart('begin', 'm'),
        task('A'),
        task('B'),
        end(),
        path('start', 'A', 'end'),
        path('begin', 'B', 'end'),
      ],
      { definitions: message('m', uniqueKey('m')) },
    );
  }

  it.each([
    ['start', 'A'],
    ['begin', 'B'],
  ])('%s takes its way, with the business key and the variables', async (event, waitsIn) => {
    const process = await withTwoStarts();
    const { status, body } = await process.launch({
      businessKey: 'bk',
      variables: vars({ a: 1 }),
      ...at(event),
    });
    expect({ status, body }).toMatchObject({ status: 200, body: { businessKey: 'bk', ended: false } });
    const id = String(body.id);
    expect(await process.waitsIn(id)).toEqual([waitsIn]);
    expect(await process.values(id)).toEqual({ a: 1 });
    expect(await process.trail(id)).toEqual([event]);
  });

  it('shows the event in the history as what started the instance', async () => {
    const process = await withTwoStarts();
    const { body } = await process.launch(at('begin'));
    const id = String(body.id);
    expect(await engine.read(`/history/process-instance/${id}`)).toMatchObject({ startActivityId: 'begin' });
    expect(
      await engine.list(`/history/activity-instance?processInstanceId=${id}&activityId=begin`),
    ).toMatchObject([{ activityType: 'messageStartEvent', canceled: false }]);
  });

  it('leaves the subscription of the definition to the next message', async () => {
    const process = await withTwoStarts();
    await process.launch(at('begin'));
    await process.launch(at('begin'));
    expect(await engine.count(`/process-instance/count?processDefinitionKey=${process.key}`)).toBe(2);
  });

  it('starts the latest version by key', async () => {
    const { key } = await withTwoStarts();
    const next = await engine.process(
      [messageStart('begin', 'm'), task('C'), end(), path('begin', 'C', 'end')],
      { key, definitions: message('m', uniqueKey('m')) },
    );
    const { body } = await engine.post(`/process-definition/key/${key}/start`, at('begin'));
    expect(body).toMatchObject({ definitionId: next.definitionId });
    expect(await next.waitsIn(String(body.id))).toEqual(['C']);
  });

  it('is the usual start without an instruction', async () => {
    const process = await withTwoStarts();
    const { body } = await process.launch(at());
    expect(await process.waitsIn(String(body.id))).toEqual(['A']);
  });

  it('is refused for an unknown activity, and starts nothing', async () => {
    const process = await withTwoStarts();
    const { status } = await process.launch(at('nope'));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(await engine.count(`/process-instance/count?processDefinitionKey=${process.key}`)).toBe(0);
  });

  it('starts nothing if an activity behind the event fails', async () => {
    const process = await engine.process(
      [messageStart('begin', 'm'), evaluate('X', '${nope}'), end(), path('begin', 'X', 'end')],
      { definitions: message('m', uniqueKey('m')) },
    );
    expect((await process.launch(at('begin'))).status).toBe(500);
    expect(await engine.count(`/history/process-instance/count?processDefinitionKey=${process.key}`)).toBe(0);
  });
});
