import { hostname } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';
import { ShutdownService } from '../lifecycle/index.js';
import { WorkLease } from './work-lease.js';
import { WorkLeaseRepository } from './work-lease.repository.js';

/** How long an instance holds a work without renewing its lease, in ms: then another instance takes it over. */
const WORK_LEASE_MS = 20_000;

/** A work that one instance does for all. */
export type Work =
  /** Deploys the process definitions: the engine may make two versions of a file that two instances deploy at once. */
  | 'deployment'
  /** Asks the engine for ends and incidents, compares all open rows with it, and ends processes that are out of time. */
  | 'engine-watch'
  /** Removes old rows. */
  | 'retention';

/** Gives the leases of works to this instance, and returns them when it stops. */
@Injectable()
export class WorkLeaseService {
  private readonly logger = new Logger('WorkLease');
  private readonly owner = `${hostname().slice(0, 200)}:${process.pid}:${uuidv4()}`;
  private readonly leases = new Map<Work, WorkLease>();

  constructor(
    private readonly repository: WorkLeaseRepository,
    shutdown: ShutdownService,
  ) {
    // At once, and for good: the drain may wait long for handlers, and a work that has not ended by then finds its lease lost.
    shutdown.register('drain', 'leases of shared work', async () => {
      await Promise.all(Array.from(this.leases.values(), (lease) => this.release(lease)));
    });
  }

  /** The lease of a work; the same one for each caller in this instance. */
  of(work: Work, leaseMs = WORK_LEASE_MS): WorkLease {
    const known = this.leases.get(work);
    if (known !== undefined) return known;
    const lease = new WorkLease(this.repository, work, this.owner, leaseMs);
    if (!this.repository.isSoleUser)
      lease.onGained(() => {
        this.logger.log({ msg: 'This instance does a work for all instances.', work });
      });
    this.leases.set(work, lease);
    return lease;
  }

  private async release(lease: WorkLease): Promise<void> {
    try {
      await lease.leave(Infinity);
    } catch (error) {
      this.logger.warn({ msg: 'A lease stays until it expires.', work: lease.name, err: error });
    }
  }
}
