/** Whether there is room for what further tasks would bring; bound by the application, where something may run full. */
export abstract class TaskIntake {
  /**
   * Calls back with false when no more tasks should be fetched, and with true when they may be again.
   *
   * @param listener does not throw
   */
  abstract onChange(listener: (hasRoom: boolean) => void): void;
}
