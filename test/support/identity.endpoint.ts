import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Runs with an endpoint for managed identities as App Service and Container Apps have it. @returns its requests */
export async function withIdentity(
  status: number,
  body: object,
  run: () => Promise<void>,
): Promise<(string | undefined)[]> {
  const asked: (string | undefined)[] = [];
  const identity = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${(identity.address() as AddressInfo).port}/msi/token`;
  process.env.IDENTITY_HEADER = 'header';
  try {
    await run();
  } finally {
    delete process.env.IDENTITY_ENDPOINT;
    delete process.env.IDENTITY_HEADER;
    identity.closeAllConnections();
    identity.close();
  }
  return asked;
}
