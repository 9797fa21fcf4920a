import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { MESSAGE, MessageReader, packetsOf, payloadOf, takePacket, type TdsMessage } from './tds.packets.js';

/** The type of a TLS record with application data. */
const APPLICATION_DATA = 23;

/** The messages of a connection, over TLS after it has begun. */
export class TdsWire {
  private readonly reader: MessageReader;
  private secured: TLSSocket | null = null;
  private tunnel: Tunnel | null = null;
  private sent = 0;

  /** @param cutAfter number of bytes to the client after which the connection is closed, also within a message */
  constructor(
    private readonly socket: Socket,
    private readonly cutAfter: number,
    onMessage: (message: TdsMessage) => void,
  ) {
    this.reader = new MessageReader(onMessage);
    socket.on('data', (chunk: Buffer) => {
      if (this.tunnel === null) this.reader.push(chunk);
      else this.tunnel.receive(chunk);
    });
  }

  send(message: TdsMessage): void {
    const bytes = packetsOf(message);
    if (this.secured === null) this.write(bytes);
    else this.secured.write(bytes);
  }

  /** Begins TLS: the handshake is inside of PRELOGIN messages, and then all data is TLS. */
  secure(context: SecureContext): void {
    this.tunnel = new Tunnel((bytes) => {
      this.write(bytes);
    });
    this.secured = new TLSSocket(this.tunnel, { isServer: true, secureContext: context });
    this.secured.on('data', (chunk: Buffer) => {
      this.reader.push(chunk);
    });
    // A client that does not trust the certificate ends the handshake.
    this.secured.on('error', () => this.socket.destroy());
  }

  private write(bytes: Buffer): void {
    if (this.socket.destroyed) return;
    const room = this.cutAfter - this.sent;
    this.sent += bytes.length;
    if (bytes.length <= room) {
      this.socket.write(bytes);
      return;
    }
    this.socket.write(bytes.subarray(0, Math.max(0, room)), () => this.socket.destroy());
  }
}

/** Transports TLS: the handshake in PRELOGIN messages, one for each flight, and all later data unchanged. */
class Tunnel extends Duplex {
  private bytes = Buffer.alloc(0);
  private flight: Buffer[] = [];
  private isReadingBare = false;
  private isWritingBare = false;

  constructor(private readonly forward: (bytes: Buffer) => void) {
    super();
  }

  receive(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    while (!this.isReadingBare && this.bytes.length > 0) {
      this.isReadingBare = this.bytes.readUInt8(0) !== MESSAGE.prelogin;
      if (this.isReadingBare) break;
      const packet = takePacket(this.bytes);
      if (packet === null) return;
      this.bytes = this.bytes.subarray(packet.length);
      this.push(payloadOf(packet));
    }
    if (this.bytes.length > 0) this.push(this.bytes);
    this.bytes = Buffer.alloc(0);
  }

  override _read(): void {
    // Received data is pushed as it arrives.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.isWritingBare ||= chunk.readUInt8(0) === APPLICATION_DATA;
    if (this.isWritingBare) this.forward(chunk);
    else {
      if (this.flight.length === 0)
        setImmediate(() => {
          this.land();
        });
      this.flight.push(chunk);
    }
    done();
  }

  /** The client expects one message for each of its messages. */
  private land(): void {
    this.forward(packetsOf({ type: MESSAGE.prelogin, data: Buffer.concat(this.flight.splice(0)) }));
  }
}
