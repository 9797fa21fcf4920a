import type { Logger } from '@nestjs/common';

/** A logger whose lines say which task they are about; facts are ids and figures, never variables. */
export class TaskLogger {
  constructor(
    private readonly logger: Logger,
    private readonly about: Readonly<Record<string, unknown>>,
  ) {}

  debug(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.debug({ msg, ...this.about, ...facts });
  }

  log(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.log({ msg, ...this.about, ...facts });
  }

  warn(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.warn({ msg, ...this.about, ...facts });
  }

  error(msg: string, facts?: Readonly<Record<string, unknown>>): void {
    this.logger.error({ msg, ...this.about, ...facts });
  }
}
