import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { EngineConnection } from './engine.connection.js';
import { EngineResponseError } from './engine.errors.js';
import { executionSchema, historicVariableSchema } from './engine.schemas.js';
import type { TypedVariables } from './typed-variables.mapper.js';

/** An execution that waits for a message. */
export interface MessageReceiver {
  readonly id: string;
  readonly processInstanceId: string;
}

/** The simple name of the engine's exception for a message without a receiver, or with several. */
const MISMATCH = /\bMismatchingMessageCorrelationException\b/;

/** How the engine says that several executions match. */
const SEVERAL = /\bENGINE-13031\b|\b\d+ executions match\b/;

/**
 * Messages to running process instances, over the Camunda 7 REST API.
 *
 * Every operation throws an `EngineCallError`, as {@link EngineConnection} describes.
 */
@Injectable()
export class EngineMessagesClient {
  constructor(
    private readonly connection: EngineConnection,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
  ) {}

  /**
   * Executions that wait for a message, one page of at most `maxResults` from `firstResult` on.
   *
   * @param filter `processVariables`: plain values that variables of the instance equal
   */
  findReceivers(filter: {
    readonly messageName: string;
    readonly processInstanceId?: string;
    readonly processVariables: Readonly<Record<string, string | number | boolean>>;
    readonly firstResult: number;
    readonly maxResults: number;
  }): Promise<MessageReceiver[]> {
    const { messageName, processInstanceId, processVariables, ...page } = filter;
    const conditions = Object.entries(processVariables).map(([name, value]) => ({
      name,
      operator: 'eq',
      value,
    }));
    return this.connection.read(
      {
        method: 'POST',
        path: '/execution',
        query: page,
        json: {
          messageEventSubscriptionName: messageName,
          ...(processInstanceId === undefined ? {} : { processInstanceId }),
          ...(conditions.length === 0 ? {} : { processVariables: conditions }),
          sorting: [{ sortBy: 'instanceId', sortOrder: 'asc' }],
        },
      },
      z.array(executionSchema),
    );
  }

  /**
   * Correlates a message to the only execution of an instance that waits for it; within `CAMUNDA_START_TIMEOUT_MS`.
   *
   * @param message `localVariables`: set where the instance waits, together with the delivery of the message. `notAfter`:
   *   time of `performance.now()` after which nothing may be sent
   * @throws EngineTooLateError after `notAfter`
   * @throws EngineResponseError for which {@link isWithoutReceiver} or {@link hasSeveralReceivers} is true
   */
  async correlate(message: {
    readonly messageName: string;
    readonly processInstanceId: string;
    readonly variables: TypedVariables;
    readonly localVariables: TypedVariables;
    readonly notAfter?: number | undefined;
  }): Promise<void> {
    await this.connection.command({
      method: 'POST',
      path: '/message',
      json: {
        messageName: message.messageName,
        processInstanceId: message.processInstanceId,
        processVariables: message.variables,
        processVariablesLocal: message.localVariables,
      },
      timeoutMs: this.config.startTimeoutMs,
      notAfter: message.notAfter,
    });
  }

  /** True if an instance has, or had, a variable in any of its scopes; from the history. */
  async hadVariable(processInstanceId: string, variableName: string): Promise<boolean> {
    const rows = await this.connection.read(
      {
        method: 'GET',
        path: '/history/variable-instance',
        query: {
          processInstanceId,
          variableName,
          includeDeleted: true,
          deserializeValues: false,
          maxResults: 1,
        },
      },
      z.array(historicVariableSchema),
    );
    return rows.length > 0;
  }
}

/** True if the engine says that nothing waits for the message. */
export function isWithoutReceiver(error: unknown): boolean {
  return isMismatch(error) && !SEVERAL.test(error.engineMessage);
}

/** True if the engine says that several executions wait for the message. */
export function hasSeveralReceivers(error: unknown): boolean {
  return isMismatch(error) && SEVERAL.test(error.engineMessage);
}

function isMismatch(error: unknown): error is EngineResponseError {
  return (
    error instanceof EngineResponseError && (MISMATCH.test(error.type) || MISMATCH.test(error.engineMessage))
  );
}
