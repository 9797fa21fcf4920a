// The server that test/bench/waiters.bench.mjs measures from inside: the built service, or with the argument `bare` a
// Fastify server that only holds every request open.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import fastify from 'fastify';

const delay = monitorEventLoopDelay({ resolution: 5 });

process.on('message', (question) => {
  if (question === 'heap') {
    globalThis.gc();
    process.send({ heapUsed: process.memoryUsage().heapUsed });
  } else if (question === 'watch') {
    delay.reset();
    delay.enable();
    process.send({});
  } else if (question === 'delay') {
    delay.disable();
    process.send({ p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 });
  }
});

if (process.argv[2] === 'bare') {
  const server = fastify();
  server.get('/held', () => new Promise(() => undefined));
  await server.listen({ port: 0, host: '0.0.0.0' });
  process.send({ port: server.server.address().port });
} else {
  const { createApp } = await import('../../dist/src/app.factory.js');
  const { createConfiguration, readEnvironment } = await import('../../dist/src/config/index.js');
  const app = await createApp(createConfiguration(readEnvironment()));
  await app.listen(0, '0.0.0.0');
  process.send({ port: app.getHttpServer().address().port });
}
