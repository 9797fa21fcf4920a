// pm2 start deploy/pm2/ecosystem.config.cjs, in the folder of the service. Settings and secrets are in its .env file.
//
// INSTANCES=2 starts two processes at the ports 8080 and 8081, for a proxy in front; they need a database server, because a
// SQLite file belongs to one process. Not the cluster mode of PM2: it lets the processes share one port, and a proxy could
// not ask each of them whether it is ready.
const { join } = require('node:path');

const FIRST_PORT = Number(process.env.PORT ?? 8080);
const INSTANCES = Number(process.env.INSTANCES ?? 1);

if (!Number.isInteger(INSTANCES) || INSTANCES < 1)
  throw new Error('INSTANCES must be a whole number from 1. Nothing was started.');

/** SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS, 5 s to close, and 5 s to spare. PM2 kills a process after 1.6 s by default. */
const STOP_MS = 5_000 + 20_000 + 5_000 + 5_000;

module.exports = {
  apps: Array.from({ length: INSTANCES }, (_, index) => ({
    name: INSTANCES === 1 ? 'fastify-camunda' : `fastify-camunda-${index + 1}`,
    cwd: join(__dirname, '..', '..'),
    script: 'dist/src/main.js',
    node_args: ['--max-semi-space-size=64', '--max-old-space-size=1024'],
    exec_mode: 'fork',
    instances: 1,
    kill_timeout: STOP_MS,
    // A service that cannot boot says why; it does not help to start it again many times a second.
    min_uptime: 10_000,
    max_restarts: 10,
    exp_backoff_restart_delay: 500,
    env: {
      NODE_ENV: 'production',
      PORT: String(FIRST_PORT + index),
      SHUTDOWN_DELAY_MS: '5000',
      SHUTDOWN_TIMEOUT_MS: '20000',
      ...(INSTANCES === 1 ? {} : { DATA_DIR: `data/${index + 1}` }),
    },
  })),
};
