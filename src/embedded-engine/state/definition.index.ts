import type { DefinitionRecord } from './records.types.js';
import { type CompiledProcess, ExecutableDefinition } from './executable-definition.js';

/** The deployed definitions by id, and the versions of each key and tenant. */
export class DefinitionIndex {
  private readonly byId = new Map<string, ExecutableDefinition>();
  /** Oldest first. */
  private readonly versions = new Map<string, readonly ExecutableDefinition[]>();

  get(id: string): ExecutableDefinition | undefined {
    return this.byId.get(id);
  }

  values(): Iterable<ExecutableDefinition> {
    return this.byId.values();
  }

  latest(key: string, tenantId: string | null): ExecutableDefinition | undefined {
    return this.versions.get(indexKey(key, tenantId))?.at(-1);
  }

  versionsOf(key: string, tenantId: string | null): readonly ExecutableDefinition[] {
    return this.versions.get(indexKey(key, tenantId)) ?? [];
  }

  allLatest(): ExecutableDefinition[] {
    return [...this.versions.values()].flatMap((versions) => versions.at(-1) ?? []);
  }

  /** Adds definitions with their compiled models. */
  add(records: readonly DefinitionRecord[], compiled: readonly CompiledProcess[]): void {
    for (const record of records) {
      const found = compiled.find(
        ({ resource, model }) => resource === record.resource && model.key === record.key,
      );
      if (found !== undefined) this.put(new ExecutableDefinition(record, found.model));
    }
  }

  /** Replaces the record of a definition, for example when it is suspended; its model stays. */
  update(record: DefinitionRecord): void {
    const known = this.byId.get(record.id);
    if (known !== undefined) this.put(new ExecutableDefinition(record, known.model));
  }

  remove(ids: ReadonlySet<string>): void {
    const left = [...this.byId.values()].filter(({ record }) => !ids.has(record.id));
    this.byId.clear();
    this.versions.clear();
    for (const definition of left) this.put(definition);
  }

  private put(definition: ExecutableDefinition): void {
    const { id, key, tenantId } = definition.record;
    this.byId.set(id, definition);
    const others = this.versionsOf(key, tenantId).filter(({ record }) => record.id !== id);
    const versions = [...others, definition].sort((a, b) => a.record.version - b.record.version);
    this.versions.set(indexKey(key, tenantId), versions);
  }
}

function indexKey(key: string, tenantId: string | null): string {
  return tenantId === null ? key : `${tenantId}\u0000${key}`;
}
