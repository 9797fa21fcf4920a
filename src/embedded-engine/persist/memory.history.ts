import type {
  HistoricActivityQuery,
  HistoricInstanceQuery,
  HistoricVariableQuery,
  HistoryService,
} from '../core/engine-api.types.js';
import { filterRecords, pageOf } from '../core/record.query.js';
import type { ChangeSet } from './engine-store.js';
import {
  ACTIVITY_RULES,
  ACTIVITY_SORT_KEYS,
  INSTANCE_SORT_KEYS,
  instanceRules,
  VARIABLE_RULES,
  VARIABLE_SORT_KEYS,
} from './history.queries.js';
import type { InstanceHistory } from './instance-history.types.js';
import type {
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricVariableRecord,
} from './records.types.js';

/**
 * Ended instances that are remembered unless configured otherwise; one of four tasks takes about 3.5 kB (measured by
 * `npm run bench:engine`), so these about 70 MB.
 */
export const DEFAULT_REMEMBERED_INSTANCES = 20_000;

/** Bytes that ended instances may take, about, unless configured otherwise: their variables may be large. */
export const DEFAULT_REMEMBERED_BYTES = 96 * 1_024 * 1_024;

/** What an instance, an activity or a variable takes in memory besides its texts, about. */
const RECORD_BYTES = 300;

/** History in memory: by instance, the oldest ended ones forgotten beyond a bound. */
export class MemoryHistory implements HistoryService {
  private readonly instances = new Map<string, InstanceHistory>();
  private readonly byBusinessKey = new Map<string, Set<string>>();
  /** Ended instances in the order of their end, with the bytes that they take. */
  private readonly ended = new Map<string, number>();
  private endedBytes = 0;

  /**
   * @param remembered ended instances that are kept
   * @param rememberedBytes what they may take
   */
  constructor(
    private readonly remembered = DEFAULT_REMEMBERED_INSTANCES,
    private readonly rememberedBytes = DEFAULT_REMEMBERED_BYTES,
  ) {}

  apply(changes: ChangeSet): void {
    for (const record of changes.historicInstances.values()) this.putInstance(record);
    for (const record of changes.historicActivities.values()) {
      this.instances.get(record.processInstanceId)?.activities.set(record.id, record);
    }
    for (const record of changes.historicVariables.values()) {
      this.instances.get(record.processInstanceId)?.variables.set(record.id, record);
    }
    for (const incident of changes.incidents.values()) {
      const history = incident === null ? undefined : this.instances.get(incident.processInstanceId);
      if (history !== undefined) history.hadIncident = true;
    }
    for (const id of changes.forgottenInstances) this.forget(id);
    for (const { id, endTime } of changes.historicInstances.values())
      if (endTime !== null) this.noteEnded(id);
    for (const id of this.ended.keys()) {
      if (this.ended.size <= this.remembered && this.endedBytes <= this.rememberedBytes) break;
      this.forget(id);
    }
  }

  findInstances(query: HistoricInstanceQuery): readonly HistoricInstanceRecord[] {
    return pageOf(this.matchingInstances(query), query, INSTANCE_SORT_KEYS);
  }

  countInstances(query: HistoricInstanceQuery): number {
    return this.matchingInstances(query).length;
  }

  findInstance(id: string): HistoricInstanceRecord | null {
    return this.instances.get(id)?.record ?? null;
  }

  findActivities(query: HistoricActivityQuery): readonly HistoricActivityRecord[] {
    return pageOf(this.matchingActivities(query), query, ACTIVITY_SORT_KEYS);
  }

  countActivities(query: HistoricActivityQuery): number {
    return this.matchingActivities(query).length;
  }

  findVariables(query: HistoricVariableQuery): readonly HistoricVariableRecord[] {
    return pageOf(this.matchingVariables(query), query, VARIABLE_SORT_KEYS);
  }

  countVariables(query: HistoricVariableQuery): number {
    return this.matchingVariables(query).length;
  }

  private putInstance(record: HistoricInstanceRecord): void {
    const known = this.instances.get(record.id);
    if (known === undefined) {
      this.instances.set(record.id, {
        record,
        activities: new Map(),
        variables: new Map(),
        hadIncident: false,
      });
      if (record.businessKey !== null) {
        const ids = this.byBusinessKey.get(record.businessKey) ?? new Set();
        this.byBusinessKey.set(record.businessKey, ids.add(record.id));
      }
    } else {
      known.record = record;
    }
  }

  private noteEnded(id: string): void {
    const history = this.instances.get(id);
    if (history === undefined) return;
    const bytes = bytesOf(history);
    this.endedBytes += bytes - (this.ended.get(id) ?? 0);
    this.ended.set(id, bytes);
  }

  private forget(id: string): void {
    const businessKey = this.instances.get(id)?.record.businessKey ?? null;
    this.instances.delete(id);
    this.endedBytes -= this.ended.get(id) ?? 0;
    this.ended.delete(id);
    if (businessKey === null) return;
    const ids = this.byBusinessKey.get(businessKey);
    ids?.delete(id);
    if (ids?.size === 0) this.byBusinessKey.delete(businessKey);
  }

  private matchingInstances(query: HistoricInstanceQuery): HistoricInstanceRecord[] {
    return filterRecords(this.candidates(query), query, instanceRules).map(({ record }) => record);
  }

  private matchingActivities(query: HistoricActivityQuery): HistoricActivityRecord[] {
    const found = this.ofInstances(query).flatMap((history) => [...history.activities.values()]);
    return filterRecords(found, query, ACTIVITY_RULES);
  }

  private matchingVariables(query: HistoricVariableQuery): HistoricVariableRecord[] {
    const { includeDeleted, ...filters } = query;
    const found = this.ofInstances(query)
      .flatMap((history) => [...history.variables.values()])
      .filter(({ state }) => includeDeleted === true || state === 'CREATED');
    return filterRecords(found, filters, VARIABLE_RULES);
  }

  /** Looks at no more instances than an id or a business key leaves. */
  private candidates(query: HistoricInstanceQuery): Iterable<InstanceHistory> {
    const keys = query.processInstanceBusinessKeyIn ?? one(query.processInstanceBusinessKey);
    const ids =
      query.processInstanceIds ??
      one(query.processInstanceId) ??
      keys?.flatMap((key) => [...(this.byBusinessKey.get(key) ?? [])]);
    return ids === undefined ? this.instances.values() : this.some(ids);
  }

  private ofInstances(query: {
    readonly processInstanceId?: string | undefined;
    readonly processInstanceIdIn?: readonly string[] | undefined;
  }): InstanceHistory[] {
    const ids = query.processInstanceIdIn ?? one(query.processInstanceId);
    return ids === undefined ? [...this.instances.values()] : this.some(ids);
  }

  private some(ids: readonly string[]): InstanceHistory[] {
    return [...new Set(ids)].flatMap((id) => this.instances.get(id) ?? []);
  }
}

function bytesOf({ activities, variables }: InstanceHistory): number {
  let bytes = RECORD_BYTES * (1 + activities.size + variables.size);
  for (const { value } of variables.values())
    if (typeof value.value === 'string') bytes += 2 * value.value.length;
  return bytes;
}

function one(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}
