/** One part of a multipart form. */
export interface FormPart {
  readonly fieldName: string;
  /** Null for a plain field. */
  readonly fileName: string | null;
  /** Of the part itself, with its parameters if the transport has them. */
  readonly contentType?: string | undefined;
  readonly content: Buffer;
}

/** The body of a request, parsed by the transport. */
export type RequestBody =
  | { readonly kind: 'none' }
  /** A parsed JSON text; every handler reads an empty body or `null` as `{}`. */
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly parts: readonly FormPart[] }
  /** Invalid JSON. */
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'other'; readonly contentType: string };

/** A request from a socket or from a caller in the process. */
export interface EngineRequest {
  readonly method: string;
  /** Path from the root of the server, with the query: `/engine-rest/version`. */
  readonly url: string;
  readonly body: RequestBody;
  /** Scheme, host and port for `links`: `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The caller runs in the engine's process: its locks need not survive the process. Default: false. */
  readonly sharesProcess?: boolean;
  /** Registers a listener for a caller that disconnects before the response. */
  onDisconnect(listener: () => void): void;
}

/** The body of a response. */
export type ResponseBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly content: Buffer };

export interface EngineResponse {
  readonly status: number;
  /** Lower-case names; `content-type` is the body's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ResponseBody;
}

/** 200 with a JSON body. */
export function ok(value: unknown): EngineResponse {
  return { status: 200, headers: {}, body: { kind: 'json', value } };
}

/** 204. */
export function noContent(): EngineResponse {
  return { status: 204, headers: {}, body: { kind: 'none' } };
}

/** 200 with bytes or text. */
export function bytes(
  content: Buffer,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): EngineResponse {
  return { status: 200, headers, body: { kind: 'bytes', contentType, content } };
}

/** 200 with a text, or 204 for null. */
export function textOrNoContent(text: string | null): EngineResponse {
  return text === null ? noContent() : bytes(Buffer.from(text), 'text/plain');
}
