/** One part of a multipart form. */
export interface FormPart {
  readonly fieldName: string;
  /** Null for a plain field. */
  readonly fileName: string | null;
  /** Of the part itself, with its parameters where the transport has them. */
  readonly contentType?: string | undefined;
  readonly content: Buffer;
}

/** What a request carries; parsed by whoever owns the transport. */
export type RequestBody =
  | { readonly kind: 'none' }
  /** The value of a JSON text; an empty or literally-null body is `{}` to every handler. */
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly parts: readonly FormPart[] }
  /** A JSON text that does not parse. */
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'other'; readonly contentType: string };

/** A request as the handlers see it, whatever brought it: a socket or a call in the process. */
export interface EngineRequest {
  readonly method: string;
  /** Path with query, from the root of the server: `/engine-rest/version`. */
  readonly url: string;
  readonly body: RequestBody;
  /** Scheme, host and port for `links`: `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The caller ends with the engine's process: what it is told need not outlive it. Default: false. */
  readonly sharesProcess?: boolean;
  /** Registers what is to happen when the caller goes away before the answer. */
  onDisconnect(listener: () => void): void;
}

/** What an answer carries. */
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

/** 200 with text, or 204 where there is none. */
export function textOrNothing(text: string | null): EngineResponse {
  return text === null ? noContent() : bytes(Buffer.from(text), 'text/plain');
}
