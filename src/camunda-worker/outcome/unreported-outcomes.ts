import type { FinishedOutcome } from './stored-outcome.js';

/** Most outcomes in memory. Beyond that the oldest is dropped, and its handler runs again. */
const MAX_OUTCOMES = 1_000;

interface UnreportedOutcome {
  readonly outcome: FinishedOutcome;
  readonly isCounted: boolean;
}

/** Outcomes of finished work that the engine did not accept, by task id; in memory, until this process ends. */
export class UnreportedOutcomes {
  private readonly outcomes = new Map<string, UnreportedOutcome>();

  add(taskId: string, outcome: FinishedOutcome): void {
    this.set(taskId, { outcome, isCounted: this.isCounted(taskId) });
  }

  of(taskId: string): FinishedOutcome | null {
    return this.outcomes.get(taskId)?.outcome ?? null;
  }

  /** Notes that the engine counts the refusals of an outcome as retries of its task, without storing the outcome; no effect on other tasks. */
  count(taskId: string): void {
    const outcome = this.of(taskId);
    if (outcome !== null) this.set(taskId, { outcome, isCounted: true });
  }

  /** True if the retries that the engine shows for the task count reports of its outcome, and not runs of its handler. */
  isCounted(taskId: string): boolean {
    return this.outcomes.get(taskId)?.isCounted ?? false;
  }

  forget(taskId: string): void {
    this.outcomes.delete(taskId);
  }

  private set(taskId: string, unreported: UnreportedOutcome): void {
    this.outcomes.delete(taskId);
    this.outcomes.set(taskId, unreported);
    for (const [oldest] of this.outcomes) {
      if (this.outcomes.size <= MAX_OUTCOMES) return;
      this.outcomes.delete(oldest);
    }
  }
}
