import { Injectable, Logger } from '@nestjs/common';

/** Handles an unhandled error if it belongs to the owner. @returns true if it did, and the service can continue */
export type ErrorOwner = (error: unknown) => boolean;

/** Assigns unhandled rejections and exceptions to an owner, for example a running step; without one the service stops. */
@Injectable()
export class UnhandledErrors {
  private readonly logger = new Logger(UnhandledErrors.name);
  private readonly owners: ErrorOwner[] = [];

  register(owner: ErrorOwner): void {
    this.owners.push(owner);
  }

  /** @returns false if the error has no owner: the service may be in an unknown state and has to stop */
  handle(error: unknown): boolean {
    try {
      return this.owners.some((owner) => owner(error));
    } catch (failure) {
      this.logger.error({ msg: 'The owner of an unhandled error could not be found.', err: failure });
      return false;
    }
  }
}
