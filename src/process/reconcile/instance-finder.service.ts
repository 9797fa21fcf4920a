import { Injectable } from '@nestjs/common';
import {
  EngineInstancesClient,
  EngineHistoryClient,
  type HistoricInstance,
} from '../../camunda-engine/index.js';
import type { ProcessHead } from '../../process-store/index.js';

/** An instance that a start of ours made. */
export interface StartedInstance {
  readonly id: string;
  readonly ended: boolean;
  readonly state: HistoricInstance['state'];
}

/**
 * Finds the instances of a claim in the engine: root instances of its key whose business key and `traceability_id` are
 * the row's. Others use the same business keys, and called instances inherit ours.
 */
@Injectable()
export class InstanceFinderService {
  constructor(
    private readonly engineInstances: EngineInstancesClient,
    private readonly engineHistory: EngineHistoryClient,
  ) {}

  /**
   * All of them, running and ended, oldest first: from history, and where that knows none, from runtime.
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
