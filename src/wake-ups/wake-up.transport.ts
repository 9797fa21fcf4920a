/** Carries messages between the instances of the service; messages may be lost. */
export interface WakeUpTransport {
  /** For the log and for health. */
  readonly name: 'redis' | 'postgres';
  /** Longest message in bytes. */
  readonly maxBytes: number;
  /** The latest failure; null if there was none since the last success. */
  readonly lastError: Error | null;
  /**
   * Connects in the background, again and again. Own messages are received too.
   *
   * @param onMessage must not throw
   * @param onSubscribed called after each subscription
   */
  open(onMessage: (text: string) => void, onSubscribed: () => void): void;
  /** Sends a message. @throws if it was not sent, within seconds */
  send(text: string): Promise<void>;
  /** Gives up the connections and makes new ones, because messages no longer arrive. */
  reset(): void;
  close(): Promise<void>;
}

/** The transport of this configuration, or null: one instance only, or nothing to carry messages. */
export const WAKE_UP_TRANSPORT = Symbol('WAKE_UP_TRANSPORT');
