import { cancelActivity, type CancelOptions } from './activity.lifecycle.js';
import type { ActivityState } from '../state/activity.state.js';
import type { Agenda } from './agenda.js';
import { callOf } from './call-activity.js';
import { endWaits } from './event.waits.js';
import { atWork, type InstanceAtWork } from './instance-at-work.js';
import type { UnitOfWork } from './unit-of-work.js';

/** How an instance ends that does not end by itself. */
export interface DeleteOptions {
  readonly deleteReason: string | null;
  readonly state: 'EXTERNALLY_TERMINATED' | 'INTERNALLY_TERMINATED';
  readonly mapOutputs: boolean;
  /** Whether called instances end too. */
  readonly withCalled: boolean;
}

/** Ends what has not ended by itself: activities, all that goes on in a scope, whole instances. */
export class Cancellation {
  constructor(
    private readonly work: UnitOfWork,
    private readonly agenda: Agenda,
  ) {}

  /**
   * Cancels an activity instance with all below it; like Camunda by default, it maps its outputs too.
   *
   * @param byId the event that cancels; null where its scope ends
   */
  cancel(at: InstanceAtWork, activity: ActivityState, byId: string | null = null): void {
    const deleteReason = byId === null ? null : `Cancel scope activity Activity(${byId}) executed.`;
    const options = {
      deleteReason,
      state: 'INTERNALLY_TERMINATED',
      mapOutputs: true,
      withCalled: true,
    } as const;
    cancelActivity(at, activity, this.cancelling(options));
  }

  /** Cancels everything that goes on inside a scope, tokens on their way included. */
  clear(at: InstanceAtWork, scope: ActivityState): void {
    this.agenda.drop(scope);
    for (const child of scope.children.toReversed()) this.cancel(at, child);
  }

  /** Ends an instance from outside; whoever called it goes on without it, or ends too where nothing is left of it. */
  deleteInstance(processInstanceId: string, options: DeleteOptions): void {
    const at = atWork(this.work, processInstanceId);
    this.end(at, options);
    const call = callOf(this.work, at);
    if (call === null) return;
    cancelActivity(call.at, call.activity, this.cancelling(options));
    if (call.at.root.children.length === 0) this.deleteInstance(call.at.instance.id, options);
  }

  private end(at: InstanceAtWork, options: DeleteOptions): void {
    const { root } = at;
    this.agenda.drop(root);
    for (const child of root.children.toReversed()) cancelActivity(at, child, this.cancelling(options));
    root.removed = true;
    endWaits(at, root);
    at.history.instanceEnded(options.state, null, options.deleteReason);
    this.work.removeInstance(at.instance.id);
  }

  private cancelling(options: DeleteOptions): CancelOptions {
    return {
      mapOutputs: options.mapOutputs,
      endCalled: (id) => {
        if (options.withCalled && this.work.findInstance(id) !== undefined)
          this.end(atWork(this.work, id), options);
      },
    };
  }
}
