import { text, uint, uint64 } from './tds.bytes.js';
import { COLLATION } from './tds.types.js';

/** An error of the server. */
export interface TdsFault {
  readonly number: number;
  readonly message: string;
  /** Severity, 1 to 25. */
  readonly severity: number;
}

/** Bits of DONE, DONEINPROC and DONEPROC. */
export const DONE = { final: 0, more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;

/** Kinds of the token: after a batch, after a statement in a procedure, after the procedure. */
export const DONE_KIND = { batch: 0xfd, procedure: 0xfe, inProcedure: 0xff } as const;

export function doneToken(kind: number, status: number, count = 0): Buffer {
  return Buffer.concat([Buffer.from([kind]), uint(2, status), uint(2, 0), uint64(count)]);
}

export function returnStatusToken(): Buffer {
  return Buffer.concat([Buffer.from([0x79]), uint(4, 0)]);
}

export function errorToken({ number, message, severity }: TdsFault): Buffer {
  return withLength(
    0xaa,
    uint(4, number),
    Buffer.from([1, severity]),
    text(2, message),
    text(1, 'responder'),
    text(1, ''),
    uint(4, 1),
  );
}

/** Where a client obtains its token, and for which resource ([MS-TDS] 2.2.7.12). */
export function federationToken(authority: string, resource: string): Buffer {
  const [AUTHORITY, RESOURCE] = [1, 2];
  const [first, second] = [Buffer.from(authority, 'utf16le'), Buffer.from(resource, 'utf16le')];
  const HEAD_BYTES = 4 + 2 * 9;
  const data = Buffer.concat([
    uint(4, 2),
    Buffer.from([AUTHORITY]),
    uint(4, first.length),
    uint(4, HEAD_BYTES),
    Buffer.from([RESOURCE]),
    uint(4, second.length),
    uint(4, HEAD_BYTES + first.length),
    first,
    second,
  ]);
  return Buffer.concat([Buffer.from([0xee]), uint(4, data.length), data]);
}

export function loginAckToken(): Buffer {
  const TDS_7_4 = Buffer.from([0x74, 0x00, 0x00, 0x04]);
  return withLength(
    0xad,
    Buffer.from([1]),
    TDS_7_4,
    text(1, 'Microsoft SQL Server'),
    Buffer.from([16, 0, 0x10, 0]),
  );
}

/** The database, the collation and the packet size of a session. */
export function sessionTokens(database: string): Buffer {
  return Buffer.concat([
    withLength(0xe3, Buffer.from([1]), text(1, database), text(1, 'master')),
    withLength(0xe3, Buffer.from([7, COLLATION.length]), COLLATION, Buffer.from([0])),
    withLength(0xe3, Buffer.from([4]), text(1, '4096'), text(1, '4096')),
  ]);
}

/** Sends the client to another server ([MS-TDS] 2.2.7.9, type 20). */
export function routingToken({ host, port }: { readonly host: string; readonly port: number }): Buffer {
  const [ROUTING, TCP] = [20, 0];
  const value = Buffer.concat([Buffer.from([TCP]), uint(2, port), text(2, host)]);
  return withLength(0xe3, Buffer.from([ROUTING]), uint(2, value.length), value, uint(2, 0));
}

const TRANSACTION = { begun: 8, committed: 9, rolledBack: 10 } as const;

/** Reports that a transaction has begun or ended. @param id of the transaction, 8 bytes */
export function transactionToken(what: keyof typeof TRANSACTION, id: Buffer): Buffer {
  const some = Buffer.concat([Buffer.from([id.length]), id]);
  const none = Buffer.from([0]);
  const values = what === 'begun' ? [some, none] : [none, some];
  return withLength(0xe3, Buffer.from([TRANSACTION[what]]), ...values);
}

function withLength(token: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([token]), uint(2, body.length), body]);
}
