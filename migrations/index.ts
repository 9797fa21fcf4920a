import type { EntitySchema, MigrationInterface } from 'typeorm';
import { eventLogArchiveEntity, eventLogEntity } from '../src/event-log/event-log.entity.js';
import { processMessageEntity } from '../src/process-message/process-message.entity.js';
import { processStoreArchiveEntity, processStoreEntity } from '../src/process-store/process-store.entity.js';
import { taskDeliveryEntity } from '../src/task-delivery/task-delivery.entity.js';
import { workLeaseEntity } from '../src/work-lease/work-lease.entity.js';
import { ProcessStore1763683200001 } from './0001-process-store.migration.js';
import { EventLog1763683200002 } from './0002-event-log.migration.js';
import { Archives1795219200003 } from './0003-archives.migration.js';
import { TaskDelivery1795996800004 } from './0004-task-delivery.migration.js';
import { OutcomeOrigin1796083200005 } from './0005-outcome-origin.migration.js';
import { OriginOfOldOutcomes1796083200006 } from './0006-origin-of-old-outcomes.migration.js';
import { TenantAndOwner1796169600007 } from './0007-tenant-and-owner.migration.js';
import { ProcessMessage1796169600008 } from './0008-process-message.migration.js';
import { WorkLease1796256000009 } from './0009-work-lease.migration.js';
import type { SchemaDialect } from './column-types.js';

/** All migrations, oldest first. Append a new one; its position is its schema version. */
export const MIGRATIONS: readonly (new () => MigrationInterface)[] = [
  ProcessStore1763683200001,
  EventLog1763683200002,
  Archives1795219200003,
  TaskDelivery1795996800004,
  OutcomeOrigin1796083200005,
  OriginOfOldOutcomes1796083200006,
  TenantAndOwner1796169600007,
  ProcessMessage1796169600008,
  WorkLease1796256000009,
];

/** The tables of the service, without those of TypeORM. */
export const TABLES = [
  'process_store',
  'event_log',
  'process_store_archive',
  'event_log_archive',
  'task_delivery',
  'process_message',
  'work_lease',
  'schema_version',
] as const;

/** The schema version that this code needs. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The entities, with the column types of a dialect. All migrations together create exactly these tables. */
export function entitiesOf(dialect: SchemaDialect): EntitySchema[] {
  return [
    processStoreEntity(dialect),
    eventLogEntity(dialect),
    processStoreArchiveEntity(dialect),
    eventLogArchiveEntity(dialect),
    taskDeliveryEntity(dialect),
    processMessageEntity(dialect),
    workLeaseEntity(dialect),
  ];
}
