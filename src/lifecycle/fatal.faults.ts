import { Injectable, Logger } from '@nestjs/common';

/** Different lines that are logged at most: a fault may repeat itself while the service stops. */
const MAX_LINES = 20;

/**
 * The one way by which a fault ends the service: damaged files and errors that nobody handled. Each fault is logged as
 * fatal, the first one begins the orderly stop with exit code 1.
 */
@Injectable()
export class FatalFaults {
  private readonly logger = new Logger(FatalFaults.name);
  private readonly lines = new Set<string>();
  private reported = false;
  private listener: () => void = () => undefined;

  /** @param sentence what happened, what was kept, and what the operator has to do; the same fault is logged once */
  report(sentence: string, error: unknown): void {
    this.log(sentence, error instanceof Error ? error : new Error(String(error)));
    if (this.reported) return;
    this.reported = true;
    this.listener();
  }

  /** Sets what stops the service at the first fault. Calls it at once if a fault was reported before. */
  onFault(stop: () => void): void {
    this.listener = stop;
    if (this.reported) stop();
  }

  private log(sentence: string, err: Error): void {
    const line = `${sentence}\n${err.message}`;
    if (this.lines.has(line) || this.lines.size >= MAX_LINES) return;
    this.lines.add(line);
    this.logger.fatal({ msg: sentence, err });
  }
}
