import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  EngineCallError,
  type EngineDefinition,
  EngineDefinitionsClient,
} from '../../camunda-engine/index.js';
import { ProcessAccess } from '../../auth/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../common/process-definition/index.js';
import { engineUnavailable } from './process-problems.js';
import type { ProcessAnswer } from './process-view.presenter.js';

/** How long the definitions of the engine are kept, in ms. */
const CACHE_MS = 5_000;

/** What can be started, as clients see it. */
interface DefinitionView {
  readonly key: string;
  readonly name: string | null;
  /** Null if the engine does not have the definition. */
  readonly version: number | null;
  readonly versionTag: string | null;
  /** Null for the definition without tenant. */
  readonly tenantId: string | null;
  readonly suspended: boolean;
  readonly definedHere: boolean;
  readonly resultDeclared: boolean;
  /** JSON Schema of the start variables; null if no schema is known. */
  readonly startSchema: unknown;
}

/** Lists what can be started: the latest definitions of the engine, with what this service knows of them. */
@Injectable()
export class ProcessDefinitionsService {
  /** By key. */
  private readonly own: ReadonlyMap<string, DefinitionView>;
  private cached: { readonly until: number; readonly views: Promise<readonly DefinitionView[]> } | null =
    null;

  constructor(
    private readonly engine: EngineDefinitionsClient,
    @Inject(PROCESS_DEFINITIONS) definitions: readonly ProcessDefinition[],
  ) {
    this.own = new Map(definitions.map((definition) => [definition.key, viewOf(definition)]));
  }

  /**
   * A page of definitions by key and tenant. The definitions of the engine may be up to 5 s old.
   *
   * @param after `nextAfter` of the previous page; an empty text for the first page
   * @param access the processes that the caller may read; its owner does not matter
   * @throws ProblemError `engine-unavailable`
   */
  async list(after: string, limit: number, { processKeys } = ProcessAccess.all): Promise<ProcessAnswer> {
    const all = await this.all();
    const views = processKeys === null ? all : all.filter(({ key }) => processKeys.has(key));
    const from = views.findIndex((view) => placeOf(view) > after);
    const definitions = from < 0 ? [] : views.slice(from, from + limit);
    const isLast = from < 0 || from + limit >= views.length;
    const last = isLast ? undefined : definitions.at(-1);
    const nextAfter = last === undefined ? null : placeOf(last);
    return {
      httpStatus: 200,
      headers: { 'cache-control': 'private, no-cache' },
      body: JSON.stringify({ count: definitions.length, definitions, nextAfter }),
    };
  }

  private async all(): Promise<readonly DefinitionView[]> {
    const now = performance.now();
    if (this.cached === null || this.cached.until <= now) {
      this.cached = { until: now + CACHE_MS, views: this.read() };
    }
    const current = this.cached;
    try {
      return await current.views;
    } catch (error) {
      if (this.cached === current) this.cached = null;
      throw error instanceof EngineCallError ? engineUnavailable(false, error) : error;
    }
  }

  private async read(): Promise<readonly DefinitionView[]> {
    // The definitions of this service have no tenant, but what it knows of a key holds for every tenant.
    const views = new Map(this.own);
    for (const definition of await this.engine.findLatest()) {
      const view = { ...unknownHere(definition), ...this.own.get(definition.key), ...facts(definition) };
      views.set(placeOf(view), view);
    }
    return [...views].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, view]) => view);
  }
}

/** The place in the list: by key, then by tenant. A space comes before all characters of keys. */
function placeOf({ key, tenantId }: Pick<DefinitionView, 'key' | 'tenantId'>): string {
  return tenantId === null ? key : `${key} ${tenantId}`;
}

function facts({ name, version, versionTag, tenantId, suspended }: EngineDefinition) {
  return {
    name: name ?? null,
    version,
    versionTag: versionTag ?? null,
    tenantId: tenantId ?? null,
    suspended,
  };
}

function unknownHere(definition: EngineDefinition): DefinitionView {
  return {
    key: definition.key,
    ...facts(definition),
    definedHere: false,
    resultDeclared: false,
    startSchema: null,
  };
}

/** A definition of this service, as long as the engine does not have it. */
function viewOf({ key, startSchema, result }: ProcessDefinition): DefinitionView {
  return {
    key,
    name: null,
    version: null,
    versionTag: null,
    tenantId: null,
    suspended: false,
    definedHere: true,
    resultDeclared: result !== undefined,
    startSchema: startSchema === undefined ? null : jsonSchemaOf(startSchema),
  };
}

/** What a JSON Schema cannot express, such as a transformation, allows any value in it. */
function jsonSchemaOf(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}
