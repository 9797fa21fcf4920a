import type { WakeUpTransport } from '../wake-up.transport.js';

/** Carries messages between instances in one process, as Redis does between several. */
export class MessageBus {
  /** False: messages are lost, and their senders get no error. */
  delivers = true;
  /** True: a message that is sent never settles. */
  hangs = false;
  /** What was sent, in order. */
  readonly sent: string[] = [];
  resets = 0;
  private readonly receivers = new Set<(text: string) => void>();

  /** What an instance uses. */
  transport(): WakeUpTransport {
    let receiver: ((text: string) => void) | null = null;
    return {
      name: 'redis',
      maxBytes: 7_900,
      lastError: null,
      open: (onMessage, onSubscribed) => {
        receiver = onMessage;
        this.receivers.add(onMessage);
        onSubscribed();
      },
      send: async (text) => {
        this.sent.push(text);
        if (this.hangs) await new Promise<never>(() => undefined);
        await Promise.resolve();
        this.deliver(text);
      },
      reset: () => {
        this.resets += 1;
      },
      close: () => {
        if (receiver !== null) this.receivers.delete(receiver);
        return Promise.resolve();
      },
    };
  }

  /** Delivers a message of unknown origin. */
  deliver(text: string): void {
    if (this.delivers) for (const receiver of this.receivers) receiver(text);
  }
}
