// Clients that start processes through the proxy without a pause, and repeat what has no certain answer.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const CALL_MS = 60_000;
/** How long a client repeats a request until its process has its result. */
const GIVE_UP_MS = 110_000;

/**
 * Traffic of several clients.
 *
 * A client repeats a start with the same id after a fault, as the guarantee for clients says, and asks for the status after
 * a 202, until the process has its result.
 */
export class StartTraffic {
  /** Results by correlation id. */
  results = new Map();
  /** How long each process took from its first request to its result, in ms. */
  durations = [];
  /** Answers and faults that no client should see during a rolling replacement. */
  faults = [];
  #running = true;
  #agent;
  #clients;

  /**
   * @param {string} baseUrl of the proxy
   * @param {string} apiKey
   * @param {{ clients: number, prefix: string }} options `prefix` of the correlation ids
   */
  constructor(baseUrl, apiKey, { clients, prefix }) {
    this.baseUrl = baseUrl;
    this.apiKey = apiKey;
    this.prefix = prefix;
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients });
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index));
  }

  /** Resolves when so many more processes have their results. */
  async more(count, timeoutMs) {
    const goal = this.results.size + count;
    const until = Date.now() + timeoutMs;
    while (this.results.size < goal) {
      if (Date.now() > until)
        throw new Error(`${this.results.size} of ${goal} results: ${this.faults.at(-1)}`);
      await delay(50);
    }
  }

  /** Ends the clients after their current processes. */
  async stop() {
    this.#running = false;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  async #client(client) {
    for (let number = 0; this.#running; number += 1) {
      const correlationId = `${this.prefix}-${client}-${number}`;
      const began = performance.now();
      this.results.set(correlationId, await this.#process(correlationId));
      this.durations.push(Math.round(performance.now() - began));
    }
  }

  /** Starts a process and follows it. @returns its status, or why there is none */
  async #process(correlationId) {
    const until = Date.now() + GIVE_UP_MS;
    const variables = { userId: correlationId };
    while (Date.now() < until) {
      const started = await this.#call('POST', '/api/process/start', {
        processKey: 'onboard-user',
        correlationId,
        variables,
      });
      if (started.status === 200) return started.body.status;
      if (started.status === 202) {
        const { status, body } = await this.#call('GET', `/api/process/status/${correlationId}?wait=30`);
        if (status === 200 && body.status !== 'pending') return body.status;
        if (status === 200 || status === 202) continue;
        this.faults.push(`status of ${correlationId}: ${status} ${JSON.stringify(body)}`);
      } else {
        this.faults.push(`start of ${correlationId}: ${started.status} ${JSON.stringify(started.body)}`);
      }
      await delay(200);
    }
    return `no result after ${GIVE_UP_MS} ms`;
  }

  /** @returns the status and the body; the status is the code of the error if there is no response */
  #call(method, path, body) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.apiKey}`,
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve) => {
      const call = request(new URL(path, this.baseUrl), { method, headers, agent: this.#agent }, (answer) => {
        let received = '';
        answer.setEncoding('utf8').on('data', (chunk) => (received += chunk));
        answer.on('error', (error) => resolve({ status: error.code, body: null }));
        answer.on('end', () => resolve({ status: answer.statusCode, body: parsed(received) }));
      });
      call.setTimeout(CALL_MS, () => call.destroy(new Error('no answer')));
      call.on('error', (error) => resolve({ status: error.code ?? error.message, body: null }));
      call.end(text);
    });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 200);
  }
}
