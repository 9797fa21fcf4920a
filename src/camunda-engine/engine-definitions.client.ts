import { Injectable } from '@nestjs/common';
import { EngineConnection } from './engine.connection.js';
import { type EngineDefinition, engineDefinitionSchema } from './engine.schemas.js';

/**
 * The process definitions of the engine, over the Camunda 7 REST API.
 *
 * Every operation throws an `EngineCallError`, as {@link EngineConnection} describes.
 */
@Injectable()
export class EngineDefinitionsClient {
  constructor(private readonly connection: EngineConnection) {}

  /** The latest version of each definition without tenant, by key: what a start by key starts. */
  findLatest(): Promise<EngineDefinition[]> {
    return this.connection.readPages('/process-definition', engineDefinitionSchema, {
      latestVersion: true,
      withoutTenantId: true,
      sortBy: 'key',
      sortOrder: 'asc',
    });
  }
}
