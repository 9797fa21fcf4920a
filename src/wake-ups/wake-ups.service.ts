import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { withinTime } from '../common/promises/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { decodeHints, encodeHints, type OutcomeHint } from './hints.js';
import { WAKE_UP_TRANSPORT, type WakeUpTransport } from './wake-up.transport.js';

/** Most ids of one kind that wait to be sent, or that other instances are interested in. */
const MAX_IDS = 10_000;

/** How often an instance sends at least a message, whose own reception shows that messages arrive, in ms. */
const BEAT_MS = 1_000;

/** Own messages that did not arrive for this long mean that none does, in ms. */
const SILENCE_MS = 3_500;

/** How often interests are announced again, and how long an announced one counts, in ms. */
const ANNOUNCE_MS = 5_000;
const INTEREST_MS = 15_000;

/** Received messages in a second; more are a flood and are dropped. */
const MAX_RECEIVED = 2_000;

/** How long a stop waits for the last hints to be sent, and then for the connections to close, in ms. */
const CLOSE_MS = 250;

/** Whether hints of other instances arrive. */
export interface WakeUpState {
  /** What carries the hints; null: nothing, because there is one instance or it is switched off. */
  readonly transport: WakeUpTransport['name'] | null;
  readonly condition: 'off' | 'connected' | 'away';
}

/**
 * Hints between instances: which outcomes and events one of them has committed.
 *
 * A hint only makes its receiver read a row sooner: it may be lost, late, repeated or invented. Nobody waits for one to be
 * sent, and what cannot be sent at once is dropped, because a late hint is worth nothing.
 */
@Injectable()
export class WakeUpsService implements OnApplicationBootstrap {
  private readonly logger = new Logger('WakeUps');
  private readonly self = randomUUID();
  private readonly outcomes = new Map<string, number>();
  private readonly events = new Set<string>();
  private readonly announcements = new Set<string>();
  /** Ids whose trail is read live here, with the number of readers. */
  private readonly watched = new Map<string, number>();
  /** Ids whose trail is read live elsewhere, with the time at which that is forgotten. */
  private readonly wanted = new Map<string, number>();
  private readonly outcomeListeners: ((hints: readonly OutcomeHint[]) => void)[] = [];
  private readonly eventListeners: ((correlationIds: readonly string[]) => void)[] = [];
  private readonly awayListeners: (() => void)[] = [];
  private beat: NodeJS.Timeout | null = null;
  private sending: Promise<void> | null = null;
  private scheduled = false;
  private closed = false;
  private connected = false;
  private warned = false;
  private sentAt = -Infinity;
  private heardAt = 0;
  private announcedAt = 0;
  private received = 0;

  constructor(
    @Inject(WAKE_UP_TRANSPORT) private readonly transport: WakeUpTransport | null,
    shutdown: ShutdownService,
  ) {
    // Outcomes are committed until the write queue is flushed.
    shutdown.register('release', 'wake-ups', () => this.close());
  }

  get state(): WakeUpState {
    if (this.transport === null) return { transport: null, condition: 'off' };
    return { transport: this.transport.name, condition: this.connected ? 'connected' : 'away' };
  }

  /** True while hints arrive, so that polling is only for lost ones. */
  get isConnected(): boolean {
    return this.connected;
  }

  onApplicationBootstrap(): void {
    const { transport } = this;
    if (transport === null || this.closed) return;
    this.heardAt = performance.now();
    transport.open(
      (text) => {
        this.receive(text);
      },
      () => {
        this.announceAll();
      },
    );
    this.beat = setInterval(() => {
      this.tick();
    }, BEAT_MS);
    this.beat.unref();
  }

  /** Tells the other instances that this one has committed an outcome. */
  publishOutcome(correlationId: string, version: number): void {
    if (!this.connected || (this.outcomes.size >= MAX_IDS && !this.outcomes.has(correlationId))) return;
    this.outcomes.set(correlationId, version);
    this.schedule();
  }

  /** Tells the other instances that this one has extended a trail, if one of them reads it live. */
  publishEvent(correlationId: string): void {
    if (!this.connected || !this.wanted.has(correlationId)) return;
    this.events.add(correlationId);
    this.schedule();
  }

