import { type EngineRequest, type EngineResponse, EngineTransport } from '../engine.transport.js';

/** Answers requests with the scripted answers in order, then with 204; records all requests. */
export class ScriptedTransport extends EngineTransport {
  readonly requests: EngineRequest[] = [];
  readonly answers: (EngineResponse | Error)[] = [];

  async send(request: EngineRequest): Promise<EngineResponse> {
    this.requests.push(request);
    const answer = this.answers.shift() ?? { status: 204, contentType: null, body: '' };
    if (answer instanceof Error) throw answer;
    return answer;
  }

  json(status: number, body: unknown): this {
    this.answers.push({ status, contentType: 'application/json', body });
    return this;
  }
}
