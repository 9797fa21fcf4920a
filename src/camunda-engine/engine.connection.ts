import { Injectable, Optional } from '@nestjs/common';
import { z } from 'zod';
import { ClockWatch } from '../lifecycle/index.js';
import { readAnswer, requireSuccess } from './engine.answer.js';
import { EngineCircuit } from './engine.circuit.js';
import { EngineResponseError } from './engine.errors.js';
import { versionSchema } from './engine.schemas.js';
import { type EngineRequest, type EngineResponse, EngineTransport } from './engine.transport.js';

/** Milliseconds for a call without a timeout of its own. */
const CALL_TIMEOUT_MS = 10_000;

/** Rows of a list in one request. */
export const PAGE_SIZE = 500;

type Call = Omit<EngineRequest, 'timeoutMs'> & { readonly timeoutMs?: number };

/**
 * The calls to the engine: one circuit breaker for all clients, answers read by a schema.
 *
 * Every operation throws an `EngineCallError`: `EngineResponseError` if the engine refuses, `EngineUnreachableError` if
 * nothing was sent, `EngineAmbiguousError` if it is unknown what happened, `EngineMisconfiguredError` if the answer is
 * not the engine's. It repeats no call.
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

  /** True while an engine that was away is left alone, and calls fail at once. */
  get isAway(): boolean {
    return this.circuit.isOpen;
  }

  /** Calls back whenever the engine answers again after it was away. */
  onRecovered(listener: () => void): void {
    this.circuit.onRecovered(listener);
  }

  /** The version of the engine; null if its build does not name one. */
  async version(): Promise<string | null> {
    const { version } = await this.read({ method: 'GET', path: '/version' }, versionSchema);
    return version ?? null;
  }

  /** Reads all rows of a list, in pages of {@link PAGE_SIZE}. */
  async readPages<T extends z.ZodType>(
    path: string,
    row: T,
    query: NonNullable<EngineRequest['query']>,
  ): Promise<z.output<T>[]> {
    const rows: z.output<T>[] = [];
    for (;;) {
      const page = await this.read(
        { method: 'GET', path, query: { ...query, firstResult: rows.length, maxResults: PAGE_SIZE } },
        z.array(row),
      );
      rows.push(...page);
      if (page.length < PAGE_SIZE) return rows;
    }
  }

  /** Sends a call and reads its answer by a schema. */
  async read<T extends z.ZodType>(call: Call, schema: T): Promise<z.output<T>> {
    return this.circuit.run(call, async () => readAnswer(call, await this.send(call), schema));
  }

  /** Sends a call whose answer has no body that matters. */
  async command(call: Call): Promise<void> {
    await this.circuit.run(call, async () => {
      requireSuccess(call, await this.send(call));
    });
  }

  private send(call: Call): Promise<EngineResponse> {
    return this.transport.send({ timeoutMs: CALL_TIMEOUT_MS, ...call });
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
