import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as received on the socket. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection that sends requests as text, one after the other, without waiting for their answers. */
export class Pipeline {
  private received = '';

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
  }

  static async open(baseUrl: string): Promise<Pipeline> {
    const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
    const pipeline = new Pipeline(socket);
    await once(socket, 'connect');
    return pipeline;
  }

  /** Sends a GET the given number of times. */
  get(path: string, headers: Readonly<Record<string, string>> = {}, times = 1): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n${lines.join('')}\r\n`.repeat(times));
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Everything received so far. */
  get text(): string {
    return this.received;
  }

  /** The complete answers so far; their bodies have a content length. */
  answers(): RawAnswer[] {
    const answers: RawAnswer[] = [];
    let rest = this.received;
    for (;;) {
      const head = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n([^]*?)\r\n\r\n/.exec(rest);
      if (head === null) return answers;
      const headers = Object.fromEntries(
        (head[2] ?? '').split('\r\n').map((line) => {
          const [name = '', ...value] = line.split(': ');
          return [name.toLowerCase(), value.join(': ')];
        }),
      );
      const end = head[0].length + Number(headers['content-length'] ?? 0);
      if (rest.length < end) return answers;
      answers.push({ status: Number(head[1]), headers, body: rest.slice(head[0].length, end) });
      rest = rest.slice(end);
    }
  }

  /** Closes the connection at once. */
  async close(): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }
}
