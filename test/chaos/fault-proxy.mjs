// An HTTP proxy in front of an engine. With a separate probability for each fault it delays requests, breaks connections
// before or after the engine has processed the request, answers in its place, or lets the client hang.
import { createServer, request as httpRequest } from 'node:http';

/** The faults, and the share of requests for each. */
const FAULTS = [
  ['delay', 0.05],
  ['reset before', 0.01],
  ['reset after', 0.01],
  ['rolled back', 0.01],
  ['unauthorized', 0.01],
  ['foreign page', 0.01],
  ['hang', 0.003],
];

/** Starts a proxy. `faults` may be switched off and on; `target` may be moved to another port. */
export async function startFaultProxy(target, random) {
  const proxy = { faults: true, target: new URL(target), counts: {} };
  const server = createServer((incoming, response) => {
    const fault = proxy.faults ? pick(random()) : 'none';
    proxy.counts[fault] = (proxy.counts[fault] ?? 0) + 1;
    answer(proxy, fault, random, incoming, response);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.baseUrl = `http://127.0.0.1:${server.address().port}${proxy.target.pathname}`;
  proxy.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}

function pick(number) {
  let rest = number;
  for (const [fault, share] of FAULTS) {
    if (rest < share) return fault;
    rest -= share;
  }
  return 'none';
}

function answer(proxy, fault, random, incoming, response) {
  const reply = (status, type, body) => {
    incoming.resume();
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  switch (fault) {
    case 'reset before':
      incoming.socket.destroy();
      return;
    case 'reset after':
      forward(proxy, incoming, response, () => incoming.socket.destroy());
      return;
    case 'rolled back':
      reply(
        500,
        'application/json',
        '{"type":"ProcessEngineException","message":"rolled back by the proxy","code":0}',
      );
      return;
    case 'unauthorized':
      reply(401, 'text/html', '<h1>Log in</h1>');
      return;
    case 'foreign page':
      reply(404, 'text/html', '<h1>Nothing here</h1>');
      return;
    case 'hang':
      incoming.resume();
      return;
    case 'delay':
      setTimeout(() => forward(proxy, incoming, response, null), random() * 300);
      return;
    default:
      forward(proxy, incoming, response, null);
  }
}

/** Passes a request on; `instead` is called in place of the answer. */
function forward({ target }, incoming, response, instead) {
  const outgoing = httpRequest(
    {
      host: target.hostname,
      port: target.port,
      path: incoming.url,
      method: incoming.method,
      headers: incoming.headers,
    },
    (reply) => {
      if (instead !== null) {
        reply.resume();
        reply.on('end', instead);
        return;
      }
      response.writeHead(reply.statusCode, reply.headers);
      reply.on('error', () => response.destroy());
      reply.pipe(response);
    },
  );
  outgoing.on('error', () => response.destroy());
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
