/** Numbers in the byte order of TDS. */
export function uint(bytes: 1 | 2 | 4, value: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

export function uint64(value: number | bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

/** A UTF-16 text after its length in characters. */
export function text(lengthBytes: 1 | 2, value: string): Buffer {
  return Buffer.concat([uint(lengthBytes, value.length), Buffer.from(value, 'utf16le')]);
}

/** Reads values in sequence. */
export class ByteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  uint(bytes: number): number {
    this.at += bytes;
    return this.bytes.readUIntLE(this.at - bytes, bytes);
  }

  int(bytes: number): number {
    this.at += bytes;
    return this.bytes.readIntLE(this.at - bytes, bytes);
  }

  bigint(): bigint {
    this.at += 8;
    return this.bytes.readBigInt64LE(this.at - 8);
  }

  double(): number {
    this.at += 8;
    return this.bytes.readDoubleLE(this.at - 8);
  }

  take(bytes: number): Buffer {
    this.at += bytes;
    return this.bytes.subarray(this.at - bytes, this.at);
  }

  text(characters: number): string {
    return this.take(characters * 2).toString('utf16le');
  }
}
