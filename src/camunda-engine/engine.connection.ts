import { Injectable, Optional } from '@nestjs/common';
import { z } from 'zod';
import { ClockWatch } from '../lifecycle/index.js';
import { readAnswer, requireSuccess } from './engine.answer.js';
import { EngineCircuit } from './engine.circuit.js';
import { EngineResponseError } from './engine.errors.js';
import { versionSchema } from './engine.schemas.js';
import {
  type EngineRequest,
  type EngineResponse,
  EngineTransport,
  requireInTime,
} from './engine.transport.js';

/** Milliseconds for a call without a timeout of its own. */
const CALL_TIMEOUT_MS = 10_000;

/** Rows per request when all rows of a list are read. */
export const PAGE_SIZE = 500;

type Call = Omit<EngineRequest, 'timeoutMs'> & { readonly timeoutMs?: number };

/**
 * Sends the calls of all clients through one circuit breaker and parses the answers by schemas.
 *
 * Every operation throws an `EngineCallError`: `EngineResponseError` if the engine refuses the call,
 * `EngineUnreachableError` or `EngineTooLateError` if nothing was sent, `EngineAmbiguousError` if it is unknown whether the call was executed,
 * `EngineMisconfiguredError` if the answer is not the engine's. No call is repeated.
 */
@Injectable()
export class EngineConnection {
  private readonly circuit = new EngineCircuit();

  constructor(
    private readonly transport: EngineTransport,
    @Optional() clock?: ClockWatch,
  ) {
    clock?.onSet(() => {
      this.circuit.clockSet();
    });
  }

  /** True while the circuit is open and calls fail at once. */
  get isAway(): boolean {
    return this.circuit.isOpen;
  }

  /** Registers a callback for each time the engine answers again after it was unreachable. */
  onRecovered(listener: () => void): void {
    this.circuit.onRecovered(listener);
  }

  /** The version of the engine; null if the engine does not send one. */
  async version(): Promise<string | null> {
    const { version } = await this.read({ method: 'GET', path: '/version' }, versionSchema);
    return version ?? null;
  }

  /** Reads all rows of a list, in pages of `pageSize` rows. */
  async readPages<T extends z.ZodType>(
    path: string,
    row: T,
    query: NonNullable<EngineRequest['query']>,
    pageSize = PAGE_SIZE,
  ): Promise<z.output<T>[]> {
    const rows: z.output<T>[] = [];
    for (;;) {
      const page = await this.read(
        { method: 'GET', path, query: { ...query, firstResult: rows.length, maxResults: pageSize } },
        z.array(row),
      );
      rows.push(...page);
      if (page.length < pageSize) return rows;
    }
  }

  /** Sends a call and parses its answer by a schema. */
  async read<T extends z.ZodType>(call: Call, schema: T): Promise<z.output<T>> {
    return this.circuit.run(call, async () => readAnswer(call, await this.send(call), schema));
  }

  /** Sends a call and ignores the body of its answer. */
  async command(call: Call): Promise<void> {
    await this.circuit.run(call, async () => {
      requireSuccess(call, await this.send(call));
    });
  }

  private async send(call: Call): Promise<EngineResponse> {
    const request = { timeoutMs: CALL_TIMEOUT_MS, ...call };
    requireInTime(request);
    return this.transport.send(request);
  }
}

/** The answer, or null if the engine answers 404. */
export async function nullIfNotFound<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineResponseError && error.status === 404) return null;
    throw error;
  }
}
