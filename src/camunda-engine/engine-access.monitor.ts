import { Injectable, Logger } from '@nestjs/common';
import type { EngineCallFacts } from './engine.errors.js';

/** The poll of the workers: no step runs while the engine refuses it. */
const FETCH = 'POST /external-task/fetchAndLock';

/** What an operator has to check. */
const REMEDY = 'check user and password in CAMUNDA_BASE_URL, and what the engine allows this user';

/**
 * `granted`: the engine refuses no call. `partial`: it refuses some calls and answers others. `refused`: it has answered
 * no call since it began to refuse.
 */
export type EngineAccessState =
  | { readonly status: 'granted' }
  | { readonly status: 'partial' | 'refused'; readonly calls: readonly string[]; readonly message: string };

interface Refusal {
  readonly status: number;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly since: number;
}

/** Most refused calls in memory, because their paths contain process keys, which clients choose. The poll is always kept. */
const MAX_REFUSALS = 50;

/** Tracks whether the engine accepts our credentials, by the answers to all calls: 401 and 403 are refusals. */
@Injectable()
export class EngineAccessMonitor {
  private readonly logger = new Logger(EngineAccessMonitor.name);
  private readonly refusals = new Map<string, Refusal>();
  private answeredAt = -Infinity;
  private logged: EngineAccessState['status'] = 'granted';

  get state(): EngineAccessState {
    if (this.refusals.size === 0) return { status: 'granted' };
    const calls = [...this.refusals].map(([call, { status }]) => `${call} (${status})`);
    const status = this.isLockedOut() ? 'refused' : 'partial';
    const what = status === 'refused' ? 'everything' : calls.join(', ');
    return { status, calls, message: `The process engine refuses ${what}: ${REMEDY}.` };
  }

  /** Notes the answer to a call. */
  note(call: EngineCallFacts, status: number): void {
    if (status === 401 || status === 403) this.refused(operationOf(call), status);
    else {
      this.answeredAt = performance.now();
      if (this.refusals.size > 0) this.answered(operationOf(call));
    }
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
