import {
  flag,
  integer,
  key,
  nullable,
  omit,
  text,
  timestamp,
  type ValuesOf,
} from '../common/columns/index.js';
import type { OutcomeOrigin, ProcessStatus } from './outcome-origin.js';

/**
 * The columns of `process_store`, and of its archive. All else is derived from this list: the entities, the type of a
 * record, the statements and the mapping of rows. A new column takes an entry here and a migration; see "Adding a column"
 * in docs/design/data-model.md.
 */
export const PROCESS_STORE_COLUMNS = {
  correlationId: key('correlation_id', 255),
  /** Null if the process was started elsewhere and completed here. */
  processKey: nullable(key('process_key', 255)),
  processInstanceId: nullable(key('process_instance_id', 64)),
  status: key<ProcessStatus>('status', 50),
  /** JSON text. */
  data: text('data'),
  error: text('error'),
  errorCode: nullable(key('error_code', 255)),
  /** Counts the changes of what a client sees, from 1. */
  version: integer('version'),
  startedAt: timestamp('started_at'),
  /** When the version changed last. */
  updatedAt: timestamp('updated_at'),
  /** SHA-256 of process key and variables, and of tenant and version tag if they are given; null if the row was not claimed here. */
  requestHash: nullable(key('request_hash', 64)),
  /** UUID of the request that inserted the row. */
  claimId: key('claim_id', 36),
  /** JSON text of the variables of the start; null once the start is done. */
  variables: text('variables'),
  startOwner: nullable(key('start_owner', 255)),
  /** By the clock of the database, like `startLastAttemptAt` and `startNextAt`. */
  startLeaseUntil: nullable(timestamp('start_lease_until')),
  startAttempts: integer('start_attempts'),
  startLastAttemptAt: nullable(timestamp('start_last_attempt_at')),
  /** When the row is due for the reconciler; null if nothing is left to do in the engine. */
  startNextAt: nullable(timestamp('start_next_at')),
  cancelRequestedAt: nullable(timestamp('cancel_requested_at')),
  /** True once another caller than the starter relies on the claim. */
  joined: flag('joined'),
  /** The step that reported the outcome; null for HTTP, cancel, expiry and reconciler. */
  outcomeStep: nullable(key('outcome_step', 255)),
  batchId: nullable(key('batch_id', 255)),
  traceabilityId: nullable(key('traceability_id', 255)),
  applicationId: nullable(key('application_id', 255)),
  /** Null while the process is pending. */
  outcomeOrigin: nullable(key<OutcomeOrigin>('outcome_origin', 32)),
  /** Chooses the definition beside its key, as the client gave it; the lengths are those of the engine's columns. */
  tenantId: nullable(key('tenant_id', 64)),
  versionTag: nullable(key('version_tag', 64)),
  /** Name of the principal that started the process; null if it was started without authentication, or elsewhere. */
  owner: nullable(key('owner', 255)),
  /** The name of the message that starts the process; null for a start by key. */
  startMessage: text('start_message'),
  /** Grows with each new holder of the lease of the start; null counts as 0. */
  startFence: nullable(integer('start_fence')),
};

/** The columns of a record: all but the variables of the start, which only the start itself needs. */
export const RECORD_COLUMNS = omit(PROCESS_STORE_COLUMNS, 'variables');

/** The current state of a process: a row of `process_store` without the variables of its start. */
export type ProcessRecord = ValuesOf<typeof RECORD_COLUMNS>;
