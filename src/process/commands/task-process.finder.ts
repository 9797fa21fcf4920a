import { Injectable } from '@nestjs/common';
import { EngineHistoryClient, EngineTasksClient, type HistoricInstance } from '../../camunda-engine/index.js';
import { isCorrelationId } from '../../common/identifiers/index.js';
import { type ProcessHead, ProcessStoreService } from '../../process-store/index.js';

/** Instances in one history query. */
const QUERY_SIZE = 500;

/** Upper bound of the instances of one process that are searched for tasks. */
const MAX_INSTANCES = 1_000;

/**
 * Finds the processes of this service that tasks of the engine belong to, and the instances of such a process.
 *
 * A task belongs to a process if the root of its instance is the instance in the row of the process. Every other task is
 * unknown here, because correlation ids are ids of this service.
 */
@Injectable()
export class TaskProcessFinder {
  constructor(
    private readonly tasks: EngineTasksClient,
    private readonly history: EngineHistoryClient,
    private readonly store: ProcessStoreService,
  ) {}

  /**
   * The rows of the processes to which instances belong, by the ids of the instances.
   *
   * @throws EngineCallError
   */
  async find(processInstanceIds: readonly string[]): Promise<ReadonlyMap<string, ProcessHead>> {
    const instances = await this.historicInstances(new Set(processInstanceIds));
    const roots = await this.historicInstances(new Set([...instances.values()].map(rootOf)), instances);
    const rows = await this.rowsOf([...roots.values()]);
    const found = new Map<string, ProcessHead>();
    for (const instance of instances.values()) {
      const row = rows.get(rootOf(instance));
      if (row !== undefined) found.set(instance.id, row);
    }
    return found;
  }

  /**
   * The running instances of a process: its own, and those that it has called; at most 1 000.
   *
   * @throws EngineCallError
   */
  async instancesOf(processInstanceId: string): Promise<readonly string[]> {
    const found = [processInstanceId];
    for (let at = 0; at < found.length && found.length < MAX_INSTANCES; at += 1) {
      found.push(...(await this.tasks.findCalledInstances(found[at] ?? '')));
    }
    return found.slice(0, MAX_INSTANCES);
  }

  /** @param known instances that need not be read again */
  private async historicInstances(
    ids: ReadonlySet<string>,
    known: ReadonlyMap<string, HistoricInstance> = new Map(),
  ): Promise<ReadonlyMap<string, HistoricInstance>> {
    const found = new Map<string, HistoricInstance>();
    const missing: string[] = [];
    for (const id of ids) {
      const instance = known.get(id);
      if (instance === undefined) missing.push(id);
      else found.set(id, instance);
    }
    for (let from = 0; from < missing.length; from += QUERY_SIZE) {
      const page = await this.history.findHistoricInstances(missing.slice(from, from + QUERY_SIZE));
      for (const instance of page) found.set(instance.id, instance);
    }
    return found;
  }

  /** The rows whose instance is one of these roots, by its id. */
  private async rowsOf(roots: readonly HistoricInstance[]): Promise<ReadonlyMap<string, ProcessHead>> {
    const rows = new Map<string, ProcessHead>();
    const unread: string[] = [];
    for (const { businessKey } of roots) {
      if (businessKey == null || !isCorrelationId(businessKey)) continue;
      const row = this.store.peek(businessKey);
      if (row?.processInstanceId == null) unread.push(businessKey);
      else rows.set(row.processInstanceId, row);
    }
    for (const row of unread.length === 0 ? [] : await this.store.table.findByIds(unread)) {
      if (row.processInstanceId !== null) rows.set(row.processInstanceId, row);
    }
    return rows;
  }
}

function rootOf({ id, rootProcessInstanceId }: HistoricInstance): string {
  return rootProcessInstanceId ?? id;
}
