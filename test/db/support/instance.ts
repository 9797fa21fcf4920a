import type { DatabaseConfig } from '../../../src/config/index.js';
import { type DatabaseFixture, openDatabase } from '../../../src/database/testing/database.fixture.js';
import { EventLogService } from '../../../src/event-log/event-log.service.js';
import { EventLogRepository } from '../../../src/event-log/event-log.repository.js';
import { ProcessStartRepository } from '../../../src/process-store/process-start.repository.js';
import { ProcessStoreRepository } from '../../../src/process-store/process-store.repository.js';
import { ProcessStoreService } from '../../../src/process-store/process-store.service.js';
import type { Claim } from '../../../src/process-store/process-store.types.js';

/** The database services of an instance. */
export interface Instance {
  readonly fixture: DatabaseFixture;
  readonly repository: ProcessStoreRepository;
  readonly store: ProcessStoreService;
  readonly events: EventLogService;
}

/** Opens an instance on a new database, or on that of another instance (`server`). */
export async function openInstance(changes: Partial<DatabaseConfig> = {}): Promise<Instance> {
  const fixture = await openDatabase({ writeQueueMaxBytes: 100_000_000, ...changes });
  const { database, queue, shutdown, config } = fixture;
  const repository = new ProcessStoreRepository(database);
  const store = new ProcessStoreService(
    repository,
    new ProcessStartRepository(database),
    queue,
    database,
    config,
    shutdown,
  );
  const events = new EventLogService(new EventLogRepository(database), queue, database, config, [], {
    paths: [],
  });
  return { fixture, repository, store, events };
}

/** A claim as a start makes it. */
export function claimOf(correlationId: string, changes: Partial<Claim> = {}): Claim {
  return {
    correlationId,
    processKey: 'onboard-user',
    variables: '{}',
    requestHash: 'h'.repeat(64),
    claimId: `claim-${correlationId}`.slice(0, 36),
    batchId: 'b',
    traceabilityId: 't',
    applicationId: 'a',
    startOwner: 'host-1',
    leaseMs: 15_000,
    ...changes,
  };
}
