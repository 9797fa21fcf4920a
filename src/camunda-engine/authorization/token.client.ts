import { Buffer } from 'node:buffer';
import {
  allowInsecureRequests,
  type ClientAuth,
  clientCredentialsGrantRequest,
  ClientSecretPost,
  customFetch,
  processClientCredentialsResponse,
} from 'oauth4webapi';
import { type OutboundAgent, readAnswerBody, RequestLimit } from '../../common/http/index.js';
import { parseJson } from '../../common/json/index.js';
import { type EngineAuthConfig, isToken } from '../../config/index.js';
import { TokenError } from './engine.authorization.js';

/** Timeout of a request to the token endpoint in milliseconds. */
const TOKEN_TIMEOUT_MS = 10_000;

/** Most bytes of its answer; a token has some thousand. */
const MAX_ANSWER_BYTES = 256 * 1_024;

/** Most characters of a description of the token endpoint that the log shows. */
const MAX_DESCRIPTION = 300;

/** Error codes of the token endpoint that pass by themselves. */
const TRANSIENT_ERRORS: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'slow_down',
]);

/** Statuses for which `Response` takes no body. */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export type OAuthConfig = Extract<EngineAuthConfig, { readonly mode: 'oauth2' }>;

/** An access token. */
export interface AccessToken {
  readonly token: string;
  /** Seconds from the request on; null if the endpoint does not say. */
  readonly expiresInS: number | null;
}

/** What the token endpoint answered, as far as errors need it. */
interface EndpointAnswer {
  readonly status: number;
  readonly text: string;
}

/** Obtains access tokens by client credentials (RFC 6749, 4.4). */
export class TokenClient {
  constructor(
    private readonly config: OAuthConfig,
    private readonly agent: OutboundAgent,
    private readonly timeoutMs = TOKEN_TIMEOUT_MS,
  ) {}

  /** @throws TokenError, with the error code and description of the endpoint and no other text of its answer */
  async request(): Promise<AccessToken> {
    const { tokenUrl, clientId, clientSecret, clientAuth, scope, audience } = this.config;
    const server = { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl };
    const client = { client_id: clientId };
    // A secret in a file may have been replaced.
    const secret = clientSecret.reread();
    const auth: ClientAuth = clientAuth === 'basic' ? basicOf(secret) : ClientSecretPost(secret);
    const parameters = { ...(scope === null ? {} : { scope }), ...(audience === null ? {} : { audience }) };
    const received: EndpointAnswer[] = [];
    try {
      const response = await clientCredentialsGrantRequest(server, client, auth, parameters, {
        // The configuration may name a token endpoint inside the own network.
        [allowInsecureRequests]: true,
        [customFetch]: async (url, { method, headers, body }) => {
          const { status, text } = await this.fetch(url, method, headers, String(body));
          received.push({ status, text });
          const init = { status, headers: { 'content-type': 'application/json' } };
          return new Response(NO_BODY.has(status) ? null : text, init);
        },
      });
      const { access_token: token, expires_in: expiresInS = null } = await processClientCredentialsResponse(
        server,
        client,
        response,
      );
      if (!isToken(token)) throw new Error('not a token');
      return { token, expiresInS };
    } catch (error) {
      // Errors of the library hold the answer, which may contain a token, and are dropped.
      const [answer] = received;
      throw answer === undefined ? unreachable(error) : refusal(answer, secret);
    }
  }

  private async fetch(
    url: string,
    method: 'POST',
    headers: Record<string, string>,
    body: string,
  ): Promise<EndpointAnswer> {
    const limit = new RequestLimit(this.timeoutMs);
    try {
      const { origin, pathname, search } = new URL(url);
      const request = this.agent.request({
        origin,
        path: `${pathname}${search}`,
        method,
        headers,
        body,
        signal: limit.signal,
      });
      const answer = await limit.orAborted(request);
      const { text, cut } = await readAnswerBody(answer, MAX_ANSWER_BYTES);
      return { status: answer.statusCode, text: cut ? '' : (text ?? '') };
    } catch (error) {
      throw limit.timedOut ? new TokenError(`no answer within ${this.timeoutMs} ms`, false) : error;
    } finally {
      limit.clear();
    }
  }
}

/**
 * Basic authentication of a client (RFC 6749, 2.3.1). That of the library also encodes `-` and `.`, which each UUID has, and
 * some token endpoints compare the text without decoding it.
 */
function basicOf(secret: string): ClientAuth {
  return (_server, { client_id: clientId }, _body, headers) => {
    const credentials = `${formEncoded(clientId)}:${formEncoded(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
}

/** `application/x-www-form-urlencoded` as the URL standard defines it: letters, digits and `*-._` stay. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/** The error if nothing was answered. */
function unreachable(error: unknown): TokenError {
  const reason = error instanceof TokenError ? error.message : `it cannot be reached (${codeOf(error)})`;
  return new TokenError(reason, false);
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

/** The error for an answer that is no token. */
function refusal({ status, text }: EndpointAnswer, secret: string): TokenError {
  if (status >= 300 && status < 400)
    return new TokenError(`it answers ${status}, a redirect, which is not followed`, true);
  const { error, error_description: description } = errorOf(text);
  const code = typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : null;
  if (status >= 500 || status === 408 || status === 429 || (code !== null && TRANSIENT_ERRORS.has(code)))
    return new TokenError(`it answers ${status}`, false);
  if (status < 300) return new TokenError(`it answers ${status} with something that is not a token`, true);
  const why = typeof description === 'string' ? shown(description, secret) : null;
  return new TokenError(`it answers ${status}${code === null ? '' : ` ${code}`}`, true, why);
}

function errorOf(text: string): { readonly error?: unknown; readonly error_description?: unknown } {
  try {
    const body = parseJson(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** A text of the token endpoint on one line, without the secret in any form in which it was sent. */
function shown(description: string, secret: string): string {
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
  return forms
    .reduce((text, form) => text.replaceAll(form, '***'), description)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .slice(0, MAX_DESCRIPTION);
}
