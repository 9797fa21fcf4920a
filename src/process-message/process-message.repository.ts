import { Injectable } from '@nestjs/common';
import { namesOf, omit, rowReader, rowWriter } from '../common/columns/index.js';
import {
  DatabaseService,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
  type SqlStatement,
  type SqlValue,
  type WriteKind,
  type WriteOptions,
  WriteQueueService,
} from '../database/index.js';
import { PROCESS_MESSAGE_COLUMNS, type ProcessMessageRecord } from './process-message.columns.js';

/** What is stored before a message goes to the engine. */
interface MessageClaim {
  readonly messageId: string;
  readonly requestHash: string;
  /** UUID of this request. */
  readonly claimId: string;
  readonly correlationId: string;
  /** The instance that the message is sent to, under a lease; null: the message starts its process. */
  readonly processInstanceId: string | null;
  /** Who may send the message; no other request has the same name. */
  readonly owner: string;
  /** Duration of the lease in ms, by the clock of the database. */
  readonly leaseMs: number;
}

/** The row of a message, and whether this claim inserted it. */
interface MessageClaimResult {
  readonly kind: 'claimed' | 'exists';
  readonly record: ProcessMessageRecord;
}

/** A further attempt to send a message, by the holder of its lease. */
interface MessageAttempt {
  readonly messageId: string;
  readonly claimId: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly correlationId: string;
  readonly processInstanceId: string;
  /** Minimum time since the last attempt, in ms; 0 if that one is known to have left nothing in the engine. */
  readonly settleMs: number;
  /** The time of the last attempt as this owner has read it. */
  readonly lastAttemptAt: Date | null;
}

/** A request for the lease of a message. */
interface MessageLease {
  /** Who asks; no other request has the same name. */
  readonly owner: string;
  /** Duration of the lease in ms, by the clock of the database. */
  readonly leaseMs: number;
  /** A holder that is known to be dead, whose lease counts as expired; null: none. */
  readonly deadOwner: string | null;
}

type MessageKey = Pick<ProcessMessageRecord, 'messageId' | 'claimId'>;

/** A message and the lease under which its row was read; null: it starts its process, and has none. */
type HeldMessage = Pick<ProcessMessageRecord, 'messageId' | 'claimId' | 'leaseOwner'>;

type MessageWrite =
  | ({ readonly type: 'claim' } & MessageClaim)
  | ({ readonly type: 'lease' } & MessageKey & MessageLease)
  | ({ readonly type: 'attempt' } & MessageAttempt)
  | ({ readonly type: 'release' | 'doubt'; readonly owner: string } & MessageKey)
  | ({ readonly type: 'correlated' } & MessageKey)
  | ({ readonly type: 'remove' } & HeldMessage)
  | { readonly type: 'remove-old'; readonly before: Date; readonly messageIds: readonly string[] };

interface MessageWriteResult {
  readonly written: boolean;
  readonly record: ProcessMessageRecord | null;
}

/** Approximate size of a write, in bytes. */
const WRITE_BYTES = 512;

/** Tries of a claim that meets an existing row which is gone when it is read. */
const CLAIM_TRIES = 3;

const COLUMNS = namesOf(PROCESS_MESSAGE_COLUMNS);
const GIVEN = omit(PROCESS_MESSAGE_COLUMNS, 'leaseUntil', 'lastAttemptAt');
const readRecord = rowReader(PROCESS_MESSAGE_COLUMNS);
const writeGiven = rowWriter(GIVEN);
const INSERT_NAMES = `${namesOf(GIVEN)}, lease_until, last_attempt_at`;
const GIVEN_PLACES = placeholders(Object.keys(GIVEN).length).slice(1, -1);
const OF_CLAIM = 'message_id = ? AND claim_id = ?';

/** The statements of `process_message`, and the kind of its writes. */
@Injectable()
export class ProcessMessageRepository implements WriteKind<MessageWrite, MessageWriteResult> {
  readonly name = 'process_message';
  private readonly dialect: SqlDialect;

  constructor(
    private readonly database: DatabaseService,
    private readonly writes: WriteQueueService,
  ) {
    this.dialect = database.dialect;
  }

  /** True if no other process of the service can write to the table. */
  get isSoleWriter(): boolean {
    return this.dialect.exclusive;
  }

  /** The time by the clock of the database, with which the times in rows are compared. */
  now(): Date {
    return this.database.now();
  }

  /** The row of a message; null if it has none. @throws DatabaseUnavailableError */
  async find(messageId: string): Promise<ProcessMessageRecord | null> {
    const { sql, parameters } = selectById(messageId);
    const [row] = await this.database.read(sql, parameters);
    return row === undefined ? null : readRecord(row, this.dialect);
  }

