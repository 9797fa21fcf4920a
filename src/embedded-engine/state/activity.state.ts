import type { TypedValue } from './typed-value.types.js';

/** A variable in its scope. It is immutable: a new value creates a new object with the same id. */
export interface VariableState {
  readonly id: string;
  readonly value: TypedValue;
  readonly createTime: number;
  /** Id of the activity instance in which clients see it, if that is not the one that holds it. */
  readonly shownIn?: string;
}

/** A job, message subscription or user task that an activity instance waits for, and the event that it triggers. */
export interface Wait {
  readonly kind: 'job' | 'subscription' | 'userTask';
  readonly id: string;
  /**
   * Element id: the activity itself, a boundary event, an event after an event-based gateway, or the start of an event
   * sub-process.
   */
  readonly nodeId: string;
}

/**
 * One activity instance: the process instance itself (the root), a sub-process, a waiting task, or a token that waits
 * at a join. A committed tree is immutable; commands work on copies.
 */
export class ActivityState {
  readonly children: ActivityState[] = [];
  /** Null if it has no variables of its own. */
  variables: Map<string, VariableState> | null = null;
  /** Id of the external task that it waits for. */
  taskId: string | null = null;
  /** Timers, messages and the user task that it waits for; null if there are none. */
  waits: readonly Wait[] | null = null;
  /** Id of the instance that a call activity called and waits for. */
  calledInstanceId: string | null = null;
  /** Number of tokens of this scope that the running command still has to move; 0 in a committed tree. */
  pendingTokens = 0;
  /** It was removed from the tree; its pending tokens are void. */
  removed = false;

  constructor(
    /** `activityId:uuid`; the root's is the process instance id. */
    readonly id: string,
    /** Element id. */
    readonly nodeId: string,
    readonly executionId: string,
    readonly parent: ActivityState | null,
    readonly startTime: number,
    /** Whether local variables are set here. */
    readonly isVariableScope: boolean,
    /** Increases from one activity instance of the engine to the next. */
    readonly sequence: number,
  ) {}

  /** Creates a deep copy below `parent`; the copies share the immutable variables. */
  copy(parent: ActivityState | null): ActivityState {
    const copy = new ActivityState(
      this.id,
      this.nodeId,
      this.executionId,
      parent,
      this.startTime,
      this.isVariableScope,
      this.sequence,
    );
    if (this.variables !== null) copy.variables = new Map(this.variables);
    copy.taskId = this.taskId;
    copy.waits = this.waits;
    copy.calledInstanceId = this.calledInstanceId;
    for (const child of this.children) copy.children.push(child.copy(copy));
    return copy;
  }

  /** Calls `visitor` with this activity and its descendants, in tree order. */
  visit(visitor: (activity: ActivityState) => void): void {
    visitor(this);
    for (const child of this.children) child.visit(visitor);
  }

  /** Returns the first activity of this subtree that `matches`, or null. */
  find(matches: (activity: ActivityState) => boolean): ActivityState | null {
    if (matches(this)) return this;
    for (const child of this.children) {
      const found = child.find(matches);
      if (found !== null) return found;
    }
    return null;
  }
}
