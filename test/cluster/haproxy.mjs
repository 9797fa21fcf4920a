// HAProxy in front of the instances, with the same rules as round-robin.proxy.mjs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free.port.mjs';

const PROGRAMS = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/usr/bin/haproxy'];

/**
 * Starts HAProxy on a free loopback port.
 *
 * @param {readonly { name: string, url: string }[]} instances addresses that may be unused at times
 * @param {string} folder for its configuration
 * @throws Error if HAProxy is not installed
 */
export async function startHaproxy(instances, folder) {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (program === undefined) throw new Error('HAProxy is not installed: run without --haproxy.');
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration(port, instances));
  const child = spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  let output = '';
  child.stderr.on('data', (chunk) => (output = (output + chunk).slice(-4_000)));
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    describe: () =>
      child.exitCode === null ? 'HAProxy' : `HAProxy ended with ${child.exitCode}:\n${output}`,
    close: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function configuration(port, instances) {
  const servers = instances.map(
    ({ name, url }) => `  server ${name} ${new URL(url).host} check inter 200 fall 1 rise 1`,
  );
  return `
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout check 1s
  # Only a connection that could not be opened is tried again, on another instance.
  retries 2
  retry-on conn-failure
  option redispatch 1
frontend clients
  bind 127.0.0.1:${port}
  default_backend instances
backend instances
  balance roundrobin
  option httpchk GET /health/ready
  http-check expect status 200
  http-response set-header x-served-by %s
${servers.join('\n')}
`;
}
