import { ActivityState } from './activity.state.js';
import { snapshotActivity } from './activity.snapshot.js';
import {
  type InstanceSnapshot,
  type ProcessInstanceHeader,
  restoreRoot,
  SNAPSHOT_FORMAT,
} from './instance.snapshot.js';

/** The whole state of one running process instance. Once committed it is never changed: commands work on a copy. */
export class ProcessInstanceState {
  /** Nothing of it goes on until it is activated again. */
  suspended = false;

  constructor(
    readonly header: ProcessInstanceHeader,
    readonly root: ActivityState,
  ) {}

  /** A new instance whose root stands for the process `processKey`. */
  static create(header: ProcessInstanceHeader, processKey: string): ProcessInstanceState {
    return new ProcessInstanceState(
      header,
      new ActivityState(header.id, processKey, header.id, null, header.startTime, true, 0),
    );
  }

  /** @throws ProcessEngine for a snapshot of another format */
  static restore(snapshot: InstanceSnapshot): ProcessInstanceState {
    const instance = new ProcessInstanceState(snapshot.header, restoreRoot(snapshot));
    instance.suspended = snapshot.suspended === true;
    return instance;
  }

  get id(): string {
    return this.header.id;
  }

  copy(): ProcessInstanceState {
    const copy = new ProcessInstanceState(this.header, this.root.copy(null));
    copy.suspended = this.suspended;
    return copy;
  }

  findActivity(activityInstanceId: string): ActivityState | null {
    return this.root.find((activity) => activity.id === activityInstanceId);
  }

  /** The outermost activity instance of an execution; an execution that stays in its scope's is the scope. */
  findExecution(executionId: string): ActivityState | null {
    return this.root.find((activity) => activity.executionId === executionId);
  }

  /** Plain data for the store; a store may call it as late as it likes. */
  snapshot(): InstanceSnapshot {
    return {
      format: SNAPSHOT_FORMAT,
      header: this.header,
      root: snapshotActivity(this.root, this.header.id),
      ...(this.suspended && { suspended: true }),
    };
  }
}
