import { Injectable } from '@nestjs/common';
import {
  EngineInstancesClient,
  EngineHistoryClient,
  type HistoricInstance,
} from '../../camunda-engine/index.js';
import type { ProcessHead } from '../../process-store/index.js';

/** An instance that a start of this service created. */
export interface StartedInstance {
  readonly id: string;
  readonly ended: boolean;
  readonly state: HistoricInstance['state'];
}

/**
 * Finds the instances of a claim in the engine: root instances of its key with the row's business key and
 * `traceability_id`. The business key alone is not enough: others use it too, and called instances inherit it.
 */
@Injectable()
export class InstanceFinderService {
  constructor(
    private readonly engineInstances: EngineInstancesClient,
    private readonly engineHistory: EngineHistoryClient,
  ) {}

  /**
   * Returns all of them, running and ended, oldest first: from history, or from runtime if history has none.
   *
   * @throws EngineCallError
   */
  async find(record: ProcessHead): Promise<readonly StartedInstance[]> {
    const { correlationId, processKey, traceabilityId } = record;
    if (processKey === null || traceabilityId === null) return [];
    const filter = { businessKey: correlationId, processKey };
    const found: StartedInstance[] = [];
    for (const instance of await this.engineHistory.findInstances(filter)) {
      const { id, rootProcessInstanceId, superProcessInstanceId, endTime, state } = instance;
      if ((superProcessInstanceId ?? null) !== null || (rootProcessInstanceId ?? id) !== id) continue;
      const variables = await this.engineHistory.getHistoricVariables(id);
      if (variables.traceability_id === traceabilityId) {
        found.push({ id, ended: (endTime ?? null) !== null, state });
      }
    }
    if (found.length > 0) return found;
    const running = await this.engineInstances.findRunningRoots({ ...filter, traceabilityId });
    return running.map(({ id }) => ({ id, ended: false, state: 'ACTIVE' }));
  }
}
