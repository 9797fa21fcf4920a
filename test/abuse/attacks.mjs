// The attacks of one client on the service. Each has a limit of count and time and returns its observations. The test
// checks the conditions in `must`, and what other clients observe.
import http from 'node:http';
import net from 'node:net';

const MIB = 1_048_576;

/** Length of a text for a body of nearly 1 MiB. */
const LARGE = MIB - 4_096;

const text = 'x'.repeat(LARGE);

/** One client with any number of connections. */
class Client {
  statuses = {};
  longest = 0;

  constructor({ baseUrl, until }, connections) {
    this.url = new URL(baseUrl);
    this.until = until;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections });
    this.connections = connections;
  }

  /** @returns status (or the code of a fault) and length of the answer; its text only if it is short */
  send(path, json) {
    const { hostname, port } = this.url;
    const body = json === undefined ? undefined : typeof json === 'string' ? json : JSON.stringify(json);
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve) => {
      const note = (status, length = 0, head = '') => {
        this.statuses[status] = (this.statuses[status] ?? 0) + 1;
        this.longest = Math.max(this.longest, length);
        resolve({ status, length, head });
      };
      const request = http.request(
        { hostname, port, path, method: body === undefined ? 'GET' : 'POST', headers, agent: this.agent },
        (response) => {
          let length = 0;
          let head = '';
          response.on('data', (chunk) => {
            length += chunk.length;
            if (head.length < 2_000) head += chunk.toString('latin1');
          });
          response.on('end', () => note(response.statusCode, length, head));
          response.on('error', (error) => note(error.code ?? error.message));
        },
      );
      request.on('error', (error) => note(error.code ?? error.message));
      request.setTimeout(Math.max(this.until - Date.now(), 1_000), () =>
        request.destroy(new Error('time over')),
      );
      request.end(body);
    });
  }

  /** Makes `count` requests on all connections in parallel, within the time limit or until `until`. */
  async flood(count, requestOf, until = this.until) {
    let next = 0;
    const lane = async () => {
      while (next < count && Date.now() < until) {
        const index = next++;
        await this.send(...requestOf(index));
      }
    };
    await Promise.all(Array.from({ length: this.connections }, lane));
    return next;
  }

  close() {
    this.agent.destroy();
  }
}

/** Opens a connection and sends a text; it reads no response if `reads` is false. */
function rawConnection(baseUrl, sent, reads) {
  const { hostname, port } = new URL(baseUrl);
  const socket = net.connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  if (reads) socket.resume();
  else socket.pause();
  socket.write(sent);
  return socket;
}

