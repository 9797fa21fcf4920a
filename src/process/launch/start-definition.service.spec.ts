import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import {
  EngineAmbiguousError,
  type EngineDefinition,
  EngineResponseError,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';
import { until } from '../../common/testing/until.js';
import type { StartCommand } from '../commands/process-start.service.js';
import type { ProcessAnswer } from '../http/process-view.presenter.js';

const CALL = { method: 'POST', path: '/process-definition/key/test/start' };

const UNKNOWN = new EngineResponseError(
  CALL,
  404,
  'RestException',
  'No matching process definition with key: test and no tenant-id',
  null,
);

const definition = (version: number, more: Partial<EngineDefinition> = {}): EngineDefinition => ({
  id: `test:${version}`,
  key: 'test',
  version,
  suspended: false,
  ...more,
});

describe('a start that names a tenant or a version tag', () => {
  let harness: ProcessHarness;

  const open = async (variables: Record<string, string> = {}): Promise<void> => {
    harness = await ProcessHarness.open(variables);
  };

  beforeEach(() => open());

  afterEach(async () => {
    await harness.close();
  });

  const start = (choice: Partial<StartCommand> = {}, correlationId = 'a'): Promise<ProcessAnswer> =>
    harness.start({ processKey: 'test', correlationId, variables: { userId: 'u' }, ...choice });

  /** Completes each process inside its start call. */
  const completeAtOnce = (): void => {
    harness.engine.answerStart = async () => {
      const { businessKey } = harness.engine.starts.at(-1)!;
      await harness.completions.complete({ correlationId: businessKey, status: 'ok', data: null });
      return { id: `instance-${businessKey}` };
    };
  };

  const sent = (): unknown[] =>
    harness.engine.starts.map(({ tenantId, definitionId }) => [tenantId ?? null, definitionId ?? null]);

  it('starts the definition of the tenant, and the newest version with the tag', async () => {
    completeAtOnce();
    harness.engine.definitions = [
      definition(4, { tenantId: 'bank', versionTag: 'v1' }),
      definition(3, { versionTag: 'v2' }),
      definition(2, { versionTag: 'v1' }),
      definition(1, { versionTag: 'v1' }),
    ];
    await start({}, 'none');
    await start({ tenantId: 'bank' }, 'tenant');
    await start({ versionTag: 'v1' }, 'tag');
    await start({ tenantId: 'bank', versionTag: 'v1' }, 'both');
    expect(sent()).toEqual([
      [null, null],
      ['bank', null],
      [null, 'test:2'],
      ['bank', 'test:4'],
    ]);
    expect(await harness.store.get('both')).toMatchObject({ tenantId: 'bank', versionTag: 'v1' });
    const startOf = async (id: string) =>
      (await harness.events.findEvents(id)).find(({ stepName }) => stepName === 'start');
    await until(async () => (await startOf('both')) !== undefined);
    expect((await startOf('both'))?.metadata).toEqual({
      processInstanceId: 'instance-both',
      tenantId: 'bank',
      versionTag: 'v1',
    });
  });

  it('keeps the hash of a start without both, so that a start of an older version is replayed', async () => {
    completeAtOnce();
    await start();
    expect((await harness.store.get('a'))?.requestHash).toBe(
      '7a5917f764b38a24ffeb80d06ca66bd58a3e4c87da775e34ce7f74e6f58f4e0e',
    );
    expect((await start()).headers).toMatchObject({ 'idempotent-replayed': 'true' });
  });

  it.each([
    [{}, { tenantId: 'bank' }],
    [{ tenantId: 'bank' }, {}],
    [{ tenantId: 'bank' }, { tenantId: 'zoo' }],
    [{ versionTag: 'v1' }, { versionTag: 'v2' }],
    [{ tenantId: 'v1' }, { versionTag: 'v1' }],
  ])('is another content of the id: %j, then %j', async (first, second) => {
    completeAtOnce();
    harness.engine.definitions = [definition(1, { versionTag: 'v1' })];
    await start(first);
    await expect(start(second)).rejects.toMatchObject({ code: 'correlation-id-conflict' });
    expect((await start(first)).headers).toMatchObject({ 'idempotent-replayed': 'true' });
  });

  it.each<[string, Partial<StartCommand>, EngineDefinition[], string]>([
    [
      'the key exists only for tenants',
      {},
      [definition(1, { tenantId: 'bank' }), definition(1, { tenantId: 'zoo' })],
      'The process engine has no process definition with the key "test" without tenant. ' +
        'Nothing was started or kept. It has the key of the tenants: bank, zoo. Name one as tenantId.',
    ],
    [
      'the key exists without the tenant',
      { tenantId: 'bank', versionTag: 'v1' },
      [definition(1), definition(1, { tenantId: 'zoo' })],
      'The process engine has no process definition with the key "test" of the tenant "bank". ' +
        'Nothing was started or kept. It has the key without tenant, and of the tenants: zoo.',
    ],
    [
      'no version has the tag',
      { versionTag: 'v9' },
      [definition(3, { versionTag: 'v2' }), definition(2, { versionTag: 'v2' }), definition(1)],
      'The process engine has no process definition with the key "test" and the version tag "v9". ' +
        'Nothing was started or kept. It has the version tags: v2.',
    ],
    [
      'no version has a tag',
      { tenantId: 'bank', versionTag: 'v9' },
      [definition(1, { tenantId: 'bank' }), definition(2, { versionTag: 'v9' })],
      'The process engine has no process definition with the key "test" of the tenant "bank" and the version tag "v9". ' +
        'Nothing was started or kept. No version of it has a tag.',
    ],
    [
      'the key does not exist',
      { tenantId: 'bank' },
      [],
      'The process engine has no process definition with the key "test" of the tenant "bank". ' +
        'Nothing was started or kept. This service has: test.',
    ],
  ])('is refused if %s, and the problem says what exists', async (_what, choice, definitions, message) => {
    harness.engine.definitions = definitions;
    harness.engine.answerStart = () => Promise.reject(UNKNOWN);
    await expect(start(choice)).rejects.toMatchObject({ code: 'unknown-process-definition', message });
    expect(await harness.store.get('a')).toBeNull();
  });

  it('is refused without a list if the engine does not say what exists', async () => {
    harness.engine.answerStart = () => {
      harness.engine.failure = new EngineUnreachableError(CALL, 'refused');
      return Promise.reject(UNKNOWN);
    };
    await expect(start({ tenantId: 'bank' })).rejects.toMatchObject({
      code: 'unknown-process-definition',
      message: expect.stringContaining(
        'with the key "test" of the tenant "bank". Nothing was started or kept.',
      ),
    });
  });

  it.each([
    new EngineUnreachableError(CALL, 'refused'),
    new EngineAmbiguousError(CALL, 'time-out', null),
    new EngineResponseError(CALL, 500, 'ProcessEngineException', 'no connection', 0),
    new EngineResponseError(CALL, 400, 'InvalidRequestException', 'strange', null),
  ])('is kept and made later if its version cannot be searched: %s', async (error) => {
    await harness.close();
    await open({ SYNC_TIMEOUT_MS: '0' });
    harness.engine.definitions = [definition(2, { tenantId: 'bank', versionTag: 'v1' })];
    harness.engine.failure = error;
    expect((await start({ tenantId: 'bank', versionTag: 'v1' })).httpStatus).toBe(202);
    expect([harness.engine.starts, await harness.store.get('a')]).toMatchObject([
      [],
      // An attempt without an effect: no instance is waited for.
      { status: 'pending', startLastAttemptAt: null },
    ]);
    harness.engine.recover();
    await until(() => {
      harness.reconciler.requestRound();
      return harness.engine.starts.length > 0;
    });
    expect(sent()).toEqual([['bank', 'test:2']]);
  });

  it('is made again with its tenant by another instance after a crash', async () => {
    await harness.close();
    await open({ SYNC_TIMEOUT_MS: '0' });
    harness.engine.definitions = [definition(2, { tenantId: 'bank', versionTag: 'v1' })];
    harness.engine.answerStart = () => Promise.reject(new EngineUnreachableError(CALL, 'refused'));
    await start({ tenantId: 'bank' }, 'tenant');
    await start({ tenantId: 'bank', versionTag: 'v1' }, 'both');
    const other = await harness.beside({ SYNC_TIMEOUT_MS: '0' });
    const taken = new Map<string, unknown>();
    harness.engine.answerStart = () => {
      const { businessKey, tenantId, definitionId } = harness.engine.starts.at(-1)!;
      taken.set(businessKey, [tenantId, definitionId]);
      return Promise.resolve({ id: `instance-${businessKey}` });
    };
    try {
      await until(() => {
        other.reconciler.requestRound();
        return taken.size === 2;
      });
    } finally {
      await other.close();
    }
    expect([...taken].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['both', ['bank', 'test:2']],
      ['tenant', ['bank', null]],
    ]);
  });
});
