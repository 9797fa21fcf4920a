import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { type EngineCallFacts, EngineUnreachableError, isConnectionTrouble } from './engine.errors.js';

/** Consecutive connection failures that open the circuit. */
const FAILURES = 5;

/** Milliseconds until an open circuit lets one call through; doubled with each failure. */
const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 5_000;

/** Circuit breaker: fails calls fast while the engine is unreachable, and lets single calls test whether it is back. */
export class EngineCircuit {
  private readonly policy = circuitBreaker(handleWhen(isConnectionTrouble), {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_REST_MS, maxDelay: LONGEST_REST_MS }),
  });

  /** True while calls fail without being sent. */
  get isOpen(): boolean {
    return this.policy.state === CircuitState.Open;
  }

  /** Lets the next call through at once: the circuit measures its time by the clock, which was set. */
  clockSet(): void {
    if (this.isOpen) this.policy.isolate().dispose();
  }

  /** Registers a callback for each time the circuit closes again. */
  onRecovered(listener: () => void): void {
    this.policy.onReset(listener);
  }

  /**
   * Makes a call, unless the circuit is open.
   *
   * @throws EngineUnreachableError if the circuit is open: nothing was sent
   */
  async run<T>(call: EngineCallFacts, make: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(make);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new EngineUnreachableError(call, 'the engine was unreachable a moment ago', {
        cause: error,
      });
    }
  }
}
