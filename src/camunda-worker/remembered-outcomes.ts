import type { FinishedOutcome } from './kept-outcome.js';

/** Outcomes that are remembered; the oldest is forgotten first, and its handler runs again. */
const MOST_OUTCOMES = 1_000;

interface RememberedOutcome {
  readonly outcome: FinishedOutcome;
  readonly isCounted: boolean;
}

/** Outcomes of finished work that the engine did not take, by task, as long as this process lives. */
export class RememberedOutcomes {
  private readonly outcomes = new Map<string, RememberedOutcome>();

  add(taskId: string, outcome: FinishedOutcome): void {
    this.set(taskId, { outcome, isCounted: this.isCounted(taskId) });
  }

  of(taskId: string): FinishedOutcome | null {
    return this.outcomes.get(taskId)?.outcome ?? null;
  }

  /** Notes that the engine counts the refusals of an outcome which it does not keep; without effect on any other task. */
  count(taskId: string): void {
    const outcome = this.of(taskId);
    if (outcome !== null) this.set(taskId, { outcome, isCounted: true });
  }

  /** True where the retries of the task in the engine are those of its outcome, and not of its work. */
  isCounted(taskId: string): boolean {
    return this.outcomes.get(taskId)?.isCounted ?? false;
  }

  forget(taskId: string): void {
    this.outcomes.delete(taskId);
  }

  private set(taskId: string, remembered: RememberedOutcome): void {
    this.outcomes.delete(taskId);
    this.outcomes.set(taskId, remembered);
    for (const [oldest] of this.outcomes) {
      if (this.outcomes.size <= MOST_OUTCOMES) return;
      this.outcomes.delete(oldest);
    }
  }
}