  /**
   * Claims a message: inserts its row unless the id exists. The claim counts as the first attempt to send it, because a
   * crash between the two looks like one after both.
   */
  async claim(claim: MessageClaim, options: WriteOptions = {}): Promise<MessageClaimResult> {
    const { written, record } = await this.enqueue({ type: 'claim', ...claim }, options);
    if (record === null) throw new Error(`The row of message ${claim.messageId} vanished`);
    return { kind: written ? 'claimed' : 'exists', record };
  }

  /** Takes the lease of a message whose correlation is not finished; null if another owner holds it, or it is finished. */
  async lease({ messageId, claimId }: MessageKey, lease: MessageLease): Promise<ProcessMessageRecord | null> {
    return this.change({ type: 'lease', messageId, claimId, ...lease });
  }

  /** Records an attempt before it is sent, and renews the lease; null if this owner may not send the message. */
  async beginAttempt(attempt: MessageAttempt): Promise<ProcessMessageRecord | null> {
    return this.change({ type: 'attempt', ...attempt });
  }

  /** Releases the lease of a message that was not sent under it; null if this owner no longer holds it. */
  async release({ messageId, claimId }: MessageKey, owner: string): Promise<ProcessMessageRecord | null> {
    return this.change({ type: 'release', messageId, claimId, owner });
  }

  /** Releases the lease after an attempt that the engine may have executed; null if this owner no longer holds it. */
  async doubt({ messageId, claimId }: MessageKey, owner: string): Promise<ProcessMessageRecord | null> {
    return this.change({ type: 'doubt', messageId, claimId, owner });
  }

  /** Records that the engine has correlated the message; null if the row is gone. */
  async settle(
    { messageId, claimId }: MessageKey,
    options: WriteOptions = {},
  ): Promise<ProcessMessageRecord | null> {
    return this.change({ type: 'correlated', messageId, claimId }, options);
  }

  /** Removes the claim of a message that has changed nothing, unless another request has taken its lease over. */
  async remove({ messageId, claimId, leaseOwner }: HeldMessage, options: WriteOptions = {}): Promise<void> {
    await this.enqueue({ type: 'remove', messageId, claimId, leaseOwner }, options);
  }

  /** Ids of the messages that were claimed before a time, oldest first. */
  async findOlderThan(before: Date, limit: number): Promise<readonly string[]> {
    const rows = await this.database.read(
      'SELECT message_id FROM process_message WHERE created_at < ? ' +
        `ORDER BY created_at, message_id${this.dialect.limit}`,
      [this.dialect.time(before), limit],
    );
    return rows.map(({ message_id: messageId }) => String(messageId));
  }

  /** Removes messages that were claimed before a time. */
  async removeOld(messageIds: readonly string[], before: Date, options: WriteOptions = {}): Promise<void> {
    await this.enqueue({ type: 'remove-old', before, messageIds }, options);
  }

  async write(
    sql: SqlExecutor,
    items: readonly MessageWrite[],
    repeated: boolean,
  ): Promise<readonly MessageWriteResult[]> {
    const results: MessageWriteResult[] = [];
    for (const item of items) {
      const result = await this.writeOne(sql, item);
      results.push(
        result.record === null && repeated ? await this.resultOfEarlierAttempt(sql, item, result) : result,
      );
    }
    return results;
  }

  /** The row that an earlier attempt at a write has left, whose commit was in doubt; otherwise the given result. */
  private async resultOfEarlierAttempt(
    sql: SqlExecutor,
    item: MessageWrite,
    otherwise: MessageWriteResult,
  ): Promise<MessageWriteResult> {
    if (item.type !== 'attempt' && item.type !== 'release' && item.type !== 'doubt') return otherwise;
    const { sql: select, parameters } = selectById(item.messageId);
    const [row] = await sql.query(select, parameters);
    const record = row === undefined ? null : readRecord(row, this.dialect);
    if (record?.claimId !== item.claimId || record.state !== 'correlating') return otherwise;
    const isResult =
      item.type === 'attempt'
        ? record.leaseOwner === item.owner &&
          record.correlationId === item.correlationId &&
          record.processInstanceId === item.processInstanceId &&
          (record.lastAttemptAt?.getTime() ?? 0) > (item.lastAttemptAt?.getTime() ?? 0)
        : record.leaseOwner === null;
    return isResult ? { written: true, record } : otherwise;
  }

