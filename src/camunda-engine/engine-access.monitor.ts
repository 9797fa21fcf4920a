import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { CAMUNDA_CONFIG, type CamundaConfig, type EngineAuthConfig } from '../config/index.js';
import type { TokenError, TokenObserver } from './authorization/index.js';
import type { EngineCallFacts } from './engine.errors.js';

/** The poll of the workers: no step runs while the engine refuses it. */
const FETCH = 'POST /external-task/fetchAndLock';

/** What an operator has to check, by the credentials that are sent. */
const REMEDIES: Readonly<Record<EngineAuthConfig['mode'] | 'url', string>> = {
  none: 'set CAMUNDA_AUTH and its credentials, or user and password in CAMUNDA_BASE_URL',
  url: 'check user and password in CAMUNDA_BASE_URL, and what the engine allows this user',
  basic: 'check CAMUNDA_USERNAME and CAMUNDA_PASSWORD, and what the engine allows this user',
  bearer: 'check CAMUNDA_TOKEN, and what the engine allows its bearer',
  oauth2:
    'check CAMUNDA_TOKEN_SCOPE, CAMUNDA_TOKEN_AUDIENCE and CAMUNDA_CLIENT_ID, and what the engine allows this client',
};

/** What to check if the token endpoint refuses the client. */
const TOKEN_REMEDY =
  'check CAMUNDA_CLIENT_ID, CAMUNDA_CLIENT_SECRET, CAMUNDA_CLIENT_AUTH, CAMUNDA_TOKEN_SCOPE and CAMUNDA_TOKEN_URL';

/**
 * `granted`: the engine refuses no call. `partial`: it refuses some calls and answers others, or no new token can be
 * obtained. `refused`: it has answered no call since it began to refuse, or no token can be obtained because the token
 * endpoint refuses the client.
 */
export type EngineAccessState =
  | { readonly status: 'granted' }
  | { readonly status: 'partial' | 'refused'; readonly calls: readonly string[]; readonly message: string };

type DeniedState = Exclude<EngineAccessState, { readonly status: 'granted' }>;

interface Refusal {
  readonly status: number;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly since: number;
}

/** Most refused calls in memory, because their paths contain process keys, which clients choose. The poll is always kept. */
const MAX_REFUSALS = 50;

/** True for a redirect, for example to a page where a person logs in. */
export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/**
 * Tracks whether the engine accepts our credentials, by the answers to all calls: 401, 403 and redirects are refusals; and
 * whether the token endpoint issues tokens.
 */
@Injectable()
export class EngineAccessMonitor implements TokenObserver {
  private readonly logger = new Logger(EngineAccessMonitor.name);
  private readonly refusals = new Map<string, Refusal>();
  private readonly remedy: string;
  private answeredAt = -Infinity;
  private logged: EngineAccessState['status'] = 'granted';
  private tokenFault: DeniedState | null = null;

  constructor(@Optional() @Inject(CAMUNDA_CONFIG) config?: Pick<CamundaConfig, 'auth'>) {
    const auth = config?.auth;
    const mode = auth?.mode === 'basic' && auth.inUrl ? 'url' : (auth?.mode ?? 'url');
    this.remedy = REMEDIES[mode];
  }

  get state(): EngineAccessState {
    if (this.tokenFault !== null) return this.tokenFault;
    if (this.refusals.size === 0) return { status: 'granted' };
    const calls = [...this.refusals].map(([call, { status }]) => `${call} (${status})`);
    const status = this.isLockedOut() ? 'refused' : 'partial';
    const what = status === 'refused' ? 'everything' : calls.join(', ');
    return { status, calls, message: `The process engine refuses ${what}: ${this.remedy}.` };
  }

  /** Notes the answer to a call. */
  note(call: EngineCallFacts, status: number): void {
    if (status === 401 || status === 403 || isRedirect(status)) this.refused(operationOf(call), status);
    else {
      this.answeredAt = performance.now();
      if (this.refusals.size > 0) this.answered(operationOf(call));
    }
  }

  /** Notes that the token endpoint issued a token. */
  tokenReceived(): void {
    if (this.tokenFault === null) return;
    this.tokenFault = null;
    this.logger.log('The token endpoint of the process engine issues tokens again.');
  }

  /** Notes that it issued none. @param hasToken true while an earlier token is still valid */
  tokenFailed({ message: reason, isRefusal, description }: TokenError, hasToken: boolean): void {
    const status = isRefusal && !hasToken ? 'refused' : 'partial';
    const remedy = isRefusal ? TOKEN_REMEDY : 'check CAMUNDA_TOKEN_URL and the token endpoint';
    const message = `There is no ${hasToken ? 'new ' : ''}token for the process engine, because of its token endpoint: ${reason}. The requests are repeated; ${remedy}.`;
    const isNews = this.tokenFault?.status !== status || this.tokenFault.message !== message;
    this.tokenFault = { status, calls: [], message };
    if (isNews) this.logger.error({ msg: message, ...(description === null ? {} : { description }) });
  }

  /** Notes that replaced certificate files cannot be used. @param reason a clause that names the file */
  certificatesFailed(reason: string): void {
    this.logger.error({
      msg: `The files of CAMUNDA_TLS_* were replaced and cannot be used, the certificates from before stay in use: ${reason}.`,
    });
  }

  private refused(operation: string, status: number): void {
    const known = this.refusals.get(operation);
    if (known === undefined && this.refusals.size >= MAX_REFUSALS && operation !== FETCH) return;
    this.refusals.set(operation, { status, since: known?.since ?? performance.now() });
    const { state } = this;
    if (state.status === 'granted') return;
    const isNews = state.status === 'refused' ? this.logged !== 'refused' : known === undefined;
    if (isNews) this.logger.error({ msg: state.message, calls: state.calls });
    this.logged = state.status;
  }

  private answered(operation: string): void {
    this.refusals.delete(operation);
    const { state } = this;
    if (this.logged === 'refused' && state.status === 'partial') this.logger.error({ msg: state.message });
    if (this.logged !== 'granted' && state.status === 'granted') {
      this.logger.log('The process engine accepts all calls again.');
    }
    this.logged = state.status;
  }

  /** True if the engine refused the poll or the credentials (401) and has answered no call since; a 403 may concern one call only. */
  private isLockedOut(): boolean {
    for (const [operation, { status, since }] of this.refusals) {
      if (since > this.answeredAt && (status === 401 || operation === FETCH)) return true;
    }
    return false;
  }
}

/** A call without the ids in its path: `POST /external-task/{id}/complete`. */
function operationOf({ method, path }: EngineCallFacts): string {
  const parts = path.split('/').map((part, place) => (place > 1 && isId(part) ? '{id}' : part));
  return `${method} ${parts.join('/')}`;
}

/** True for a part that identifies something; the parts of the API itself are words of letters. */
function isId(part: string): boolean {
  return !/^[a-zA-Z-]+$/.test(part) || part.length > 24;
}
