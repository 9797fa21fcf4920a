import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A partner of onboard-user in place of the simulator: every call of a step comes to the test, which answers it. */
export class PartnerServer {
  /** What is done with a call once its body has come. */
  respond: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.writeHead(503).end();
  };

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      request.resume();
      request.on('end', () => {
        this.respond(request, response);
      });
    });
  }

  static async listen(): Promise<PartnerServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PartnerServer(server);
  }

  /** The settings that send the service here. */
  get settings(): { readonly BACKGROUND_CHECK_URL: string; readonly ONBOARDING_API_URL: string } {
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return { BACKGROUND_CHECK_URL: url, ONBOARDING_API_URL: url };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Answers 200 with `json`, a JSON text. */
export function answerJson(response: ServerResponse, json: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(json);
}
