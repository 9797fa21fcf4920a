import type { DefinitionRecord } from '../persist/records.types.js';
import type { CompiledProcess } from './deployment.compiler.js';
import { ExecutableDefinition } from './executable-definition.js';

/** Which definition of a key is the latest, by tenant. */
export class DefinitionIndex {
  private readonly latestByKey = new Map<string, ExecutableDefinition>();

  /** @param definitions those of the engine, which the index keeps */
  constructor(private readonly definitions: Map<string, ExecutableDefinition>) {}

  latest(key: string, tenantId: string | null): ExecutableDefinition | undefined {
    return this.latestByKey.get(indexKey(key, tenantId));
  }

  allLatest(): Iterable<ExecutableDefinition> {
    return this.latestByKey.values();
  }

  /** Takes definitions in, each with the model that it was compiled to. */
  add(records: readonly DefinitionRecord[], compiled: readonly CompiledProcess[]): void {
    for (const record of records) {
      const found = compiled.find(
        ({ resource, model }) => resource === record.resource && model.key === record.key,
      );
      if (found === undefined) continue;
      const definition = new ExecutableDefinition(record, found.model);
      this.definitions.set(record.id, definition);
      this.noteLatest(definition);
    }
  }

  remove(ids: ReadonlySet<string>): void {
    for (const id of ids) this.definitions.delete(id);
    this.latestByKey.clear();
    for (const definition of this.definitions.values()) this.noteLatest(definition);
  }

  private noteLatest(definition: ExecutableDefinition): void {
    const { key, tenantId, version } = definition.record;
    const known = this.latest(key, tenantId);
    if (known === undefined || known.record.version < version)
      this.latestByKey.set(indexKey(key, tenantId), definition);
  }
}

function indexKey(key: string, tenantId: string | null): string {
  return tenantId === null ? key : `${tenantId}\u0000${key}`;
}
