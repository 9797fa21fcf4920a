// The thread of the partner simulator. It is plain JavaScript, copied unchanged to dist/, because Node loads it by its
// path: beside the compiled class in production, beside the sources in tests.
//
// It sends its port to the main thread when it listens, and runs until it is terminated.
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { slowMs, attemptHeader } = workerData;

/** Number of attempts that fail for a `flaky-` user. */
const FLAKY_FAILURES = 2;

/** Milliseconds that an idle connection stays open, so that slow steps can reuse it. */
const KEEP_ALIVE_MS = 72_000;

const REFUSED = { status: 400, body: { error: 'The body must be {"userId": "…"}.' } };

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const userId = readUserId(Buffer.concat(chunks).toString());
    const answer = userId === null ? REFUSED : answerTo(request, userId);
    const isSlow = request.url === '/background-checks' && userId?.startsWith('slow-') === true;
    if (isSlow) setTimeout(() => send(response, answer), slowMs);
    else send(response, answer);
  });
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
server.once('error', (error) => {
  throw error;
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));

function readUserId(text) {
  try {
    const { userId } = JSON.parse(text);
    return typeof userId === 'string' ? userId : null;
  } catch {
    return null;
  }
}

function answerTo({ method, url, headers }, userId) {
  switch (`${method} ${url}`) {
    case 'POST /background-checks':
      return checkBackground(userId, Number(headers[attemptHeader] ?? 1));
    case 'POST /onboardings':
      return { status: 200, body: { success: true, userId } };
    default:
      return { status: 404, body: { error: 'There is nothing here.' } };
  }
}

function checkBackground(userId, attempt) {
  if (userId.startsWith('broken-') || (userId.startsWith('flaky-') && attempt <= FLAKY_FAILURES)) {
    return { status: 500, body: { error: `The background check failed on attempt ${attempt}.` } };
  }
  if (userId.startsWith('blocked-')) {
    return { status: 200, body: { cleared: false, reason: `${userId} is on a block list` } };
  }
  return { status: 200, body: { cleared: true } };
}

function send(response, { status, body }) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
