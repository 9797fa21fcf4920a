// Preloaded into a process under test: sends it SIGNAL when its boot comes to SIGNAL_AT, "<event>#<count>". Events:
//   handlers  it listens to the signal     folder  it makes a folder, then takes a lock in it
//   thread    it starts a thread            listen  it listens on a port
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Server } from 'node:net';
import threads, { isMainThread } from 'node:worker_threads';

const { SIGNAL = 'SIGTERM', SIGNAL_AT } = process.env;
const counts = new Map();

function reach(event) {
  const count = (counts.get(event) ?? 0) + 1;
  counts.set(event, count);
  if (`${event}#${count}` !== SIGNAL_AT) return;
  process.stderr.write(`reached ${SIGNAL_AT}\n`);
  process.kill(process.pid, SIGNAL);
}

function counted(Class, event) {
  return new Proxy(Class, {
    construct(target, args, self) {
      reach(event);
      return Reflect.construct(target, args, self);
    },
  });
}

if (isMainThread) {
  process.on('newListener', (name) => {
    // The listener is added after this event.
    if (name === SIGNAL) process.nextTick(reach, 'handlers');
  });
  const { mkdirSync } = fs;
  fs.mkdirSync = (...args) => {
    reach('folder');
    return mkdirSync(...args);
  };
  threads.Worker = counted(threads.Worker, 'thread');
  syncBuiltinESMExports();
  const { listen } = Server.prototype;
  Server.prototype.listen = function (...args) {
    reach('listen');
    return listen.apply(this, args);
  };
}
