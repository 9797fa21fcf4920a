import { ActivityState } from './activity.state.js';
import { snapshotActivity } from './activity.snapshot.js';
import {
  type InstanceSnapshot,
  type ProcessInstanceHeader,
  restoreRoot,
  SNAPSHOT_FORMAT,
} from './instance.snapshot.js';

/** The state of one running process instance. It is immutable after its commit; commands work on copies. */
export class ProcessInstanceState {
  /** A suspended instance does not continue until it is activated. */
  suspended = false;

  constructor(
    readonly header: ProcessInstanceHeader,
    readonly root: ActivityState,
  ) {}

  /** Creates an instance whose root represents the process `processKey`. */
  static create(header: ProcessInstanceHeader, processKey: string): ProcessInstanceState {
    return new ProcessInstanceState(
      header,
      new ActivityState(header.id, processKey, header.id, null, header.startTime, true, 0),
    );
  }

  /** @throws ProcessEngine for an unknown snapshot format */
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

  /**
   * The outermost activity instance of an execution. An activity that shares its scope's execution is represented by
   * the scope.
   */
  findExecution(executionId: string): ActivityState | null {
    return this.root.find((activity) => activity.executionId === executionId);
  }

  /** Plain data for the store, which may request it at any time after the commit. */
  snapshot(): InstanceSnapshot {
    return {
      format: SNAPSHOT_FORMAT,
      header: this.header,
      root: snapshotActivity(this.root, this.header.id),
      ...(this.suspended && { suspended: true }),
    };
  }
}
