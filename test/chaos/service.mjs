// The built service as a separate process that ends itself with SIGKILL at a named point. This file wraps methods of the
// service from outside, so that the service itself needs no hooks for the chaos test.
//
// Environment: that of the service; CHAOS_KILL_AT names the point, CHAOS_KILL_COUNT how often it passes the point before.
import { createApp } from '../../dist/src/app.factory.js';
import {
  EngineInstancesClient,
  ENGINE_ENDPOINT,
  EngineTransport,
} from '../../dist/src/camunda-engine/index.js';
import { createConfiguration, readEnvironment } from '../../dist/src/config/index.js';
import { WriteQueueService } from '../../dist/src/database/index.js';
import { EventLogService } from '../../dist/src/event-log/index.js';
import { ProcessStoreService } from '../../dist/src/process-store/index.js';
import { InstanceFinderService } from '../../dist/src/process/reconcile/instance-finder.service.js';
import { WaitroomService } from '../../dist/src/waitroom/index.js';

const point = process.env.CHAOS_KILL_AT ?? '';
let left = Number(process.env.CHAOS_KILL_COUNT ?? 1);

/** Ends the process, with nothing flushed, when the point is passed for the last time. */
function pass(name) {
  if (name !== point) return;
  left -= 1;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
}

/** Wraps a method of a service: `before` sees the arguments, `after` the settled result as well. */
function wrap(target, method, { before, after }) {
  const original = target[method].bind(target);
  target[method] = (...parameters) => {
    const result = original(...parameters);
    // After the call, so that its request has been sent.
    before?.(...parameters);
    if (after === undefined || typeof result?.then !== 'function') {
      after?.(result, ...parameters);
      return result;
    }
    return result.then((value) => {
      after(value, ...parameters);
      return value;
    });
  };
}

const isStart = ({ method, path }) =>
  method === 'POST' && /^\/process-definition\/key\/[^/]+\/start$/.test(path);
const isComplete = ({ path }) => /^\/external-task\/[^/]+\/complete$/.test(path);

function hook(app) {
  const get = (type) => app.get(type, { strict: false });
  wrap(get(WriteQueueService), 'enqueue', {
    before: (kind, { item }) => {
      if (kind.name === 'process_store' && item?.type === 'insert') pass('claim queued');
    },
  });
  wrap(get(ProcessStoreService), 'claim', {
    after: ({ kind }) => kind === 'claimed' && pass('claim durable'),
  });
  wrap(get(ProcessStoreService), 'noteStarted', { after: () => pass('instance id stored') });
  wrap(get(ProcessStoreService), 'save', {
    after: ({ saved, record }) => saved && record.status !== 'pending' && pass('outcome durable'),
  });
  wrap(get(EngineTransport), 'send', {
    before: (request) => {
      if (isStart(request)) setImmediate(pass, 'start sent');
      if (isComplete(request)) setImmediate(pass, 'task complete sent');
    },
    after: (_response, request) => isStart(request) && pass('start answered'),
  });
  wrap(get(EventLogService), 'logEvent', {
    before: ({ step }) => step > 0 && pass('handler done'),
    after: (_nothing, { step }) => step > 0 && pass('event durable'),
  });
  wrap(get(WaitroomService), 'completeWait', {
    after: (woken) => woken > 0 && setImmediate(pass, 'waiter answered'),
  });
  wrap(get(EngineInstancesClient), 'deleteProcessInstance', {
    after: () => pass('cancel deleted but row not'),
  });
  wrap(get(InstanceFinderService), 'find', {
    after: (found) => found.length === 0 && pass('adoption between look and start'),
  });
}

const configuration = createConfiguration(readEnvironment());
const app = await createApp(configuration);
hook(app);
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)));
await app.listen(configuration.http.port, configuration.http.host);
const { baseUrl } = app.get(ENGINE_ENDPOINT, { strict: false });
process.stdout.write(`\nengine at ${baseUrl};\nlistens on ${await app.getUrl()};\n`);
