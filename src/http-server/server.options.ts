import type { ServerOptions } from 'node:http';
import type { ServerOptions as SecureServerOptions } from 'node:https';
import type { HttpConfig } from '../config/index.js';
import type { CertificatePair } from './certificate.js';

/** Most bytes of the path and the headers of a request together. */
const MAX_HEADER_BYTES = 16_384;

/** Longest interval between two checks of the time-outs of requests; it is shorter for a small time-out. */
const CHECK_MS = 5_000;

/** Options of the server for Fastify: one of `http` and `https`. */
export type FastifyServer = { readonly http: ServerOptions } | { readonly https: SecureServerOptions };

/**
 * Limits and time-outs of the server, and TLS.
 *
 * @param pair null: HTTP without TLS
 */
export function serverOptions(
  { headersTimeoutMs, tls }: HttpConfig,
  pair: CertificatePair | null,
): FastifyServer {
  const http: ServerOptions = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, Math.ceil(headersTimeoutMs / 4)),
  };
  if (tls === null || pair === null) return { http };
  return {
    https: {
      ...http,
      ...pair,
      minVersion: tls.minVersion,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: headersTimeoutMs,
    },
  };
}