function getOf(path, headers = '') {
  return `GET ${path} HTTP/1.1\r\nHost: service\r\n${headers}\r\n`;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const complete = (correlationId, data) => ['/api/process/complete', { correlationId, status: 'ok', data }];

const start = (correlationId, variables) => [
  '/api/process/start',
  { processKey: 'onboard-user', correlationId, variables },
];

/** @param scale factor of the counts */
const countOf = (context, full) => Math.max(Math.ceil(full * context.scale), 4);

async function manyVariables(context) {
  const client = new Client(context, 4);
  const variables = { userId: 'many' };
  for (let index = 0; index < 80_000; index += 1) variables[`v${index}`] = 1;
  const body = JSON.stringify({ processKey: 'onboard-user', correlationId: 'many', variables });
  await client.flood(30, () => ['/api/process/start', body]);
  client.close();
  return { said: client.statuses, must: { 'are refused': onlyStatus(client, 400) } };
}

async function longNames(context) {
  const client = new Client(context, 8);
  const made = await client.flood(countOf(context, 2_500), (index) =>
    complete(`name-${context.mark}-${index}`, { [`${index}-${text}`]: 1 }),
  );
  client.close();
  return { said: { made, ...client.statuses } };
}

/** Pipelines requests that the service holds, on few connections, and closes them. */
async function pipelined(context, count, request) {
  const sockets = [];
  const each = 1_000;
  for (let sent = 0; sent < count; sent += each) {
    sockets.push(rawConnection(context.baseUrl, request.repeat(Math.min(each, count - sent)), true));
  }
  await pause(3_000);
  for (const socket of sockets) socket.destroy();
  await pause(1_000);
  return { said: { connections: sockets.length, requests: count } };
}

async function makePending(context, correlationId) {
  const client = new Client(context, 1);
  const { processKey } = { processKey: 'onboard-user' };
  const { status } = await client.send('/api/process/start', {
    processKey,
    correlationId,
    variables: { userId: `slow-${correlationId}` },
  });
  client.close();
  return status;
}

async function pipelinedStreams(context) {
  const id = `stream-${context.mark}`;
  void makePending(context, id);
  await pause(500);
  const request = getOf(`/api/process/events/${id}`, 'Accept: text/event-stream\r\n');
  return pipelined(context, countOf(context, 3_000), request);
}

async function pipelinedWaits(context) {
  const id = `wait-${context.mark}`;
  void makePending(context, id);
  await pause(500);
  return pipelined(context, countOf(context, 12_000), getOf(`/api/process/status/${id}?wait=55`));
}

async function unreadPages(context) {
  const client = new Client(context, 8);
  const id = `pages-${context.mark}`;
  await client.send(...complete(id, 'first'));
  // A completion with another outcome writes a row of the trail with its data.
  const row = 'r'.repeat(40_000);
  const rows = await client.flood(countOf(context, 1_000), (index) => complete(id, `${index}-${row}`));
  await client.flood(countOf(context, 100), (index) => complete(`${id}-${index}`, text));
  const pages = [
    getOf(`/api/process/events/${id}?limit=1000`),
    getOf('/api/process/status/all?include=data&limit=100'),
    getOf(`/api/process/status/${id}-1`).repeat(50),
  ];
  const sockets = Array.from({ length: countOf(context, 100) }, (_each, index) =>
    rawConnection(context.baseUrl, pages[index % pages.length], false),
  );
  await pause(Math.min(15_000, Math.max(context.until - Date.now() - 2_000, 2_000)));
  for (const socket of sockets) socket.destroy();
  client.close();
  return { said: { rows, sockets: sockets.length } };
}

async function largeStarts(context) {
  const client = new Client(context, 100);
  const count = countOf(context, 1_000);
  const made = await client.flood(count, (index) =>
    start(`large-${context.mark}-${index}`, { userId: 'large', text: `${index}-${text}` }),
  );
  client.close();
  return { said: { made, ...client.statuses } };
}

async function largeResults(context) {
  const client = new Client(context, 100);
  const count = countOf(context, 1_000);
  const id = (index) => `result-${context.mark}-${index}`;
  // Half of the time is reserved for reading.
  const span = (context.until - Date.now()) / 2;
  const half = Date.now() + span;
  const made = await client.flood(count, (index) => complete(id(index), `${index}-${text}`), half);
  const written = { ...client.statuses };
  client.statuses = {};
  // Independent of the duration of the last writes; a request in time may get its response later.
  client.until = Date.now() + span + 30_000;
  const read = await client.flood(
    2 * made,
    (index) => [`/api/process/status/${id(index % made)}`],
    Date.now() + span,
  );
  client.close();
  return {
    said: { made, written, read, statuses: client.statuses },
    must: { 'are read': (client.statuses[200] ?? 0) > 0 },
  };
}

async function listOpen(context) {
  const client = new Client(context, 4);
  const asked = await client.flood(countOf(context, 100), (index) => [
    index % 2 === 0 ? '/api/process/status/all' : '/api/process/status/all?status=pending&limit=500',
  ]);
  client.close();
  return {
    said: { asked, longest: client.longest, ...client.statuses },
    must: { answers: onlyStatus(client, 200) },
  };
}

async function unknownMembers(context) {
  const client = new Client(context, 4);
  const members = [];
  for (let index = 0, length = 0; length < LARGE - 20; index += 1) {
    const member = `"m${index}":0`;
    members.push(member);
    length += member.length + 1;
  }
  const few = Array.from({ length: 900 }, (_each, index) => `"m${index}${'y'.repeat(1_000)}":0`);
  const bodies = [`{${members.join(',')}}`, `{${few.join(',')}}`];
  await client.flood(countOf(context, 50), (index) => ['/api/process/start', bodies[index % 2]]);
  client.close();
  return {
    said: { longest: client.longest, ...client.statuses },
    must: { 'are refused': onlyStatus(client, 400), 'in short': client.longest <= 65_536 },
  };
}

async function nulIds(context) {
  const client = new Client(context, 2);
  const cursor = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const answers = [
    await client.send('/api/process/status/a%00b'),
    await client.send('/api/process/events/a%00b'),
    await client.send('/api/process/cancel/a%00b', {}),
    await client.send('/api/process/complete', { correlationId: 'a\0b', status: 'ok' }),
    await client.send('/api/process/start', {
      processKey: 'onboard-user',
      correlationId: 'a\0b',
      variables: {},
    }),
    await client.send(`/api/process/status/all?cursor=${cursor(['2026-01-01T00:00:00.000Z', 'a\0b'])}`),
    await client.send(
      `/api/process/status/all?cursor=${cursor({ startedAt: new Date(), correlationId: 'a\0b' })}`,
    ),
  ];
  client.close();
  return {
    said: answers.map(({ status }) => status),
    must: { 'are refused': answers.every(({ status }) => status === 400 || status === 404) },
  };
}

/** Opens connections in groups, because a listen queue is short. */
async function openConnections(context, count, sent) {
  const sockets = [];
  while (sockets.length < count && Date.now() < context.until) {
    for (let each = 0; each < 100; each += 1) sockets.push(rawConnection(context.baseUrl, sent, true));
    await pause(20);
  }
  return sockets;
}

const heldFor = (context) => pause(Math.max(context.until - Date.now() - 2_000, 1_000));

async function idleConnections(context) {
  const sockets = await openConnections(context, countOf(context, 10_000), '');
  await heldFor(context);
  const open = sockets.filter((socket) => !socket.destroyed).length;
  for (const socket of sockets) socket.destroy();
  return { said: { connections: sockets.length, open } };
}

/** Sends the headers of many requests a few bytes at a time, and never ends them. */
async function slowHeaders(context) {
  const count = countOf(context, 4_000);
  const sockets = await openConnections(context, count, 'GET /health/live HTTP/1.1\r\nHost: a\r\n');
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('X-Slow: 1\r\n');
  }, 1_000);
  await heldFor(context);
  clearInterval(drip);
  const open = sockets.filter((socket) => !socket.destroyed).length;
  for (const socket of sockets) socket.destroy();
  return { said: { connections: sockets.length, open } };
}

