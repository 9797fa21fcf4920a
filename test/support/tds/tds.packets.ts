/** Types of messages ([MS-TDS] 2.2.3.1.1). */
export const MESSAGE = {
  batch: 0x01,
  rpc: 0x03,
  response: 0x04,
  attention: 0x06,
  token: 0x08,
  transaction: 0x0e,
  login: 0x10,
  prelogin: 0x12,
} as const;

/** A message without the headers of its packets. */
export interface TdsMessage {
  readonly type: number;
  readonly data: Buffer;
}

const HEADER_BYTES = 8;
const PACKET_BYTES = 4_096;
const END_OF_MESSAGE = 0x01;
const IGNORE = 0x02;

/** Assembles bytes to packets, and packets to messages. */
export class MessageReader {
  private bytes = Buffer.alloc(0);
  private parts: Buffer[] = [];

  constructor(private readonly onMessage: (message: TdsMessage) => void) {}

  push(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    for (;;) {
      const packet = takePacket(this.bytes);
      if (packet === null) return;
      this.bytes = this.bytes.subarray(packet.length);
      this.parts.push(packet.subarray(HEADER_BYTES));
      const status = packet.readUInt8(1);
      if ((status & END_OF_MESSAGE) === 0) continue;
      const data = Buffer.concat(this.parts.splice(0));
      if ((status & IGNORE) === 0) this.onMessage({ type: packet.readUInt8(0), data });
    }
  }
}

/** The first packet of bytes with its header; null if it is incomplete. */
export function takePacket(bytes: Buffer): Buffer | null {
  if (bytes.length < HEADER_BYTES) return null;
  const length = bytes.readUInt16BE(2);
  return bytes.length < length ? null : bytes.subarray(0, length);
}

/** A message as packets. */
export function packetsOf({ type, data }: TdsMessage): Buffer {
  const room = PACKET_BYTES - HEADER_BYTES;
  const count = Math.max(1, Math.ceil(data.length / room));
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => {
      const part = data.subarray(index * room, (index + 1) * room);
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt8(type, 0);
      header.writeUInt8(index === count - 1 ? END_OF_MESSAGE : 0, 1);
      header.writeUInt16BE(HEADER_BYTES + part.length, 2);
      header.writeUInt8((index + 1) % 256, 6);
      return Buffer.concat([header, part]);
    }),
  );
}

/** The bytes of a handshake that a packet carries. */
export function payloadOf(packet: Buffer): Buffer {
  return packet.subarray(HEADER_BYTES);
}