  /**
   * Asks the other instances for hints of the events of a process.
   *
   * @returns ends it
   */
  watchEvents(correlationId: string): () => void {
    const readers = this.watched.get(correlationId) ?? 0;
    this.watched.set(correlationId, readers + 1);
    if (readers === 0 && this.transport !== null) {
      this.announcements.add(correlationId);
      this.schedule();
    }
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = (this.watched.get(correlationId) ?? 1) - 1;
      if (left > 0) this.watched.set(correlationId, left);
      else this.watched.delete(correlationId);
    };
  }

  /** @param listener called with the outcomes that other instances have committed; must not throw */
  onOutcomes(listener: (hints: readonly OutcomeHint[]) => void): void {
    this.outcomeListeners.push(listener);
  }

  /** @param listener called with the processes whose trails other instances have extended; must not throw */
  onEvents(listener: (correlationIds: readonly string[]) => void): void {
    this.eventListeners.push(listener);
  }

  /** @param listener called when hints no longer arrive; must not throw */
  onAway(listener: () => void): void {
    this.awayListeners.push(listener);
  }

  /** Hints of one turn of the event loop, and all that come while a message is under way, share a message. */
  private schedule(): void {
    if (this.scheduled || this.sending !== null || this.closed) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.sendAll();
    });
  }

  private sendAll(): void {
    if (this.sending !== null || this.closed) return;
    this.sending = this.send().finally(() => {
      this.sending = null;
      if (this.outcomes.size + this.events.size + this.announcements.size > 0) this.schedule();
    });
  }

  /** Never rejects: the beat notices that messages do not arrive. */
  private async send(): Promise<void> {
    const { transport } = this;
    if (transport === null) return;
    const hints = {
      outcomes: [...this.outcomes],
      events: [...this.events],
      interests: [...this.announcements],
    };
    this.outcomes.clear();
    this.events.clear();
    this.announcements.clear();
    this.sentAt = performance.now();
    try {
      for (const message of encodeHints(this.self, hints, transport.maxBytes)) await transport.send(message);
    } catch {
      // The transport keeps its error for the warning of the beat.
    }
  }

  private receive(text: string): void {
    this.received += 1;
    if (this.received > MAX_RECEIVED) return;
    const hints = decodeHints(text);
    if (hints === null) return;
    if (hints.sender === this.self) {
      this.heard();
      return;
    }
    for (const correlationId of hints.interests) this.want(correlationId);
    if (hints.outcomes.length > 0) for (const listener of this.outcomeListeners) listener(hints.outcomes);
    if (hints.events.length > 0) for (const listener of this.eventListeners) listener(hints.events);
  }

  private want(correlationId: string): void {
    // Behind the others, so that the oldest comes first.
    this.wanted.delete(correlationId);
    if (this.wanted.size >= MAX_IDS) return;
    this.wanted.set(correlationId, performance.now() + INTEREST_MS);
  }

  private heard(): void {
    this.heardAt = performance.now();
    if (this.connected || this.closed) return;
    this.connected = true;
    if (this.warned)
      this.logger.log({
        msg: 'Wake-ups of other instances arrive again.',
        transport: this.transport?.name,
      });
    this.warned = false;
  }

  private tick(): void {
    const now = performance.now();
    this.received = 0;
    for (const [correlationId, until] of this.wanted) {
      if (until > now) break;
      this.wanted.delete(correlationId);
    }
    if (now - this.announcedAt >= ANNOUNCE_MS) this.announceAll();
    if (now - this.heardAt >= SILENCE_MS) this.silent();
    if (now - this.sentAt >= BEAT_MS / 2) this.sendAll();
  }

  private announceAll(): void {
    this.announcedAt = performance.now();
    for (const correlationId of [...this.watched.keys()].slice(0, MAX_IDS))
      this.announcements.add(correlationId);
    // Also without an interest: the reception of the message shows that the connection works.
    this.sendAll();
  }

  private silent(): void {
    const { transport } = this;
    const wasConnected = this.connected;
    this.connected = false;
    this.heardAt = performance.now();
    if (!this.warned)
      this.logger.warn({
        msg: 'Wake-ups of other instances do not arrive: waiting requests read the table instead, up to ten times a second, until they do.',
        transport: transport?.name,
        err: transport?.lastError ?? undefined,
      });
    this.warned = true;
    transport?.reset();
    if (wasConnected) for (const listener of this.awayListeners) listener();
  }

  private async sendLast(): Promise<void> {
    await this.sending;
    if (this.outcomes.size > 0) await this.send();
  }

  private async close(): Promise<void> {
    if (this.beat !== null) clearInterval(this.beat);
    await withinTime(this.sendLast(), CLOSE_MS);
    this.closed = true;
    this.connected = false;
    if (this.transport !== null) await withinTime(this.transport.close(), CLOSE_MS);
  }
}
