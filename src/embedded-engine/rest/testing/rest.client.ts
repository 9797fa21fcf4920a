import type { EngineRequest, EngineResponse, RequestBody } from '../http/http.types.js';
import { createRouter } from '../server/rest.routes.js';
import { RecordingEngine, type RecordedCall } from './recording.engine.js';

/** The REST API over a recording engine, without a socket; a request is a text such as `GET /task/T`. */
export class RestClient {
  readonly engine = new RecordingEngine();
  private readonly router = createRouter(this.engine, (error) => {
    throw error;
  });

  /** The last call that reached the engine. */
  get lastCall(): RecordedCall | undefined {
    return this.engine.lastCall;
  }

  /** First argument of that call: the query of a list or count. */
  get query(): unknown {
    return this.lastCall?.args[0];
  }

  send(request: string, body?: unknown): Promise<EngineResponse> {
    return this.dispatch(request, body === undefined ? { kind: 'none' } : { kind: 'json', value: body });
  }

  dispatch(request: string, body: RequestBody, more: Partial<EngineRequest> = {}): Promise<EngineResponse> {
    const [method = '', path = ''] = request.split(' ');
    return this.router.dispatch({
      method,
      url: `/engine-rest${path}`,
      body,
      origin: 'http://h:1',
      onDisconnect: () => {},
      ...more,
    });
  }

  /** The body of a 200. @throws Error for any other status */
  async answerOf(request: string, body?: unknown): Promise<unknown> {
    const response = await this.send(request, body);
    if (response.status !== 200) {
      throw new Error(`${request} answered ${response.status}: ${JSON.stringify(jsonOf(response))}`);
    }
    return jsonOf(response);
  }

  /** Status and body of an error response. */
  async errorOf(request: string, body?: unknown): Promise<unknown> {
    const response = await this.send(request, body);
    return { status: response.status, ...(jsonOf(response) as object) };
  }
}

/** The JSON of a response; undefined if it has none. */
export function jsonOf(response: EngineResponse): unknown {
  return response.body.kind === 'json' ? response.body.value : undefined;
}
