// A load balancer without health checks: each request goes to the next backend.
import { Agent, createServer, request } from 'node:http';

/**
 * Starts the load balancer on a free port of 127.0.0.1.
 *
 * @param {readonly string[]} backends URLs; the path of a request is appended to their origin
 * @param {(path: string, body: string) => void} [onAnswer] receives the answers
 * @returns {Promise<{ origin: string, close: () => Promise<void> }>} `http://127.0.0.1:PORT`
 */
export async function startRoundRobin(backends, onAnswer) {
  const origins = backends.map((backend) => new URL(backend).origin);
  const agent = new Agent({ keepAlive: true });
  let next = 0;
  const server = createServer((incoming, outgoing) => {
    const origin = origins[next % origins.length];
    next += 1;
    const onward = request(`${origin}${incoming.url}`, {
      method: incoming.method,
      headers: incoming.headers,
      agent,
    });
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
      response.on('error', () => outgoing.destroy());
      if (onAnswer !== undefined) collect(response, (body) => onAnswer(incoming.url, body));
    });
    // As a load balancer whose backend broke the connection: no response, which the client must treat as ambiguous.
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
        agent.destroy();
      }),
  };
}

function collect(response, onEnd) {
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  response.on('end', () => onEnd(Buffer.concat(chunks).toString()));
}
