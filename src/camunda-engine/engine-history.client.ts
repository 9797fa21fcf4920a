import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EngineConnection, nullIfNotFound, PAGE_SIZE } from './engine.connection.js';
import {
  type HistoricActivity,
  historicActivitySchema,
  type HistoricInstance,
  historicInstanceSchema,
  type HistoricTypedVariable,
  historicTypedVariableSchema,
  historicVariableSchema,
} from './engine.schemas.js';
import { fromTypedVariable } from './typed-variables.mapper.js';

/** Number of activities of an ended instance that are read. */
const LATEST_ACTIVITIES = 500;

/**
 * Running and ended process instances in the engine's history, over the Camunda 7 REST API.
 *
 * Every operation throws an `EngineCallError`, as {@link EngineConnection} describes.
 */
@Injectable()
export class EngineHistoryClient {
  constructor(private readonly connection: EngineConnection) {}

  /** Running and ended instances of a definition with a business key, oldest first, called ones included. */
  findInstances(filter: {
    readonly businessKey: string;
    readonly processKey: string;
  }): Promise<HistoricInstance[]> {
    return this.connection.readPages('/history/process-instance', historicInstanceSchema, {
      processInstanceBusinessKey: filter.businessKey,
      processDefinitionKey: filter.processKey,
      sortBy: 'startTime',
      sortOrder: 'asc',
    });
  }

  /**
   * Instances of definitions that ended after a moment of the engine's own clock, in the order of their end.
   *
   * @param finishedAfter a time as the engine writes it; inclusive
   * @returns one page of at most `maxResults` from `firstResult` on
   */
  findEndedInstances(filter: {
    readonly finishedAfter: string;
    readonly processKeys: readonly string[];
    readonly firstResult: number;
    readonly maxResults: number;
  }): Promise<HistoricInstance[]> {
    const { processKeys, ...page } = filter;
    return this.connection.read(
      {
        method: 'GET',
        path: '/history/process-instance',
        query: {
          ...page,
          processDefinitionKeyIn: processKeys.join(','),
          sortBy: 'endTime',
          sortOrder: 'asc',
        },
      },
      z.array(historicInstanceSchema),
    );
  }

  /** When the last instance of definitions ended, as the engine writes times; null if none has ended. */
  async findLastEnd(processKeys: readonly string[]): Promise<string | null> {
    const [last] = await this.connection.read(
      {
        method: 'GET',
        path: '/history/process-instance',
        query: {
          processDefinitionKeyIn: processKeys.join(','),
          finished: true,
          sortBy: 'endTime',
          sortOrder: 'desc',
          maxResults: 1,
        },
      },
      z.array(historicInstanceSchema),
    );
    return last?.endTime ?? null;
  }

  /** Running and ended instances by their ids; at most 500 in one call. */
  findHistoricInstances(ids: readonly string[]): Promise<HistoricInstance[]> {
    return this.connection.read(
      {
        method: 'POST',
        path: '/history/process-instance',
        json: { processInstanceIds: ids },
        query: { maxResults: PAGE_SIZE },
      },
      z.array(historicInstanceSchema),
    );
  }

  /** A running or ended instance; null if the history does not have it. */
  async getHistoricInstance(id: string): Promise<HistoricInstance | null> {
    return nullIfNotFound(
      this.connection.read(
        { method: 'GET', path: `/history/process-instance/${encodeURIComponent(id)}` },
        historicInstanceSchema,
      ),
    );
  }

  /** The activities of an instance that finished last, latest first; empty if the engine keeps no such history. */
  findLatestActivities(processInstanceId: string): Promise<HistoricActivity[]> {
    return this.connection.read(
      {
        method: 'GET',
        path: '/history/activity-instance',
        query: {
          processInstanceId,
          finished: true,
          sortBy: 'endTime',
          sortOrder: 'desc',
          maxResults: LATEST_ACTIVITIES,
        },
      },
      z.array(historicActivitySchema),
    );
  }

  /** The variables in an instance's own scope, as plain values; for an ended instance their last values. */
  async getHistoricVariables(processInstanceId: string): Promise<Record<string, unknown>> {
    const rows = await this.connection.readPages('/history/variable-instance', historicVariableSchema, {
      processInstanceId,
      deserializeValues: false,
    });
    const variables = Object.create(null) as Record<string, unknown>;
    for (const row of rows) {
      // Variables of inner scopes share names with the instance's own.
      if ((row.activityInstanceId ?? processInstanceId) !== processInstanceId) continue;
      variables[row.name] = fromTypedVariable(row);
    }
    return variables;
  }

  /** The variables of a running or ended instance's own scope, with their types; serialised objects stay serialised. */
  async findVariables(processInstanceId: string): Promise<HistoricTypedVariable[]> {
    const rows = await this.connection.readPages('/history/variable-instance', historicTypedVariableSchema, {
      processInstanceId,
      deserializeValues: false,
    });
    return rows.filter((row) => (row.activityInstanceId ?? processInstanceId) === processInstanceId);
  }

  /** Which of at most 500 instances have ended. */
  findEndedAmong(ids: readonly string[]): Promise<HistoricInstance[]> {
    return this.connection.read(
      {
        method: 'POST',
        path: '/history/process-instance',
        json: { processInstanceIds: ids, finished: true },
        query: { maxResults: PAGE_SIZE },
      },
      z.array(historicInstanceSchema),
    );
  }
}
