import { parseJson } from '../common/json/index.js';

/** One part of a multipart body; a part with a file name is a resource of a deployment. */
export interface EnginePart {
  readonly name: string;
  readonly content: string;
  readonly filename?: string;
}

/** One request to the engine's REST API. */
export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the REST base, with a leading slash; ids in it are already encoded. */
  readonly path: string;
  /** Undefined members are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly json?: unknown;
  readonly multipart?: readonly EnginePart[];
  /** Milliseconds after which the request is given up. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What came back, whatever its status. */
export interface EngineResponse {
  readonly status: number;
  readonly contentType: string | null;
  /** Parsed where the content type is JSON and the text is too, else the text. */
  readonly body: unknown;
}

/** Reads a body as {@link EngineResponse} has it; integers beyond ±(2^53 − 1) are a `bigint`. */
export function readResponseBody(contentType: string | null, text: string): unknown {
  if (!contentType?.toLowerCase().startsWith('application/json')) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/**
 * The one way to the engine: every call of the worker, of starts, queries and deployments goes through it.
 *
 * It repeats nothing by itself, because only the caller knows what a second request would mean.
 */
export abstract class EngineTransport {
  /**
   * @throws EngineUnreachableError where nothing was sent
   * @throws EngineAmbiguousError where the engine may have got it: time-out, reset, abort
   */
  abstract send(request: EngineRequest): Promise<EngineResponse>;
}
