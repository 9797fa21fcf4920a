import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Grants } from '../../auth/access/scopes.js';
import { ProcessAccess } from '../../auth/index.js';
import { canonicalHash } from '../../common/json/index.js';
import { createConfiguration } from '../../config/index.js';
import type { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessMessageRecord, ProcessMessageRepository } from '../../process-message/index.js';
import type { ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { MessageDeliveryService } from './message-delivery.service.js';
import type { MessageCommand } from './process-message.js';
import { ProcessMessageService } from './process-message.service.js';
import type { ProcessStartService } from './process-start.service.js';

const ID = 'order-1';

/** A principal that sees only processes of the key `parcel`. */
const LIMITED = ProcessAccess.of(
  { name: 'carol', kind: 'api-key', grants: Grants.of(['process:complete:parcel']).grants },
  'process:complete',
);

const command = (more: Partial<MessageCommand> = {}): MessageCommand => ({
  messageName: 'order-placed',
  correlationId: null,
  correlationKeys: {},
  variables: { item: 'book' },
  messageId: 'm-1',
  requester: { requestId: 'r', clientAddress: '127.0.0.1', forwardedFor: null, principal: null },
  ...more,
});

describe('ProcessMessageService, a message that was claimed before as the start of a process', () => {
  let record: Partial<ProcessRecord> | null;
  let row: ProcessMessageRecord;
  let removed: string[];
  let started: { kind: string };
  let service: ProcessMessageService;
  let shutdown: { refusing: boolean };
  let looks: number;

  beforeEach(() => {
    record = null;
    looks = 0;
    shutdown = { refusing: false };
    removed = [];
    started = { kind: 'unavailable' };
    const { messageName, correlationId, correlationKeys, variables } = command();
    row = {
      messageId: 'm-1',
      requestHash: canonicalHash({ messageName, correlationId, correlationKeys, variables }),
      claimId: 'c-1',
      state: 'starting',
      correlationId: ID,
    } as ProcessMessageRecord;
    const configuration = createConfiguration({});
    const none = {} as never;
    service = new ProcessMessageService(
      none,
      none,
      {
        find: () => {
          looks += 1;
          return Promise.resolve(row);
        },
        isSoleWriter: false,
        // Another request holds the lease, and the service begins to stop.
        lease: () => {
          shutdown.refusing = true;
          return Promise.resolve(null);
        },
        remove: ({ messageId }: ProcessMessageRecord) => {
          removed.push(messageId);
          return Promise.resolve();
        },
        now: () => new Date(),
      } as unknown as ProcessMessageRepository,
      {
        start: () => Promise.resolve(started),
      } as unknown as ProcessStartService,
      { get: () => Promise.resolve(record) } as unknown as ProcessStoreService,
      none,
      shutdown as ShutdownService,
      configuration.wait,
      configuration.process,
      configuration.camunda,
    );
  });

  const send = (message: MessageCommand) => service.send(message, () => undefined);

  it('keeps its id if the process exists and the start is refused now', async () => {
    record = { processKey: 'order', tenantId: null, startMessage: 'order-placed' };
    expect(await send(command())).toMatchObject({ kind: 'start', result: { kind: 'unavailable' } });
    expect(removed).toEqual([]);
  });

  it.each([
    { startMessage: null, kind: 'unavailable' },
    { startMessage: 'order-placed', kind: 'conflict' },
  ])('gives its id up if another start has taken the correlation id: %j', async ({ startMessage, kind }) => {
    record = { processKey: 'order', tenantId: null, startMessage };
    started = { kind };
    await send(command());
    expect(removed).toEqual(['m-1']);
  });

  it('waits for the request that sends it, but not during a stop', async () => {
    row = { ...row, state: 'correlating', leaseOwner: 'another' };
    expect(await send(command())).toEqual({ kind: 'in-progress' });
    expect(looks).toBe(1);
  });

  it('shows its process to no limited caller while the process has no row', async () => {
    const other = { variables: { item: 'pen' } };
    const conflict = (more: Partial<MessageCommand>) => send(command({ ...other, ...more }));
    expect(await conflict({})).toEqual({ kind: 'message-id-conflict', correlationId: ID });
    expect(await conflict({ access: LIMITED })).toEqual({ kind: 'message-id-conflict', correlationId: null });
    // The caller has named it.
    expect(await conflict({ access: LIMITED, correlationId: ID })).toEqual({
      kind: 'message-id-conflict',
      correlationId: ID,
    });
  });
});

describe('ProcessMessageService, paused until the lease of its message has ended', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('leaves the message to the request that holds the lease then', async () => {
    const { wait, process, camunda } = createConfiguration({});
    const monotonic = performance.now.bind(performance);
    let pausedMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic() + pausedMs);
    const none = {} as never;
    const target = { kind: 'instance', record: { correlationId: ID }, processInstanceId: 'i' };
    const find = jest.fn(() => Promise.resolve(target));
    const correlate = jest.fn<MessageDeliveryService['correlate']>().mockResolvedValue('again');
    const beginAttempt = jest.fn();
    const service = new ProcessMessageService(
      { find } as never,
      { correlate } as never,
      {
        find: () => Promise.resolve(null),
        claim: (claim: object) => {
          pausedMs = process.startLeaseMs + 1;
          return Promise.resolve({ kind: 'claimed', record: claim });
        },
        beginAttempt,
        remove: () => Promise.resolve(),
      } as never,
      none,
      none,
      { id: 'me' },
      { refusing: false } as ShutdownService,
      wait,
      process,
      camunda,
    );
    expect(await service.send(command(), () => undefined)).toEqual({ kind: 'in-progress' });
    expect(correlate).toHaveBeenCalledTimes(1);
    expect(correlate.mock.lastCall?.[4]?.notAfter).toBeLessThan(performance.now());
    expect(beginAttempt).not.toHaveBeenCalled();
  });
});
