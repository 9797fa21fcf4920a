import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A partner of onboard-user instead of the simulator; the test answers every call of a step. */
export class PartnerServer {
  /** Handles a call after its body has arrived. */
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

  /** Environment that directs the service to this server. */
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
