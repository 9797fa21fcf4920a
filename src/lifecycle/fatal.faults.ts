import { Injectable, Logger } from '@nestjs/common';

/** Most different lines that are logged: a fault may repeat while the service stops. */
const MAX_LINES = 20;

/**
 * Stops the service after a fatal fault: a damaged file or an unhandled error. Each fault is logged as fatal; the first
 * one starts the orderly stop, with exit code 1.
 */
@Injectable()
export class FatalFaults {
  private readonly logger = new Logger(FatalFaults.name);
  private readonly lines = new Set<string>();
  private reported = false;
  private listener: () => void = () => undefined;

  /** Reports a fault; the same fault is logged once. @param sentence what happened, what was stored, and what the operator has to do */
  report(sentence: string, error: unknown): void {
    this.log(sentence, error instanceof Error ? error : new Error(String(error)));
    if (this.reported) return;
    this.reported = true;
    this.listener();
  }

  /** Sets the callback that stops the service at the first fault; called at once if a fault was reported before. */
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
