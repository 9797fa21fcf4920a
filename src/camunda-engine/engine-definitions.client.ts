import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EngineConnection, PAGE_SIZE } from './engine.connection.js';
import { type EngineDefinition, engineDefinitionSchema } from './engine.schemas.js';

/**
 * Definitions in one page of a list. Camunda parses the model of each definition that its cache of 1 000 does not hold,
 * only to list it: 500 of them took 6 s on a busy machine, and a call has 10 s.
 */
const DEFINITIONS_PAGE = 100;

/** The versions of a definition: those of a tenant, or those without tenant. */
export interface DefinitionVersions {
  readonly key: string;
  readonly tenantId: string | null;
}

/**
 * The process definitions of the engine, over the Camunda 7 REST API.
 *
 * Every operation throws an `EngineCallError`, as {@link EngineConnection} describes.
 */
@Injectable()
export class EngineDefinitionsClient {
  constructor(private readonly connection: EngineConnection) {}

  /** The latest version of each definition, of each tenant and without tenant; in no particular order. */
  findLatest(): Promise<EngineDefinition[]> {
    return this.connection.readPages(
      '/process-definition',
      engineDefinitionSchema,
      // Several tenants may have the same key; only ids give pages that neither miss nor repeat a row.
      { latestVersion: true, sortBy: 'id', sortOrder: 'asc' },
      DEFINITIONS_PAGE,
    );
  }

  /** The latest versions of one key, of at most 500 tenants, and without tenant. */
  findLatestOfKey(key: string): Promise<EngineDefinition[]> {
    return this.find({ key, latestVersion: true, sortBy: 'tenantId', sortOrder: 'asc' });
  }

  /** The newest version with a version tag; null if there is none. */
  async findTagged(versions: DefinitionVersions, versionTag: string): Promise<EngineDefinition | null> {
    const [newest] = await this.findVersions(versions, { versionTag, maxResults: 1 });
    return newest ?? null;
  }

  /** The newest versions of a definition, newest first; at most 500. */
  findVersions(
    { key, tenantId }: DefinitionVersions,
    further: { readonly versionTag?: string; readonly maxResults?: number } = {},
  ): Promise<EngineDefinition[]> {
    return this.find({
      key,
      ...(tenantId === null ? { withoutTenantId: true } : { tenantIdIn: tenantId }),
      sortBy: 'version',
      sortOrder: 'desc',
      ...further,
    });
  }

  private find(query: Readonly<Record<string, string | number | boolean>>): Promise<EngineDefinition[]> {
    return this.connection.read(
      { method: 'GET', path: '/process-definition', query: { maxResults: PAGE_SIZE, ...query } },
      z.array(engineDefinitionSchema),
    );
  }
}
