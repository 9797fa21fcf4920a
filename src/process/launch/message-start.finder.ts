import { Injectable } from '@nestjs/common';
import {
  EngineBpmnModelsService,
  type EngineDefinition,
  EngineDefinitionsClient,
  EngineResponseError,
} from '../../camunda-engine/index.js';
import type { ProcessRecord } from '../../process-store/index.js';

/** The start event of the latest version of a definition that a message starts. */
export interface MessageStart {
  readonly processKey: string;
  readonly tenantId: string | null;
  readonly definitionId: string;
  readonly startEventId: string;
}

/** Models that are read at the same time. */
const READS = 8;

/**
 * Finds the message start events of the latest definitions, of each tenant and without tenant.
 *
 * The engine correlates a message to waiting executions before it starts a process, so a start names the start event
 * instead. A version never changes, so its model is read once.
 */
@Injectable()
export class MessageStartFinder {
  /** The start events of definitions by the names of their messages. */
  private readonly remembered = new Map<string, ReadonlyMap<string, string>>();

  constructor(
    private readonly definitions: EngineDefinitionsClient,
    private readonly models: EngineBpmnModelsService,
  ) {}

  /**
   * The definitions that a message starts.
   *
   * @throws EngineCallError
   */
  async findAll(messageName: string): Promise<readonly MessageStart[]> {
    const latest = await this.definitions.findLatest();
    const ids = new Set(latest.map(({ id }) => id));
    for (const id of this.remembered.keys()) if (!ids.has(id)) this.remembered.delete(id);
    const found: MessageStart[] = [];
    for (let from = 0; from < latest.length; from += READS) {
      const page = latest.slice(from, from + READS);
      const starts = await Promise.all(page.map((definition) => this.startIn(definition, messageName)));
      found.push(...starts.flatMap((start) => start ?? []));
    }
    return found;
  }

  /**
   * The start event of the latest version of a definition for a message; null if that version has none.
   *
   * @throws EngineCallError; for an unknown definition one like that of a start by key
   */
  async find(
    { processKey, tenantId }: Pick<ProcessRecord, 'processKey' | 'tenantId'>,
    messageName: string,
  ): Promise<MessageStart | null> {
    const key = processKey ?? '';
    const versions = await this.definitions.findLatestOfKey(key);
    const latest = versions.find((each) => (each.tenantId ?? null) === tenantId);
    if (latest !== undefined) return this.startIn(latest, messageName);
    const facts = { method: 'GET', path: '/process-definition' };
    const message = `No matching process definition with key: ${key}`;
    throw new EngineResponseError(facts, 404, 'RestException', message, null);
  }

  private async startIn(
    { id, key, tenantId }: EngineDefinition,
    messageName: string,
  ): Promise<MessageStart | null> {
    const startEventId = (await this.startsOf(id, key)).get(messageName);
    return startEventId === undefined
      ? null
      : { processKey: key, tenantId: tenantId ?? null, definitionId: id, startEventId };
  }

  private async startsOf(definitionId: string, processKey: string): Promise<ReadonlyMap<string, string>> {
    const known = this.remembered.get(definitionId);
    if (known !== undefined) return known;
    const model = await this.models.of(definitionId);
    const starts = new Map(
      model?.messageStartsOf(processKey).map(({ id, messageName }) => [messageName ?? '', id]),
    );
    this.remembered.set(definitionId, starts);
    return starts;
  }
}
