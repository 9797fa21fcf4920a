/** A message of server-sent events; `data` is parsed. */
export interface ServerSentEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A client of server-sent events that collects the received messages. */
export class EventStreamClient {
  readonly seen: ServerSentEvent[] = [];
  readonly comments: string[] = [];
  private readonly ended: Promise<void>;
  private over = false;

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    this.ended = this.read().finally(() => {
      this.over = true;
    });
    this.ended.catch(() => undefined);
  }

  /** Settles when the headers have arrived. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<EventStreamClient> {
    const abort = new AbortController();
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...headers },
      signal: abort.signal,
    });
    return new EventStreamClient(response, abort);
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Sequence numbers of the received events, in order of arrival. */
  get seqs(): number[] {
    return this.seen.filter(({ event }) => event === 'message').map(({ data }) => data.seq as number);
  }

  /** Settles when the service has closed the stream properly. */
  whole(): Promise<void> {
    return this.ended;
  }

  /** Disconnects. */
  leave(): void {
    this.abort.abort();
  }

  private async read(): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of this.response.body ?? []) {
      rest += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.take(block);
    }
  }

  private take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
      if (name === '') this.comments.push(value);
      else fields.set(name, value);
    }
    const data = fields.get('data');
    if (data === undefined) return;
    this.seen.push({
      id: fields.get('id') ?? null,
      event: fields.get('event') ?? 'message',
      data: JSON.parse(data) as Record<string, unknown>,
    });
  }
}
