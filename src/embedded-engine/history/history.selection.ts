import type { Comparator, GivenComparison } from '../query/define/query.types.js';
import type { HistoricInstanceQuery } from '../query/historic-process-instance.query.js';

/**
 * What a query says about the instances that its records can belong to, so that a source need not show all of them.
 * The filters of the query decide in the end: a source may show more.
 */
export interface HistorySelection {
  readonly ids?: readonly string[] | undefined;
  readonly businessKeys?: readonly string[] | undefined;
  readonly definitionId?: string | undefined;
  readonly definitionKeys?: readonly string[] | undefined;
  /** Instances that had ended before have none of the records. */
  readonly endedSince?: number | undefined;
  /** Instances that started later have none of the records. */
  readonly startedUntil?: number | undefined;
  /** Only an instance that runs can have such records. */
  readonly running?: boolean | undefined;
  /** Ids of which each stands in one of the wanted records. */
  readonly mentioned: readonly string[];
}

/** Fields of a detail that hold an id which its records mention and its instance's columns do not. */
const MENTIONED_IDS: ReadonlySet<string> = new Set(['id', 'executionId', 'configuration', 'externalTaskId']);

/** Points in time at which the instance of a detail was running. */
const TIMES: ReadonlySet<string> = new Set(['startTime', 'endTime', 'incidentTimestamp']);

/** The selection of a query for details of instances: activities, variables, incidents, tasks, lines of the log. */
export function selectionOfDetails(given: readonly GivenComparison[]): HistorySelection {
  const wantedOf = (isField: (field: string) => boolean, ...comparators: Comparator[]): unknown =>
    given.find(({ field, comparator }) => isField(field) && comparators.includes(comparator))?.wanted;
  const textOf = (name: string) => wantedOf((field) => field === name, 'equals') as string | undefined;
  const textsOf = (name: string) =>
    (wantedOf((field) => field === name, 'oneOf') as readonly string[] | undefined) ?? one(textOf(name));
  const timeOf = (...comparators: Comparator[]) =>
    wantedOf((field) => TIMES.has(field), ...comparators) as number | undefined;
  const isUnfinished = wantedOf((field) => field === 'endTime', 'isNull') !== undefined;
  return {
    ids: textsOf('processInstanceId'),
    businessKeys: textsOf('businessKey'),
    definitionId: textOf('processDefinitionId'),
    definitionKeys: textsOf('processDefinitionKey'),
    endedSince: timeOf('above', 'atLeast'),
    startedUntil: timeOf('below', 'atMost'),
    running: isUnfinished || textOf('state') === 'OPEN',
    mentioned: given
      .filter(({ field, comparator }) => comparator === 'equals' && MENTIONED_IDS.has(field))
      .map(({ wanted }) => wanted as string),
  };
}

/** The ids or business keys that a query for instances names. */
export function selectionOfInstances(query: HistoricInstanceQuery): HistorySelection {
  return {
    ids: query.processInstanceIds ?? one(query.processInstanceId),
    businessKeys: query.processInstanceBusinessKeyIn ?? one(query.processInstanceBusinessKey),
    mentioned: [],
  };
}

function one(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}
