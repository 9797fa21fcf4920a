import type { HistoricActivity } from '../../camunda-engine/index.js';
import type { BpmnModel } from '../../common/bpmn-model/index.js';

/** The activity of the whole multi-instance has the id of its element with this suffix. */
const MULTI_INSTANCE_SUFFIX = /#multiInstanceBody$/;

/** Where an ended instance ended abnormally; null if it ended well. */
export type AbnormalEnd =
  /** At an error end event, or at an end event that the process names as an error. */
  | { readonly kind: 'error-end' | 'named-end'; readonly activity: HistoricActivity }
  /** A BPMN error of this activity ended its token, because nothing caught it. */
  | { readonly kind: 'uncaught'; readonly activity: HistoricActivity };

/**
 * Finds out from the history of an ended instance whether it ended in an error.
 *
 * The engine marks an activity as cancelled if its error was caught. An activity that ended without being cancelled, and
 * after which the token went nowhere although flows lead on, has thrown an error that nothing caught.
 *
 * @param named ids of end events that the process declares to be errors
 */
export function findAbnormalEnd(
  processInstanceId: string,
  activities: readonly HistoricActivity[],
  model: BpmnModel | null,
  named: readonly string[],
): AbnormalEnd | null {
  const history = new InstanceHistory(processInstanceId, activities, model);
  const ends = activities.filter((activity) => activity.canceled !== true);
  const error = ends.find(
    (activity) => activity.activityType === 'errorEndEvent' && history.endedTheProcess(activity),
  );
  if (error !== undefined) return { kind: 'error-end', activity: error };
  const declared = ends.find(
    (activity) => named.includes(activity.activityId) && history.endedTheProcess(activity),
  );
  if (declared !== undefined) return { kind: 'named-end', activity: declared };
  // Both take tokens that wait between two elements for the engine to continue them, and leave no trace of it.
  const tookTokens = ends.some(
    ({ activityType, activityId }) =>
      activityType === 'terminateEndEvent' || model?.element(activityId)?.isTriggeredByEvent === true,
  );
  if (tookTokens) return null;
  const uncaught = ends.find((activity) => history.lostItsToken(activity));
  return uncaught === undefined ? null : { kind: 'uncaught', activity: uncaught };
}

class InstanceHistory {
  private readonly byId: ReadonlyMap<string, HistoricActivity>;

  constructor(
    private readonly processInstanceId: string,
    private readonly activities: readonly HistoricActivity[],
    private readonly model: BpmnModel | null,
  ) {
    this.byId = new Map(activities.map((activity) => [activity.id, activity]));
  }

  /** True if the process did not continue after the scope that the end event is in. */
  endedTheProcess(end: HistoricActivity): boolean {
    let top = end;
    for (let parent = this.parentOf(top); parent !== undefined; parent = this.parentOf(top)) top = parent;
    // A cancelled scope: an error of another activity in it was caught outside.
    return top === end || (top.canceled !== true && !this.hasSuccessor(top));
  }

  /** True if flows lead on from an activity of the process itself, and none was taken. */
  lostItsToken(activity: HistoricActivity): boolean {
    if (this.parentOf(activity) !== undefined) return false;
    return this.targetsOf(activity).length > 0 && !this.hasSuccessor(activity);
  }

  private parentOf({ parentActivityInstanceId }: HistoricActivity): HistoricActivity | undefined {
    const id = parentActivityInstanceId ?? this.processInstanceId;
    return id === this.processInstanceId ? undefined : this.byId.get(id);
  }

  private hasSuccessor(activity: HistoricActivity): boolean {
    const targets = new Set(this.targetsOf(activity));
    const since = timeOf(activity.startTime);
    return this.activities.some(
      (other) => targets.has(elementIdOf(other)) && timeOf(other.startTime) >= since,
    );
  }

  private targetsOf(activity: HistoricActivity): readonly string[] {
    const id = elementIdOf(activity);
    return (this.model?.elements ?? []).flatMap(({ sourceId, targetId }) =>
      sourceId === id && targetId !== null ? [targetId] : [],
    );
  }
}

function elementIdOf({ activityId }: HistoricActivity): string {
  return activityId.replace(MULTI_INSTANCE_SUFFIX, '');
}

function timeOf(time: string | null | undefined): number {
  return time == null ? 0 : Date.parse(time);
}
