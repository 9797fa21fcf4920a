import { connectToRedis, type RedisConnection } from '../common/redis/index.js';
import type { RedisConfig } from '../config/index.js';
import type { WakeUpTransport } from './wake-up.transport.js';

/** Milliseconds in which Redis has to answer a command. */
const COMMAND_TIMEOUT_MS = 1_000;

/** Milliseconds without an answer after which the connection that publishes is given up. */
const SILENCE_MS = 2_000;

/** Redis takes more; larger messages would hold up others. */
const MAX_BYTES = 32_768;

/** Messages by publish/subscribe of Redis (https://redis.io/docs/latest/develop/interact/pubsub/). */
export class RedisTransport implements WakeUpTransport {
  readonly name = 'redis';
  readonly maxBytes = MAX_BYTES;
  lastError: Error | null = null;
  private publisher: RedisConnection | null = null;
  private subscriber: RedisConnection | null = null;

  constructor(
    private readonly url: string,
    private readonly tls: RedisConfig['tls'],
    private readonly channel: string,
  ) {}

  open(onMessage: (text: string) => void, onSubscribed: () => void): void {
    const options = {
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
      silenceMs: SILENCE_MS,
      onAway: (error: Error) => {
        this.lastError = error;
      },
    };
    this.publisher = connectToRedis(this.url, this.tls, { ...options, onReady: () => undefined });
    const subscriber: RedisConnection = connectToRedis(this.url, this.tls, {
      ...options,
      isSubscriber: true,
      onReady: () => {
        void this.subscribe(subscriber, onSubscribed);
      },
    });
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === this.channel) onMessage(text);
    });
    this.subscriber = subscriber;
  }

  async send(text: string): Promise<void> {
    if (this.publisher?.status !== 'ready') throw this.lastError ?? new Error('Redis is not connected.');
    await this.publisher.publish(this.channel, text);
    this.lastError = null;
  }

  reset(): void {
    this.publisher?.disconnect(true);
    this.subscriber?.disconnect(true);
  }

  close(): Promise<void> {
    this.publisher?.disconnect();
    this.subscriber?.disconnect();
    return Promise.resolve();
  }

  private async subscribe(subscriber: RedisConnection, onSubscribed: () => void): Promise<void> {
    try {
      await subscriber.subscribe(this.channel);
      onSubscribed();
    } catch (error) {
      // For example an ACL without the channel; no message arrives then, and the service notices that.
      this.lastError = error instanceof Error ? error : new Error(String(error));
    }
  }
}
