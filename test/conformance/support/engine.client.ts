import { randomUUID } from 'node:crypto';
import { bpmn, process } from './bpmn.js';
import { Scenario } from './scenario.js';

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** A response with a JSON body, otherwise a text, or null without a body. */
export interface Answer<T = Json> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** What `POST /deployment/create` answers, as far as the suite needs it typed. */
export interface Deployment extends Json {
  readonly id: string;
  readonly deployedProcessDefinitions: Readonly<Record<string, Json>> | null;
}

/** Files of a deployment by name. */
export type Resources = Readonly<Record<string, string>>;

/** Speaks REST to the engine under test, and nothing else. */
export class EngineClient {
  baseUrl = '';

  get<T = Json>(path: string): Promise<Answer<T>> {
    return this.send('GET', path);
  }

  post<T = Json>(path: string, body: unknown = {}): Promise<Answer<T>> {
    return this.send('POST', path, body);
  }

  put<T = Json>(path: string, body: unknown): Promise<Answer<T>> {
    return this.send('PUT', path, body);
  }

  delete<T = Json>(path: string): Promise<Answer<T>> {
    return this.send('DELETE', path);
  }

  /** The body of a GET that must succeed. */
  async read<T = Json>(path: string): Promise<T> {
    const { status, body } = await this.get<T>(path);
    return succeeded(`GET ${path}`, status, body);
  }

  /** The objects of a GET that must succeed. */
  list(path: string): Promise<Json[]> {
    return this.read<Json[]>(path);
  }

  /** The number that a count resource returns. */
  async count(path: string): Promise<number> {
    return (await this.read<{ count: number }>(path)).count;
  }

  async send<T = Json>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return this.raw<T>(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  /** A request as `fetch` takes it, for bodies that are not JSON. */
  async raw<T = Json>(path: string, init: RequestInit): Promise<Answer<T>> {
    const response = await fetch(this.baseUrl + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) as T };
  }

  /** Deploys files with form fields such as `tenant-id`. */
  deploy(resources: Resources, fields: Resources = {}): Promise<Answer<Deployment>> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    for (const [name, text] of Object.entries(resources)) form.set(name, new Blob([text]), name);
    return this.raw<Deployment>('/deployment/create', { method: 'POST', body: form });
  }

  /**
   * Deploys one process with a unique key.
   *
   * @param content its elements
   * @param definitions elements beside it, such as `<error>` and `<message>`
   */
  async process(
    content: readonly string[],
    { attributes = '', definitions = '', fields = {}, key = uniqueKey() } = {},
  ): Promise<Scenario> {
    const { status, body } = await this.deploy(
      { [`${key}.bpmn`]: bpmn(definitions, process(key, content, attributes)) },
      { 'deployment-name': key, ...fields },
    );
    succeeded('the deployment', status, body);
    const definition = Object.values(body.deployedProcessDefinitions ?? {})[0];
    return new Scenario(this, key, definition?.id as string, body.id);
  }

  /** What deploying one process is answered when it is refused. */
  async refusal(content: readonly string[], definitions = '', attributes = ''): Promise<Answer> {
    const key = uniqueKey();
    return this.deploy({ 'refused.bpmn': bpmn(definitions, process(key, content, attributes)) });
  }
}

/** An unused key. */
export function uniqueKey(prefix = 'p'): string {
  return prefix + randomUUID().replaceAll('-', '').slice(0, 16);
}

/** @throws an Error with the response of the engine */
export function succeeded<T>(what: string, status: number, body: T): T {
  if (status === 200) return body;
  throw new Error(`${what} was answered ${status}: ${JSON.stringify(body)}`);
}

function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
