import { Injectable, Logger } from '@nestjs/common';

/** Faults that no waiting mends, such as a damaged file: the first one is logged and ends the service, in order. */
@Injectable()
export class FatalFaults {
  private readonly logger = new Logger(FatalFaults.name);
  private reported = false;
  private listener: () => void = () => undefined;

  /** @param sentence what happened, what is kept, and what the operator has to do */
  report(sentence: string, error: unknown): void {
    if (this.reported) return;
    this.reported = true;
    this.logger.fatal({ msg: sentence, err: error });
    this.listener();
  }

  /** Has the service stopped at the first fault, at once where it was reported before. */
  onFault(stop: () => void): void {
    this.listener = stop;
    if (this.reported) stop();
  }
}
