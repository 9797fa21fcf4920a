// Clients that start, poll, cancel and complete processes, repeat requests without a response, and record the outcomes.

/** How long a client waits for a response before it repeats the request, in ms. */
const ANSWER_MS = 8_000;

/** How long a client waits before it repeats a request without a response, in ms. */
const REPEAT_MS = 50;

const CODES_OF_OPEN_ENDS = new Set(['INCIDENT', 'ENDED_WITHOUT_RESULT']);

/** The responses of one process to all clients. */
export class Ledger {
  /** By id: whether it was accepted, and every final outcome in a response. */
  entries = new Map();
  requests = 0;
  unanswered = 0;
  /** Responses that no client may receive. */
  faults = [];

  of(id) {
    let entry = this.entries.get(id);
    if (entry === undefined)
      this.entries.set(id, (entry = { accepted: false, completed: false, outcomes: new Set() }));
    return entry;
  }

  tell(id, what, { status, body }) {
    const entry = this.of(id);
    // A problem about a process has its id as well, but not its times.
    if (body?.correlationId === id && body.startedAt !== undefined) {
      entry.accepted = true;
      if (body.status !== 'pending' && !isOpenEnd(body.errorCode)) entry.outcomes.add(outcomeText(body));
      return;
    }
    const isAllowed =
      status === 503 ||
      (what === 'status' && status === 404 && !entry.accepted) ||
      (what === 'cancel' && [404, 409].includes(status));
    if (!isAllowed) this.faults.push(`${what} of ${id} was answered ${status} ${JSON.stringify(body)}`);
  }
}

/** Whether a completion or a cancel may still replace an outcome with this code. */
export function isOpenEnd(errorCode) {
  return CODES_OF_OPEN_ENDS.has(errorCode);
}

/** The outcome as a text that can be compared. */
export function outcomeText({ status, data, error, errorCode }) {
  return JSON.stringify({ status, data, error, errorCode });
}

/** Clients of one service. They record every response, and each request without one. */
export class Clients {
  baseUrl = null;
  answerMs = ANSWER_MS;
  stopped = false;

  constructor(random, ledger = new Ledger()) {
    Object.assign(this, { random, ledger });
  }

  async complete(id) {
    const data = { completedBy: 'chaos' };
    const answer = await this.request('POST', '/api/process/complete', {
      correlationId: id,
      status: 'ok',
      data,
    });
    if (answer?.status === 200)
      this.ledger.of(id).outcomes.add(outcomeText({ status: 'ok', data, error: null, errorCode: null }));
    else if (answer !== null && ![409, 503].includes(answer.status)) {
      this.ledger.faults.push(
        `complete of ${id} was answered ${answer.status} ${JSON.stringify(answer.body)}`,
      );
    }
  }

  async ask(what, id, method, path, body, headers = {}) {
    const answer = await this.request(method, path, body, headers);
    if (answer !== null) this.ledger.tell(id, what, answer);
    return answer;
  }

  /** Called for each request without a response, with its error and when it was sent. */
  unanswered() {}

  /** Null without a response; `sentAt` by `performance.now()`, and the instance if a load balancer names it. */
  async request(method, path, body, headers = {}) {
    this.ledger.requests += 1;
    const { baseUrl } = this;
    const sentAt = performance.now();
    try {
      if (baseUrl === null) throw new Error('The service is down.');
      const response = await fetch(baseUrl + path, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.answerMs),
      });
      const { status, headers: replied } = response;
      const answer = JSON.parse(await response.text());
      return { status, body: answer, sentAt, servedBy: replied.get('x-served-by') };
    } catch (error) {
      this.ledger.unanswered += 1;
      this.unanswered(`${method} ${path}`, error, sentAt);
      await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
      return null;
    }
  }
}

/** Clients of one service, which has a new address after every restart. */
export class Load extends Clients {
  constructor(random, { lanes, name }) {
    super(random);
    this.lanes = Promise.all(Array.from({ length: lanes }, (_, lane) => this.client(`${name}-${lane}`)));
  }

  async stop() {
    this.stopped = true;
    await this.lanes;
  }

  async client(name) {
    for (let n = 0; !this.stopped; n += 1) {
      const id = `${name}-${n}`;
      await this.process(id);
    }
  }

  /** One process: started until it is accepted, then polled until its end or abandoned. */
  async process(id) {
    const variables = { userId: id };
    let cancelled = false;
    while (!this.stopped) {
      const prefer = this.random() < 0.3 ? { prefer: 'respond-async' } : {};
      const answer = await this.ask(
        'start',
        id,
        'POST',
        '/api/process/start',
        { processKey: 'onboard-user', correlationId: id, variables },
        prefer,
      );
      if (answer === null || answer.status === 503) continue;
      if (answer.body?.status !== 'pending') break;
      const choice = this.random();
      if (choice < 0.1) {
        cancelled = true;
        await this.ask('cancel', id, 'POST', `/api/process/cancel/${id}`, { reason: 'chaos' });
      } else if (choice < 0.15) {
        await this.complete(id);
      } else if (choice < 0.25) {
        return; // The client disconnects; its process continues.
      }
      const status = await this.ask('status', id, 'GET', `/api/process/status/${id}?wait=2`);
      if (status !== null && status.body?.status !== 'pending' && status.status !== 503) break;
    }
    if (!cancelled && this.random() < 0.1)
      await this.ask('start', id, 'POST', '/api/process/start', {
        processKey: 'onboard-user',
        correlationId: id,
        variables,
      });
  }
}
