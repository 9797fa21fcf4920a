import { Injectable } from '@nestjs/common';
import { EngineCallError, EngineDefinitionsClient } from '../../camunda-engine/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import type { ExistingDefinitions } from './start-refusal.js';

/** What a start names its definition by. */
export type DefinitionChoice = Pick<ProcessRecord, 'processKey' | 'tenantId' | 'versionTag'>;

/**
 * Finds the definition that a start names by its key, its tenant and its version tag.
 *
 * The engine starts the latest version of a key, or of a key and a tenant. A version tag has no such call, so its
 * definition is searched before each attempt: a later attempt may find a newer version with the same tag.
 */
@Injectable()
export class StartDefinitionService {
  constructor(private readonly engine: EngineDefinitionsClient) {}

  /**
   * The id of the newest version with the version tag of a start; null if the engine has none.
   *
   * @throws EngineCallError
   */
  async findTagged({ processKey, tenantId }: DefinitionChoice, versionTag: string): Promise<string | null> {
    const found = await this.engine.findTagged({ key: processKey ?? '', tenantId }, versionTag);
    return found?.id ?? null;
  }

  /** What the engine has of the key of a start that it did not find; null if the engine does not answer. */
  async findExisting({
    processKey,
    tenantId,
    versionTag,
  }: DefinitionChoice): Promise<ExistingDefinitions | null> {
    const key = processKey ?? '';
    try {
      const latest = await this.engine.findLatestOfKey(key);
      const tenants = [...new Set(latest.map((definition) => definition.tenantId ?? null))];
      if (versionTag === null || !tenants.includes(tenantId)) return { tenants, versionTags: [] };
      const versions = await this.engine.findVersions({ key, tenantId });
      const versionTags = new Set(versions.flatMap((version) => version.versionTag ?? []));
      return { tenants, versionTags: [...versionTags] };
    } catch (error) {
      if (error instanceof EngineCallError) return null;
      throw error;
    }
  }
}
