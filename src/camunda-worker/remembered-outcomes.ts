import type { FinishedOutcome } from './kept-outcome.js';

/** Outcomes that are remembered; the oldest is forgotten first, and its handler runs again. */
const MOST_OUTCOMES = 1_000;

/** Outcomes of finished work that the engine did not take, by task, as long as this process lives. */
export class RememberedOutcomes {
  private readonly outcomes = new Map<string, FinishedOutcome>();

  add(taskId: string, outcome: FinishedOutcome): void {
    this.outcomes.delete(taskId);
    this.outcomes.set(taskId, outcome);
    for (const [oldest] of this.outcomes) {
      if (this.outcomes.size <= MOST_OUTCOMES) return;
      this.outcomes.delete(oldest);
    }
  }

  of(taskId: string): FinishedOutcome | null {
    return this.outcomes.get(taskId) ?? null;
  }

  forget(taskId: string): void {
    this.outcomes.delete(taskId);
  }
}
