/** A request to the REST API of an engine in this process. */
export interface DispatchedRequest {
  readonly method: string;
  /** Path with query, from the root of the server: `/engine-rest/version?a=b`. */
  readonly url: string;
  readonly body:
    | { readonly kind: 'none' }
    | { readonly kind: 'json'; readonly value: unknown }
    | { readonly kind: 'form'; readonly parts: readonly DispatchedPart[] };
  /** Scheme, host and port for links in the answer. */
  readonly origin: string;
  /** Registers a callback for a caller that disconnects before the answer. */
  onDisconnect(listener: () => void): void;
}

export interface DispatchedPart {
  readonly fieldName: string;
  /** Null for a plain field. */
  readonly fileName: string | null;
  readonly content: Buffer;
}

export interface DispatchedResponse {
  readonly status: number;
  readonly body:
    | { readonly kind: 'none' }
    | { readonly kind: 'json'; readonly value: unknown }
    | { readonly kind: 'bytes'; readonly contentType: string; readonly content: Buffer };
}

/** Answers a request without a socket; never rejects: an error is an answer too. */
export type EngineDispatch = (request: DispatchedRequest) => Promise<DispatchedResponse>;
