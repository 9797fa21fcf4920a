import type { Logger } from '@nestjs/common';

/** A logger that adds the ids of a task to each line. Pass ids and numbers as facts, never variables. */
export class TaskLogger {
  constructor(
    private readonly logger: Logger,
    private readonly taskIds: Readonly<Record<string, unknown>>,
  ) {}

  debug(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.debug({ msg, ...this.taskIds, ...facts });
  }

  log(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.log({ msg, ...this.taskIds, ...facts });
  }

  warn(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.warn({ msg, ...this.taskIds, ...facts });
  }

  error(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.error({ msg, ...this.taskIds, ...facts });
  }
}
