import { cancelActivity, type CancelOptions } from './activity.lifecycle.js';
import type { ActivityState } from '../state/activity.state.js';
import type { Agenda } from './agenda.js';
import { callOf } from './call-activity.js';
import { endWaits } from './event.waits.js';
import { type InstanceContext, openInstance } from './instance.context.js';
import type { UnitOfWork } from './unit-of-work.js';

/** How an instance is deleted. */
export interface DeleteOptions {
  readonly deleteReason: string | null;
  readonly state: 'EXTERNALLY_TERMINATED' | 'INTERNALLY_TERMINATED';
  readonly mapOutputs: boolean;
  /** Whether the called instances are deleted too. */
  readonly withCalled: boolean;
}

/** Cancels activities, the content of scopes and whole instances. */
export class Cancellation {
  constructor(
    private readonly work: UnitOfWork,
    private readonly agenda: Agenda,
  ) {}

  /**
   * Cancels an activity instance and its descendants. Maps the outputs too, like Camunda by default.
   *
   * @param byId the event that cancels; null if the scope ends
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

  /** Cancels everything inside a scope, pending tokens included. */
  clear(context: InstanceContext, scope: ActivityState): void {
    this.agenda.discard(scope);
    for (const child of scope.children.toReversed()) this.cancel(context, child);
  }

  /** Deletes an instance. Its caller continues without it, or is deleted too if no activity of it is left. */
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
