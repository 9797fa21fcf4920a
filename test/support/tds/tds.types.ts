import { ByteReader, text, uint, uint64 } from './tds.bytes.js';

/** A received parameter. */
export interface TdsParameter {
  readonly name: string;
  /** For example `VarChar(255)`, `NVarChar(MAX)`, `DateTime2(3)`, `Int`. */
  readonly type: string;
  readonly value: string | number | bigint | boolean | Date | null;
}

/** The type of a column; the driver returns `bigint` as text. */
export type ColumnType = 'int' | 'bigint' | 'float' | 'bit' | 'nvarchar' | 'datetime2';

/** A column of a result. */
export interface TdsColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** SQL_Latin1_General_CP1_CI_AS. */
export const COLLATION = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

const MAX = 0xffff;
const NULL_LENGTH = 0xffff;
const NULL_MAX = 0xffff_ffff_ffff_ffffn;
const DAY_MS = 86_400_000;
/** The first of January of the year 1, from which DATETIME2 counts. */
const YEAR_1 = -62_135_596_800_000;

/** Reads the parameters of a remote procedure call. */
export function readParameters(reader: ByteReader): TdsParameter[] {
  const parameters: TdsParameter[] = [];
  while (!reader.isAtEnd) {
    const name = reader.text(reader.uint(1));
    reader.uint(1);
    parameters.push({ name, ...readTyped(reader) });
  }
  return parameters;
}

function readTyped(reader: ByteReader): Omit<TdsParameter, 'name'> {
  const type = reader.uint(1);
  switch (type) {
    case 0x26:
      return readInteger(reader);
    case 0x68: {
      reader.uint(1);
      return { type: 'Bit', value: reader.uint(1) === 0 ? null : reader.uint(1) === 1 };
    }
    case 0x6d: {
      reader.uint(1);
      return { type: 'Float', value: reader.uint(1) === 0 ? null : reader.double() };
    }
    case 0x2a: {
      const scale = reader.uint(1);
      return { type: `DateTime2(${scale})`, value: readTime(reader, scale) };
    }
    case 0xa7:
      return readText(reader, 'VarChar', 'latin1', 1);
    case 0xe7:
      return readText(reader, 'NVarChar', 'utf16le', 2);
    default:
      throw new Error(`The responder does not know the parameter type 0x${type.toString(16)}.`);
  }
}

function readInteger(reader: ByteReader): Omit<TdsParameter, 'name'> {
  const declared = reader.uint(1);
  const length = reader.uint(1);
  const type = ({ 1: 'TinyInt', 2: 'SmallInt', 4: 'Int', 8: 'BigInt' } as Record<number, string>)[declared];
  const value = length === 0 ? null : length === 8 ? reader.bigint() : reader.int(length);
  return { type: type ?? '?', value };
}

function readText(
  reader: ByteReader,
  name: string,
  encoding: BufferEncoding,
  bytesOfCharacter: number,
): Omit<TdsParameter, 'name'> {
  const declared = reader.uint(2);
  reader.take(COLLATION.length);
  const type = `${name}(${declared === MAX ? 'MAX' : declared / bytesOfCharacter})`;
  const bytes = declared === MAX ? readChunks(reader) : readShort(reader);
  return { type, value: bytes?.toString(encoding) ?? null };
}

function readShort(reader: ByteReader): Buffer | null {
  const length = reader.uint(2);
  return length === NULL_LENGTH ? null : reader.take(length);
}

function readChunks(reader: ByteReader): Buffer | null {
  if (BigInt.asUintN(64, reader.bigint()) === NULL_MAX) return null;
  const chunks: Buffer[] = [];
  for (let length = reader.uint(4); length > 0; length = reader.uint(4)) chunks.push(reader.take(length));
  return Buffer.concat(chunks);
}

function readTime(reader: ByteReader, scale: number): Date | null {
  const length = reader.uint(1);
  if (length === 0) return null;
  const time = reader.uint(length - 3) * 10 ** (3 - scale);
  return new Date(YEAR_1 + reader.uint(3) * DAY_MS + time);
}

/** The columns of rows with the types of their values; a column with only nulls is a text. */
export function columnsOf(rows: readonly object[]): TdsColumn[] {
  // A result without rows also needs columns; without them the driver does not recognise it.
  const [first = { none: null }] = rows;
  return Object.keys(first).map((name) => ({
    name,
    type: typeOf(rows.map((row) => (row as Record<string, unknown>)[name]).find((value) => value != null)),
  }));
}

function typeOf(value: unknown): ColumnType {
  if (value instanceof Date) return 'datetime2';
  switch (typeof value) {
    case 'bigint':
      return 'bigint';
    case 'boolean':
      return 'bit';
    case 'number':
      if (!Number.isInteger(value)) return 'float';
      return Math.abs(value) < 2 ** 31 ? 'int' : 'bigint';
    default:
      return 'nvarchar';
  }
}

const TYPE_INFO: Readonly<Record<ColumnType, Buffer>> = {
  int: Buffer.from([0x26, 4]),
  bigint: Buffer.from([0x26, 8]),
  float: Buffer.from([0x6d, 8]),
  bit: Buffer.from([0x68, 1]),
  nvarchar: Buffer.concat([Buffer.from([0xe7]), uint(2, MAX), COLLATION]),
  datetime2: Buffer.from([0x2a, 3]),
};

/** COLMETADATA. */
export function columnsToken(columns: readonly TdsColumn[]): Buffer {
  const IS_NULLABLE = 0x09;
  return Buffer.concat([
    Buffer.from([0x81]),
    uint(2, columns.length),
    ...columns.flatMap(({ name, type }) => [
      uint(4, 0),
      uint(2, IS_NULLABLE),
      TYPE_INFO[type],
      text(1, name),
    ]),
  ]);
}

/** ROW. */
export function rowToken(columns: readonly TdsColumn[], row: object): Buffer {
  return Buffer.concat([
    Buffer.from([0xd1]),
    ...columns.map(({ name, type }) => valueOf(type, (row as Record<string, unknown>)[name])),
  ]);
}

function valueOf(type: ColumnType, value: unknown): Buffer {
  if (value === null || value === undefined) return type === 'nvarchar' ? uint64(NULL_MAX) : uint(1, 0);
  switch (type) {
    case 'int': {
      const bytes = Buffer.from([4, 0, 0, 0, 0]);
      bytes.writeInt32LE(Number(value), 1);
      return bytes;
    }
    case 'bigint': {
      const bytes = Buffer.alloc(9, 8);
      bytes.writeBigInt64LE(BigInt(value as number | bigint), 1);
      return bytes;
    }
    case 'float': {
      const bytes = Buffer.alloc(9, 8);
      bytes.writeDoubleLE(Number(value), 1);
      return bytes;
    }
    case 'bit':
      return Buffer.from([1, value === true ? 1 : 0]);
    case 'datetime2':
      return timeValue(value as Date);
    case 'nvarchar': {
      const bytes = Buffer.from(value as string, 'utf16le');
      const chunk = bytes.length === 0 ? [] : [uint(4, bytes.length), bytes];
      return Buffer.concat([uint64(bytes.length), ...chunk, uint(4, 0)]);
    }
  }
}

function timeValue(time: Date): Buffer {
  const since = time.getTime() - YEAR_1;
  const bytes = Buffer.alloc(8, 7);
  bytes.writeUInt32LE(since % DAY_MS, 1);
  bytes.writeUIntLE(Math.floor(since / DAY_MS), 5, 3);
  return bytes;
}
