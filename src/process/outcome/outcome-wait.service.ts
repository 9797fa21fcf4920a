import { Injectable } from '@nestjs/common';
import { type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import { type Wait, WaitroomService } from '../../waitroom/index.js';

/** Waits for outcomes. Only {@link OutcomeWriter} ends a wait before its timeout. */
@Injectable()
export class OutcomeWaitService {
  private readonly listeners: ((correlationId: string) => void)[] = [];

  constructor(
    private readonly waitroom: WaitroomService,
    private readonly store: ProcessStoreService,
  ) {}

  /**
   * Registers a waiter for the outcome of a process; the store keeps the process in memory until the wait has ended.
   *
   * @param timeoutMs longest wait in milliseconds
   */
  waitFor(correlationId: string, timeoutMs: number): Wait<ProcessRecord> {
    this.store.retain(correlationId);
    const wait = this.waitroom.createWait<ProcessRecord>(correlationId, timeoutMs);
    const release = (): void => {
      this.store.release(correlationId);
    };
    wait.ended.then(release, release);
    for (const listener of this.listeners) listener(correlationId);
    return wait;
  }

  /** Calls the listener with the id of every waiter that registers, and with every {@link hint}; it must not throw. */
  onWait(listener: (correlationId: string) => void): void {
    this.listeners.push(listener);
  }

  /** Announces that an awaited process may have ended in the engine. */
  hint(correlationId: string): void {
    if (this.waitroom.isAwaited(correlationId))
      for (const listener of this.listeners) listener(correlationId);
  }

  /** True if the id has a waiter in this instance. */
  isAwaited(correlationId: string): boolean {
    return this.waitroom.isAwaited(correlationId);
  }

  /** The ids that have a waiter in this instance. */
  awaitedIds(): readonly string[] {
    return this.waitroom.awaited();
  }

  /**
   * Calls the listener with every outcome that this instance sees, also without a waiter.
   *
   * @param listener must not throw
   * @returns removes the listener
   */
  observe(listener: (record: ProcessRecord) => void): () => void {
    return this.waitroom.observe((_correlationId, record) => {
      listener(record as ProcessRecord);
    });
  }
}
