import { cancelActivity, type CancelOptions } from './activity.lifecycle.js';
import type { ActivityState } from '../state/activity.state.js';
import type { Agenda } from './agenda.js';
import { callOf } from './call-activity.js';
import { endWaits } from './event.waits.js';
import { type InstanceContext, openInstance } from './instance.context.js';
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
  cancel(context: InstanceContext, activity: ActivityState, byId: string | null = null): void {
    const deleteReason = byId === null ? null : `Cancel scope activity Activity(${byId}) executed.`;
    const options = {
      deleteReason,
      state: 'INTERNALLY_TERMINATED',
      mapOutputs: true,
      withCalled: true,
    } as const;
    cancelActivity(context, activity, this.cancelling(options));
  }

  /** Cancels everything that goes on inside a scope, tokens on their way included. */
  clear(context: InstanceContext, scope: ActivityState): void {
    this.agenda.discard(scope);
    for (const child of scope.children.toReversed()) this.cancel(context, child);
  }

  /** Ends an instance from outside; whoever called it goes on without it, or ends too where nothing is left of it. */
  deleteInstance(processInstanceId: string, options: DeleteOptions): void {
    const context = openInstance(this.work, processInstanceId);
    this.end(context, options);
    const call = callOf(this.work, context);
    if (call === null) return;
    cancelActivity(call.context, call.activity, this.cancelling(options));
    if (call.context.root.children.length === 0) this.deleteInstance(call.context.instance.id, options);
  }

  private end(context: InstanceContext, options: DeleteOptions): void {
    const { root } = context;
    this.agenda.discard(root);
    for (const child of root.children.toReversed()) cancelActivity(context, child, this.cancelling(options));
    root.removed = true;
    endWaits(context, root);
    context.history.instanceEnded(options.state, null, options.deleteReason);
    this.work.removeInstance(context.instance.id);
  }

  private cancelling(options: DeleteOptions): CancelOptions {
    return {
      mapOutputs: options.mapOutputs,
      endCalled: (id) => {
        if (options.withCalled && this.work.findInstance(id) !== undefined)
          this.end(openInstance(this.work, id), options);
      },
    };
  }
}
