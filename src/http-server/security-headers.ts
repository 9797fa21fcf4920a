import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';

/** Names in lower case, and values. */
export type ConstantHeaders = Readonly<Record<string, string>>;

/** Seconds for which a browser uses only HTTPS: a year, helmet's default. */
const HSTS_SECONDS = 31_536_000;

/** Paths of the documentation, the only pages that a browser renders. */
const DOCS_PATH = /^\/docs(?:[/?]|$)/;

/**
 * The security headers of responses, from `helmet`. They are constant: `helmet` computes them once at boot, and not at each
 * request as its plugins do.
 */
export class SecurityHeaders {
  /** Headers of JSON, problems and event streams, which no browser renders. */
  readonly api: ConstantHeaders;
  private readonly docs: ConstantHeaders;

  /**
   * @param tls whether the service itself ends TLS; only then it requests HTTPS for the future
   * @param publicBaseUrl server of the OpenAPI document, which Swagger UI calls; null: the server of the page
   */
  constructor(tls: boolean, publicBaseUrl: string | null) {
    const strictTransportSecurity = tls ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false;
    this.api = headersOf({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      strictTransportSecurity,
      xFrameOptions: { action: 'deny' },
      // For pages, or for browsers that no longer exist.
      crossOriginOpenerPolicy: false,
      originAgentCluster: false,
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
    });
    const server = publicBaseUrl === null ? [] : [new URL(publicBaseUrl).origin];
    this.docs = headersOf({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          // Swagger UI has inline styles, and images in its style sheet.
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'", 'data:'],
          connectSrc: ["'self'", ...server],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      strictTransportSecurity,
      xFrameOptions: { action: 'deny' },
    });
  }

  /** The headers of the response to a request. @param url path with or without query */
  of(url: string): ConstantHeaders {
    return url.startsWith('/docs') && DOCS_PATH.test(url) ? this.docs : this.api;
  }
}

/** Collects what helmet would set. */
function headersOf(options: HelmetOptions): ConstantHeaders {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, (error?: unknown) => {
    if (error !== undefined) throw new Error('helmet refuses its options', { cause: error });
  });
  return headers;
}
