import { key, nullable, timestamp, type ValuesOf } from '../common/columns/index.js';

/**
 * What is known about a message: `correlating`: it may have been sent to the engine; `correlated`: a process has it;
 * `starting`: it starts the process with its correlation id.
 */
export type MessageState = 'correlating' | 'correlated' | 'starting';

/** The columns of `process_message`, from which the entity, the records and the statements are derived. */
export const PROCESS_MESSAGE_COLUMNS = {
  messageId: key('message_id', 255),
  /** SHA-256 of the content of the message. */
  requestHash: key('request_hash', 64),
  /** UUID of the request that inserted the row; it names the trace of the message in the engine. */
  claimId: key('claim_id', 36),
  state: key<MessageState>('state', 16),
  /** The process that has the message, or that it starts. */
  correlationId: key('correlation_id', 255),
  /** The instance that the message was last sent to; null for one that starts a process. */
  processInstanceId: nullable(key('process_instance_id', 64)),
  /** Who may send the message to the engine. */
  leaseOwner: nullable(key('lease_owner', 255)),
  /** By the clock of the database, like `lastAttemptAt`. */
  leaseUntil: nullable(timestamp('lease_until')),
  /** When the message was last sent, or may have been. */
  lastAttemptAt: nullable(timestamp('last_attempt_at')),
  createdAt: timestamp('created_at'),
};

/** A row of `process_message`. */
export type ProcessMessageRecord = ValuesOf<typeof PROCESS_MESSAGE_COLUMNS>;
