import type { TypedValue } from './typed-value.types.js';

/** A variable where it lives; never changed, a new value makes a new one with the same id. */
export interface VariableState {
  readonly id: string;
  readonly value: TypedValue;
  readonly createTime: number;
  /** The activity instance that readers see it in, where that is not the one that holds it. */
  readonly shownIn?: string;
}

/** Something besides an external task that an activity instance waits for, and the event that it then fires. */
export interface Wait {
  readonly kind: 'job' | 'subscription' | 'userTask';
  readonly id: string;
  /** Element id: the activity itself, a boundary event, an event behind a gateway, the start of an event sub-process. */
  readonly nodeId: string;
}

/**
 * One activity instance: the process instance itself (the root), a sub-process, a waiting task, or a token that waits
 * at a join. A committed tree is never changed again; a command works on a copy.
 */
export class ActivityState {
  readonly children: ActivityState[] = [];
  /** Null while it has none of its own. */
  variables: Map<string, VariableState> | null = null;
  /** The external task it waits for. */
  taskId: string | null = null;
  /** Timers, messages and the user task that it waits for; null where there are none. */
  waits: readonly Wait[] | null = null;
  /** The instance that a call activity has called and waits for. */
  calledInstanceId: string | null = null;
  /** Tokens of this scope that are on their way within the running command; 0 in a committed tree. */
  pendingTokens = 0;
  /** It has left the tree; tokens that were on their way in it are void. */
  removed = false;

  constructor(
    /** `activityId:uuid`; the root's is the process instance id. */
    readonly id: string,
    /** Element id. */
    readonly nodeId: string,
    readonly executionId: string,
    readonly parent: ActivityState | null,
    readonly startTime: number,
    /** Whether local variables live here. */
    readonly isVariableScope: boolean,
    /** Grows from one activity instance of the engine to the next. */
    readonly sequence: number,
  ) {}

  /** A deep copy below `parent`; variables are shared, because they never change. */
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

  /** Shows this and all below, in the order of the tree. */
  visit(visitor: (activity: ActivityState) => void): void {
    visitor(this);
    for (const child of this.children) child.visit(visitor);
  }

  /** The first of this and all below that `matches`; null when none does. */
  find(matches: (activity: ActivityState) => boolean): ActivityState | null {
    if (matches(this)) return this;
    for (const child of this.children) {
      const found = child.find(matches);
      if (found !== null) return found;
    }
    return null;
  }
}
