// Clients of several instances behind a load balancer. Beyond those of the chaos test they draw what a process does, so that
// its outcome is known; send equal starts at the same time; and after each outcome ask the other instances for it.
import { setTimeout as delay } from 'node:timers/promises';
import { Clients, isOpenEnd, Ledger } from '../chaos/load.mjs';

/** What a process does, by the prefix of its userId (the partner simulator), and its share of all processes. */
const KINDS = [
  ['user', 0.72],
  ['blocked', 0.08],
  ['flaky', 0.08],
  ['slow', 0.08],
  ['broken', 0.04],
];

/** Shares of processes with equal starts at the same time, of those cancelled, completed and abandoned while pending. */
const TWICE = 0.1;
const ASYNC = 0.3;
const CANCELLED = 0.05;
const COMPLETED = 0.1;
const ABANDONED = 0.15;

/** How long a client waits for a response: of a service with faults, and of one that must respond, in ms. */
const ANSWER_MS = 8_000;
const STRICT_ANSWER_MS = 50_000;

/** How far a process has come, by the body of a response: it never goes back. */
function progressOf({ status, errorCode }) {
  if (status === 'pending') return 0;
  return isOpenEnd(errorCode) ? 1 : 2;
}

/** Also notes responses that are older than a response that the client had before it sent the request. */
class ClusterLedger extends Ledger {
  stale = [];
  /** Responses by the instance that sent them. */
  served = {};

  tell(id, what, answer) {
    super.tell(id, what, answer);
    const { body, sentAt, servedBy } = answer;
    this.served[servedBy] = (this.served[servedBy] ?? 0) + 1;
    const entry = this.of(id);
    entry.seen ??= [];
    if (body?.correlationId !== id || body.startedAt === undefined) return;
    const progress = progressOf(body);
    const earlier = entry.seen.find((each) => each.progress > progress && each.at <= sentAt);
    if (earlier !== undefined)
      this.stale.push(
        `${what} of ${id}: ${servedBy} had ${body.status} ${Math.round(sentAt - earlier.at)} ms after ${earlier.servedBy} had ${earlier.status}`,
      );
    if (!entry.seen.some((each) => each.progress === progress))
      entry.seen.push({ progress, at: performance.now(), servedBy, status: body.status });
  }
}

/** Clients that start at least a number of processes, a number a second. */
export class ClusterLoad extends Clients {
  answerMs = ANSWER_MS;
  begun = performance.now();
  number = 0;
  isEnding = false;
  /** Open requests that must get their response. */
  strictRequests = 0;
  strictTotal = 0;
  /** Between these times no request may fail. */
  strictSince = Infinity;
  strictUntil = Infinity;

  constructor(random, { processes, rate, lanes, polls, name }) {
    super(random, new ClusterLedger());
    Object.assign(this, { processes, rate, polls, name });
    this.kinds = new Map();
    this.lanes = lanes;
  }

  /** Starts the clients. */
  begin(baseUrl) {
    this.baseUrl = baseUrl;
    this.running = Promise.all(Array.from({ length: this.lanes }, () => this.client()));
  }

  /** Waits until all processes have been started and each client has the outcome that it waits for. */
  async finish() {
    this.isEnding = true;
    await this.running;
  }

  async stop() {
    this.stopped = true;
    await this.running;
  }

  /** From here no request may fail. */
  beginStrict() {
    this.strictSince = performance.now();
    this.strictUntil = Infinity;
    this.answerMs = STRICT_ANSWER_MS;
  }

  /** Waits for the responses of all requests since `beginStrict`. */
  async endStrict() {
    this.strictUntil = performance.now();
    this.answerMs = ANSWER_MS;
    while (this.strictRequests > 0) await delay(20);
  }

  async client() {
    while (!this.stopped && !(this.isEnding && this.number >= this.processes)) {
      const number = this.number++;
      await delay(Math.max(0, this.begun + (number * 1_000) / this.rate - performance.now()));
      const kind = pick(KINDS, this.random());
      const id = `${kind}-${this.name}-${number}`;
      Object.assign(this.ledger.of(id), { kind, isCancelled: false, isCompleted: false });
      await this.process(id, kind);
    }
  }

  async process(id, kind) {
    const entry = this.ledger.of(id);
    while (!this.stopped) {
      const state = stateOf(await this.start(id));
      if (state === null) continue;
      if (state !== 'pending') break;
      const choice = this.random();
      if (choice < CANCELLED) {
        entry.isCancelled = true;
        await this.cancel(id);
      } else if (choice < COMPLETED && kind !== 'broken') {
        entry.isCompleted = true;
        await this.complete(id);
      } else if (choice < ABANDONED && kind !== 'broken') {
        return; // The client disconnects; its process continues.
      }
      if (await this.poll(id)) break;
    }
    if (kind === 'broken') await this.cancelIncident(id);
    // The load balancer sends them to the other instances.
    for (let poll = 0; poll < this.polls; poll += 1)
      await this.ask('status', id, 'GET', `/api/process/status/${id}`);
    if (this.random() < TWICE) await this.start(id);
  }

  /** One start, or two at the same time, which reach two instances. */
  async start(id) {
    const body = { processKey: 'onboard-user', correlationId: id, variables: { userId: id } };
    const prefer = this.random() < ASYNC ? { prefer: 'respond-async' } : {};
    const ask = () => this.ask('start', id, 'POST', '/api/process/start', body, prefer);
    const answers = await Promise.all(this.random() < TWICE ? [ask(), ask()] : [ask()]);
    return answers.find((answer) => stateOf(answer) !== null) ?? null;
  }

  cancel(id) {
    return this.ask('cancel', id, 'POST', `/api/process/cancel/${id}`, { reason: 'cluster' });
  }

  /** Waits for the outcome. @returns whether it came in the time of one request */
  async poll(id) {
    const state = stateOf(await this.ask('status', id, 'GET', `/api/process/status/${id}?wait=4`));
    return state !== null && state !== 'pending';
  }

  /** A process with an incident stays open in the engine until it is cancelled. */
  async cancelIncident(id) {
    this.ledger.of(id).isCancelled = true;
    while (!this.stopped && this.ledger.of(id).outcomes.size === 0) {
      await this.cancel(id);
      await this.poll(id);
    }
  }

  isStrict(at) {
    return at >= this.strictSince && at <= this.strictUntil;
  }

  async request(method, path, body, headers) {
    if (!this.isStrict(performance.now())) return super.request(method, path, body, headers);
    this.strictRequests += 1;
    this.strictTotal += 1;
    try {
      const answer = await super.request(method, path, body, headers);
      if (answer?.status === 503)
        this.ledger.faults.push(
          `${method} ${path} was answered 503 by ${answer.servedBy} when no request may fail: ${JSON.stringify(answer.body)}`,
        );
      return answer;
    } finally {
      this.strictRequests -= 1;
    }
  }

  unanswered(request, error, sentAt) {
    if (this.isStrict(sentAt))
      this.ledger.faults.push(`${request} failed when no request may fail: ${error.cause ?? error}`);
  }
}

/** `ok`, `error` or `pending`; null for a problem or no response. */
function stateOf(answer) {
  return answer?.body?.startedAt === undefined ? null : answer.body.status;
}

function pick(shares, number) {
  let rest = number;
  for (const [name, share] of shares) {
    if (rest < share) return name;
    rest -= share;
  }
  return shares[0][0];
}
