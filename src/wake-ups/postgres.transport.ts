import type { DatabaseServerConfig } from '../config/index.js';
import { PostgresNotifications } from '../database/index.js';
import type { WakeUpTransport } from './wake-up.transport.js';

/** PostgreSQL takes payloads of less than 8 000 bytes. */
const MAX_BYTES = 7_900;

/** Messages by LISTEN and NOTIFY of the database, which all instances share in any case. */
export class PostgresTransport implements WakeUpTransport {
  readonly name = 'postgres';
  readonly maxBytes = MAX_BYTES;
  lastError: Error | null = null;
  private notifications: PostgresNotifications | null = null;

  constructor(
    private readonly config: DatabaseServerConfig,
    private readonly channel: string,
  ) {}

  open(onMessage: (text: string) => void, onSubscribed: () => void): void {
    this.notifications = new PostgresNotifications(this.config, this.channel, {
      onMessage,
      onListening: onSubscribed,
      onError: (error) => {
        this.lastError = error;
      },
    });
    this.notifications.open();
  }

  async send(text: string): Promise<void> {
    if (this.notifications === null) throw new Error('The transport is not open.');
    await this.notifications.notify(text);
    this.lastError = null;
  }

  reset(): void {
    this.notifications?.reset();
  }

  async close(): Promise<void> {
    await this.notifications?.close();
  }
}