/** Sends up to 1 GiB on each of some connections, with and without its length. */
async function hugeBodies(context) {
  const { hostname, port } = new URL(context.baseUrl);
  const total = Math.ceil(1_024 * MIB * context.scale);
  const chunk = Buffer.alloc(65_536, 0x20);
  const sendOne = (headers) =>
    new Promise((resolve) => {
      const request = http.request(
        {
          hostname,
          port,
          method: 'POST',
          path: '/api/process/complete',
          agent: false,
          headers: { 'content-type': 'application/json', ...headers },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on('error', (error) => resolve(error.code));
      const send = (sent) => {
        if (sent >= total || request.destroyed || Date.now() > context.until) request.end();
        else if (request.write(chunk)) setImmediate(send, sent + chunk.length);
        else request.once('drain', () => send(sent + chunk.length));
      };
      send(0);
    });
  const statuses = await Promise.all([
    sendOne({ 'content-length': total }),
    sendOne({ 'content-length': total }),
    sendOne({ 'transfer-encoding': 'chunked' }),
    sendOne({ 'transfer-encoding': 'chunked' }),
  ]);
  return { said: statuses, must: { 'are refused': statuses.every((status) => status === 413) } };
}

async function deepJson(context) {
  const client = new Client(context, 4);
  const arrays = `${'['.repeat(9_000)}${']'.repeat(9_000)}`;
  const objects = `${'{"a":'.repeat(900)}0${'}'.repeat(900)}`;
  const bodies = [arrays, objects].flatMap((deep) => [
    ['/api/process/start', deep],
    ['/api/process/start', `{"processKey":"onboard-user","variables":{"userId":${deep}}}`],
    ['/api/process/start', `{"processKey":"onboard-user","unknown":${deep}}`],
    ['/api/process/complete', `{"correlationId":"deep","status":"ok","data":${deep}}`],
    ['/api/process/cancel/deep', `{"reason":${deep}}`],
  ]);
  await client.flood(countOf(context, 2_000), (index) => bodies[index % bodies.length]);
  client.close();
  return { said: client.statuses, must: { 'are refused': onlyStatus(client, 400) } };
}

/** Opens streams of a long trail without reading them. */
async function unreadStreams(context) {
  const client = new Client(context, 8);
  const id = `unread-${context.mark}`;
  await client.send(...complete(id, 'first'));
  const row = 'r'.repeat(30_000);
  const rows = await client.flood(countOf(context, 500), (index) => complete(id, `${index}-${row}`));
  const request = getOf(`/api/process/events/${id}`, 'Accept: text/event-stream\r\n');
  const sockets = Array.from({ length: countOf(context, 200) }, () =>
    rawConnection(context.baseUrl, request, false),
  );
  await heldFor(context);
  for (const socket of sockets) socket.destroy();
  client.close();
  return { said: { rows, streams: sockets.length } };
}

const onlyStatus = ({ statuses }, status) => Object.keys(statuses).every((each) => each === String(status));

/** By name; `engine` is the state of the engine: inside the service, refusing connections, or never responding. */
export const ATTACKS = {
  'many-variables': { run: manyVariables, engine: 'inside' },
  'long-names': { run: longNames, engine: 'inside' },
  'pipelined-streams': { run: pipelinedStreams, engine: 'inside' },
  'pipelined-waits': { run: pipelinedWaits, engine: 'inside' },
  'unknown-members': { run: unknownMembers, engine: 'inside' },
  'nul-ids': { run: nulIds, engine: 'inside' },
  'idle-connections': { run: idleConnections, engine: 'inside' },
  'slow-headers': { run: slowHeaders, engine: 'inside' },
  'huge-bodies': { run: hugeBodies, engine: 'inside' },
  'deep-json': { run: deepJson, engine: 'inside' },
  'unread-streams': { run: unreadStreams, engine: 'inside' },
  'large-results': { run: largeResults, engine: 'inside' },
  'unread-pages': { run: unreadPages, engine: 'inside' },
  'large-starts-away': { run: largeStarts, engine: 'away' },
  'list-open': { run: listOpen, engine: 'away' },
  'large-starts-hung': { run: largeStarts, engine: 'hung' },
};
