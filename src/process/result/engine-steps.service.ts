import { Injectable } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import type { HistoricActivity } from '../../camunda-engine/index.js';
import type { BpmnModel } from '../../common/bpmn-model/index.js';
import { stepNameOf } from '../../common/process-definition/index.js';
import type { ProcessHead } from '../../process-store/index.js';
import { ENGINE, ProcessTrailService } from '../outcome/process-trail.service.js';

/** Elements that do the work of a process; gateways and events are no steps. */
const STEP_TYPES: ReadonlySet<string> = new Set([
  'task',
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

/** The elements of an instance that have ended, latest first, and its model. */
export interface EndedSteps {
  readonly activities: readonly HistoricActivity[];
  readonly model: BpmnModel | null;
}

/** The namespace of the event keys of steps, a random UUID: the key of a step is the same at each attempt to write it. */
const EVENT_KEYS = 'b1f3c0de-6a0c-4f0e-9c57-3d1f0a52e9d4';

/** Writes the steps that workers elsewhere, people and the engine itself have done to the trail, each once. */
@Injectable()
export class EngineStepsService {
  constructor(private readonly trail: ProcessTrailService) {}

  /**
   * Writes the steps that the trail does not have yet, in the order in which they ended.
   *
   * A handler of this service has written the row of its own step already, under the name of the step. The event key of a
   * step is derived from its activity instance, so that no repetition and no other instance of the service writes it twice.
   */
  async log(record: ProcessHead, { activities, model }: EndedSteps): Promise<void> {
    const steps = activities.filter(({ activityType }) => STEP_TYPES.has(activityType)).reverse();
    if (steps.length === 0) return;
    const handled = await this.trail.handledSteps(record.correlationId);
    const missing = steps.filter(({ activityId }) => {
      const topic = model?.element(activityId)?.topic ?? null;
      if (topic === null || !handled.has(stepNameOf(topic))) return true;
      // Another process may have a topic with the same last part.
      return topic !== `${record.processKey ?? ''}.${stepNameOf(topic)}`;
    });
    await Promise.all(
      missing.map((activity) =>
        this.trail.log(
          record,
          {
            eventKey: uuidv5(`${record.correlationId}/${activity.id}`, EVENT_KEYS),
            stepName: activity.activityId,
            step: null,
            status: activity.canceled === true ? 'error' : 'ok',
            originatingSystem: ENGINE,
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
          { whenFull: 'wait', deferrable: false },
        ),
      ),
    );
  }
}