  private async writeOne(sql: SqlExecutor, item: MessageWrite): Promise<MessageWriteResult> {
    const { nowPlusMs } = this.dialect;
    switch (item.type) {
      case 'claim':
        return this.insert(sql, item);
      case 'lease': {
        const { messageId, claimId, owner, leaseMs, deadOwner } = item;
        return this.update(
          sql,
          `lease_owner = ?, lease_until = ${nowPlusMs}`,
          `${OF_CLAIM} AND state = 'correlating' ` +
            // Our own lease: an earlier attempt at this write committed.
            `AND (lease_until IS NULL OR lease_until <= ${nowPlusMs} OR lease_owner IN (?, ?))`,
          [owner, leaseMs, messageId, claimId, 0, owner, deadOwner ?? owner],
        );
      }
      case 'attempt': {
        const { messageId, claimId, owner, leaseMs, correlationId, processInstanceId, settleMs } = item;
        return this.update(
          sql,
          `correlation_id = ?, process_instance_id = ?, lease_until = ${nowPlusMs}, last_attempt_at = ${nowPlusMs}`,
          `${OF_CLAIM} AND state = 'correlating' AND lease_owner = ? ` +
            `AND (last_attempt_at IS NULL OR last_attempt_at <= ${nowPlusMs})`,
          [correlationId, processInstanceId, leaseMs, 0, messageId, claimId, owner, -settleMs],
        );
      }
      case 'release':
      case 'doubt': {
        const isDoubt = item.type === 'doubt';
        return this.update(
          sql,
          `lease_owner = NULL, lease_until = NULL${isDoubt ? `, last_attempt_at = ${nowPlusMs}` : ''}`,
          `${OF_CLAIM} AND state = 'correlating' AND lease_owner = ?`,
          [...(isDoubt ? [0] : []), item.messageId, item.claimId, item.owner],
        );
      }
      case 'correlated':
        return this.update(
          sql,
          "state = 'correlated', lease_owner = NULL, lease_until = NULL",
          `${OF_CLAIM} AND state <> 'starting'`,
          [item.messageId, item.claimId],
        );
      case 'remove':
        await sql.execute(
          `DELETE FROM process_message WHERE ${OF_CLAIM} AND state <> 'correlated' AND COALESCE(lease_owner, '') = ?`,
          [item.messageId, item.claimId, item.leaseOwner ?? ''],
        );
        return { written: true, record: null };
      case 'remove-old': {
        const { messageIds, before } = item;
        await sql.execute(
          `DELETE FROM process_message WHERE message_id IN ${placeholders(messageIds.length)} AND created_at < ?`,
          [...messageIds, this.dialect.time(before)],
        );
        return { written: true, record: null };
      }
    }
  }

  private async insert(
    sql: SqlExecutor,
    claim: MessageClaim,
    triesLeft = CLAIM_TRIES,
  ): Promise<MessageWriteResult> {
    const { dialect } = this;
    const { messageId, requestHash, claimId, correlationId, processInstanceId, owner, leaseMs } = claim;
    const isStart = processInstanceId === null;
    const row = {
      messageId,
      requestHash,
      claimId,
      state: isStart ? ('starting' as const) : ('correlating' as const),
      correlationId,
      processInstanceId,
      leaseOwner: isStart ? null : owner,
      createdAt: this.database.now(),
    };
    const inserted = await dialect.insertNew(
      sql,
      {
        table: 'process_message',
        columns: INSERT_NAMES,
        row: `(${GIVEN_PLACES},${dialect.nowPlusMs},${dialect.nowPlusMs})`,
        parameters: [[...writeGiven(row, dialect), isStart ? null : leaseMs, isStart ? null : 0]],
        returning: 'claim_id, lease_until, last_attempt_at',
      },
      selectById(messageId),
    );
    const [clock] = inserted.rows;
    if (clock !== undefined) {
      const { leaseUntil, lastAttemptAt } = readRecord(clock, dialect);
      return { written: true, record: { ...row, leaseUntil, lastAttemptAt } };
    }
    const [found] = inserted.otherwise ?? [];
    // Another instance removed the row between the two statements, and the id is free.
    if (found === undefined && triesLeft > 1) return this.insert(sql, claim, triesLeft - 1);
    const record = found === undefined ? null : readRecord(found, dialect);
    // Our own claim id proves that an earlier attempt at this write committed.
    return { written: record?.claimId === claimId, record };
  }

  private async update(
    sql: SqlExecutor,
    set: string,
    where: string,
    parameters: readonly SqlValue[],
  ): Promise<MessageWriteResult> {
    const statement = this.dialect.update({ table: 'process_message', set, where, returning: COLUMNS });
    const [row] = await sql.query(statement, parameters);
    return { written: row !== undefined, record: row === undefined ? null : readRecord(row, this.dialect) };
  }

  private async change(item: MessageWrite, options: WriteOptions = {}): Promise<ProcessMessageRecord | null> {
    return (await this.enqueue(item, options)).record;
  }

  private enqueue(item: MessageWrite, options: WriteOptions): Promise<MessageWriteResult> {
    const correlationId =
      item.type === 'remove-old' ? '' : item.type === 'claim' ? item.correlationId : item.messageId;
    const rows = item.type === 'remove-old' ? item.messageIds.length : 1;
    return this.writes.enqueue(this, { correlationId, bytes: WRITE_BYTES * rows, item }, options);
  }
}

function selectById(messageId: string): SqlStatement {
  return {
    sql: `SELECT ${COLUMNS} FROM process_message WHERE message_id = ?`,
    parameters: [messageId],
  };
}
