import { Injectable, Logger } from '@nestjs/common';

/** Finds whose fault an unhandled error is. @returns true where that has been dealt with, and the service can go on */
export type ErrorOwner = (error: unknown) => boolean;

/** What becomes of rejections and exceptions that nobody handled: whoever they belong to fails, or the service stops. */
@Injectable()
export class UnhandledErrors {
  private readonly logger = new Logger(UnhandledErrors.name);
  private readonly owners: ErrorOwner[] = [];

  register(owner: ErrorOwner): void {
    this.owners.push(owner);
  }

  /** @returns false where the error is nobody's: the service is in an unknown state and has to stop */
  handle(error: unknown): boolean {
    try {
      return this.owners.some((owner) => owner(error));
    } catch (failure) {
      this.logger.error({ msg: 'The owner of an unhandled error could not be found.', err: failure });
      return false;
    }
  }
}
