/** Port to whatever may run full of the results of tasks; optional, bound by the application. */
export abstract class TaskBackpressure {
  /**
   * Registers a callback: false when no more tasks should be fetched, true when they may be fetched again.
   *
   * @param listener must not throw
   */
  abstract onChange(listener: (hasRoom: boolean) => void): void;
}
