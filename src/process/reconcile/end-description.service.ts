import { Injectable, Logger } from '@nestjs/common';
import {
  EngineHistoryClient,
  type HistoricActivity,
  type Incident,
  OwnBpmnModels,
  readEngineFault,
} from '../../camunda-engine/index.js';
import { nameOf } from '../../common/bpmn-model/index.js';

/** The incident type of a task without retries; its message is the worker's own. */
const WORKER_INCIDENT = 'failedExternalTask';

/** Describes where in its diagram a process has ended or is stuck. */
@Injectable()
export class EndDescriptionService {
  private readonly logger = new Logger('HistoryWatcher');

  constructor(
    private readonly engineHistory: EngineHistoryClient,
    private readonly models: OwnBpmnModels,
  ) {}

  /** Names the end events of an ended instance, as far as the engine's history has them. */
  async describeEnd(processInstanceId: string): Promise<string> {
    const place = await this.findPlaceOfEnd(processInstanceId);
    return place === null
      ? 'The process instance has ended without a result.'
      : `The process instance has ended ${place} without a result.`;
  }

  /** The message of an incident; for an incident of the engine itself also its element. */
  describeIncident({ incidentType, incidentMessage, processDefinitionId, activityId }: Incident): string {
    const message = incidentMessage ?? '';
    if (incidentType === WORKER_INCIDENT || activityId == null) {
      return message === '' ? 'The process is stuck in an incident.' : message;
    }
    const key = processDefinitionId.split(':')[0] ?? '';
    const model = this.models.of(key);
    const { place, reason } = readEngineFault(message, model, [activityId]);
    const element = model?.element(activityId) ?? { id: activityId, name: null };
    return `The process engine cannot go on in "${key}" ${place ?? `at ${nameOf(element)}`}: ${reason}`;
  }

  private async findPlaceOfEnd(processInstanceId: string): Promise<string | null> {
    try {
      const latest = await this.engineHistory.findLatestActivities(processInstanceId);
      const own = latest.filter(
        ({ parentActivityInstanceId = null }) =>
          parentActivityInstanceId === null || parentActivityInstanceId === processInstanceId,
      );
      const ends = own.filter(({ activityType }) => activityType.endsWith('EndEvent'));
      const [last] = own;
      if (ends.length === 0) return last === undefined ? null : `behind ${describe(last)}`;
      const names = [...new Set(ends.map(describe))];
      return `at the end event${names.length > 1 ? 's' : ''} ${names.join(' and ')}`;
    } catch (error) {
      this.logger.debug({ msg: 'The end event of an instance is unknown.', processInstanceId, err: error });
      return null;
    }
  }
}

function describe({ activityId, activityName = null }: HistoricActivity): string {
  return nameOf({ id: activityId, name: activityName });
}
