import { ByteReader } from './tds.bytes.js';
import { MESSAGE, type TdsMessage } from './tds.packets.js';
import { readParameters, type TdsParameter } from './tds.types.js';

/** A request of a client. */
export interface TdsRequest {
  readonly kind: 'batch' | 'rpc' | 'begin' | 'commit' | 'rollback';
  /** The text of a batch or of `sp_executesql`; for transactions `BEGIN`, `COMMIT`, `ROLLBACK`. */
  readonly sql: string;
  readonly parameters: readonly TdsParameter[];
}

/** The login data of a client. */
export interface TdsLogin {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly application: string;
  /** The server for which the client asks: the name of a listener, or of a server to which it was routed. */
  readonly server: string;
  /** Whether the client only reads (`ApplicationIntent=ReadOnly`). */
  readonly isReadOnly: boolean;
}

const SP_EXECUTESQL = 10;
const TRANSACTIONS: Readonly<Record<number, TdsRequest['kind']>> = { 5: 'begin', 7: 'commit', 8: 'rollback' };

/** @throws Error for requests that the driver never sends */
export function readRequest({ type, data }: TdsMessage): TdsRequest {
  const reader = new ByteReader(data);
  reader.take(reader.uint(4) - 4);
  switch (type) {
    case MESSAGE.batch:
      return { kind: 'batch', sql: data.subarray(data.readUInt32LE(0)).toString('utf16le'), parameters: [] };
    case MESSAGE.rpc:
      return readCall(reader);
    case MESSAGE.transaction: {
      const kind = TRANSACTIONS[reader.uint(2)];
      if (kind === undefined) throw new Error('The responder does not know this transaction request.');
      return { kind, sql: kind.toUpperCase(), parameters: [] };
    }
    default:
      throw new Error(`The responder does not know the message type ${type}.`);
  }
}

function readCall(reader: ByteReader): TdsRequest {
  const isByName = reader.uint(2) !== 0xffff;
  if (isByName || reader.uint(2) !== SP_EXECUTESQL)
    throw new Error('The responder only knows sp_executesql.');
  reader.uint(2);
  // Skips the statement and the declarations of its parameters.
  const [statement, , ...parameters] = readParameters(reader);
  return { kind: 'rpc', sql: String(statement?.value), parameters };
}

/** The token of a FEDAUTH message ([MS-TDS] 2.2.6.3). */
export function readToken({ data }: TdsMessage): string {
  return data.subarray(8, 8 + data.readUInt32LE(4)).toString('utf16le');
}

/** True if a LOGIN7 asks for federated authentication, by a feature in its extension ([MS-TDS] 2.2.6.4). */
export function isFederated({ data }: TdsMessage): boolean {
  const [FLAGS, HAS_EXTENSION, EXTENSION, FEDAUTH, END] = [27, 0x10, 56, 0x02, 0xff];
  if ((data.readUInt8(FLAGS) & HAS_EXTENSION) === 0) return false;
  let at = data.readUInt32LE(data.readUInt16LE(EXTENSION));
  while (data.readUInt8(at) !== END) {
    if (data.readUInt8(at) === FEDAUTH) return true;
    at += 5 + data.readUInt32LE(at + 1);
  }
  return false;
}

/** Reads LOGIN7. */
export function readLogin({ data }: TdsMessage): TdsLogin {
  const [FIRST_TEXT, TYPE_FLAGS, READ_ONLY_INTENT] = [36, 26, 0x20];
  const textAt = (index: number): Buffer => {
    const place = FIRST_TEXT + index * 4;
    const offset = data.readUInt16LE(place);
    return data.subarray(offset, offset + data.readUInt16LE(place + 2) * 2);
  };
  const password = textAt(2).map((byte) => {
    const turned = byte ^ 0xa5;
    return ((turned << 4) | (turned >> 4)) & 0xff;
  });
  return {
    user: textAt(1).toString('utf16le'),
    password: Buffer.from(password).toString('utf16le'),
    application: textAt(3).toString('utf16le'),
    server: textAt(4).toString('utf16le'),
    isReadOnly: (data.readUInt8(TYPE_FLAGS) & READ_ONLY_INTENT) !== 0,
    // After the host, user, password, application, server, extension, library and language.
    database: textAt(8).toString('utf16le'),
  };
}
