import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { type EngineCallFacts, EngineUnreachableError, isConnectionTrouble } from './engine.errors.js';

/** Failures of the way to the engine, one after the other, after which it is no longer asked. */
const FAILURES = 5;

/** How long the engine is left alone before one call tries it again, in ms; doubled with each failure. */
const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 5_000;

/**
 * Keeps calls from an engine that is away, and lets a single one try it, so that an engine that returns is not trampled.
 */
export class EngineCircuit {
  private readonly policy = circuitBreaker(handleWhen(isConnectionTrouble), {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_REST_MS, maxDelay: LONGEST_REST_MS }),
  });

  /** True while calls are refused here. */
  get isOpen(): boolean {
    return this.policy.state === CircuitState.Open;
  }

  /** Has the engine tried again at once: the rest is measured by the clock, which was set. */
  clockSet(): void {
    if (this.isOpen) this.policy.isolate().dispose();
  }

  /** Calls back whenever the engine answers again after it was away. */
  onRecovered(listener: () => void): void {
    this.policy.onReset(listener);
  }

  /**
   * Makes a call, or refuses it while the engine is left alone.
   *
   * @throws EngineUnreachableError where it is refused: nothing was sent
   */
  async run<T>(call: EngineCallFacts, make: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(make);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new EngineUnreachableError(call, 'the engine was away and is left alone for a moment', {
        cause: error,
      });
    }
  }
}
