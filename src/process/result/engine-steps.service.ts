import { Injectable } from '@nestjs/common';
import type { HistoricActivity } from '../../camunda-engine/index.js';
import { stepNameOf } from '../../common/process-definition/index.js';
import type { ProcessHead } from '../../process-store/index.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';

/** Elements that do the work of a process; gateways and events are no steps. */
const STEP_TYPES: ReadonlySet<string> = new Set([
  'serviceTask',
  'externalTask',
  'sendTask',
  'businessRuleTask',
  'scriptTask',
  'userTask',
  'manualTask',
  'receiveTask',
  'callActivity',
]);

/** Writes the steps that workers elsewhere, people and the engine itself have done to the trail, each once. */
@Injectable()
export class EngineStepsService {
  constructor(private readonly trail: ProcessTrailService) {}

  /**
   * Writes the steps that the trail does not have yet, in the order in which they ended.
   *
   * A step that a handler of this service did is there already, under its step name. A repetition finds the rows of the
   * first attempt by `metadata.activityInstanceId`.
   *
   * @param activities ended elements of the instance, latest first
   */
  async log(record: ProcessHead, activities: readonly HistoricActivity[]): Promise<void> {
    const steps = activities.filter(({ activityType }) => STEP_TYPES.has(activityType)).reverse();
    if (steps.length === 0) return;
    const known = await this.trail.knownSteps(record.correlationId);
    const missing = steps.filter(
      ({ id, activityId }) =>
        !known.activityInstanceIds.has(id) && !known.stepNames.has(stepNameOf(activityId)),
    );
    await Promise.all(
      missing.map((activity) =>
        this.trail.log(
          record,
          {
            stepName: activity.activityId,
            step: null,
            status: activity.canceled === true ? 'error' : 'ok',
            originatingSystem: 'CamundaEngine',
            targetSystem: null,
            errorMessage: activity.canceled === true ? 'The step was cancelled in the engine' : null,
            result: activity.canceled === true ? 'Step cancelled' : 'Step done',
            executionTime: activity.durationInMillis ?? null,
            ...(activity.endTime == null ? {} : { createdAt: new Date(activity.endTime) }),
            metadata: {
              activityInstanceId: activity.id,
              activityName: activity.activityName ?? null,
              activityType: activity.activityType,
              ...(activity.assignee == null ? {} : { assignee: activity.assignee }),
            },
          },
          { whenFull: 'wait' },
        ),
      ),
    );
  }
}
