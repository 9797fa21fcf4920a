import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Logger, PinoLogger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { admitBodies } from './common/bodies/index.js';
import { ProblemFilter, sendProblem, toProblem } from './common/errors/index.js';
import { requestIdOf } from './common/identifiers/index.js';
import { logRequest, type RequestLogger, logRequests } from './common/request-log/index.js';
import type { Configuration } from './config/index.js';
import { ClientErrorAnswers, registerHttpContract } from './http-server/index.js';
import { ShutdownService } from './lifecycle/index.js';
import { PROCESSES, type ServiceProcess } from './processes/index.js';
import { serveOpenApi } from './openapi.js';

/** Longest path part that reaches a route; an id has at most 255 characters, percent-encoded up to 765. */
const MAX_PARAM_LENGTH = 1_024;

/** Within this a request has to arrive whole; the wait for its answer does not count. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Makes the application, ready to listen.
 *
 * @param bootSignal ends the waiting for a database server that is not there
 * @throws whatever stops a boot: database, wiring of topics, a port in use
 */
export async function createApp(
  configuration: Configuration,
  processes: readonly ServiceProcess[] = PROCESSES,
  bootSignal?: AbortSignal,
): Promise<NestFastifyApplication> {
  const log: { requests?: RequestLogger } = {};
  const clientErrors = new ClientErrorAnswers();
  const adapter = new FastifyAdapter({
    bodyLimit: configuration.http.bodyLimitBytes,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: configuration.http.keepAliveTimeoutMs,
    requestIdHeader: false,
    genReqId: requestIdOf,
    // A stop closes the sockets itself, in its stage `disconnect`.
    forceCloseConnections: false,
    return503OnClosing: false,
    clientErrorHandler: clientErrors.answerParserError,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      // No hook runs for a path that cannot be routed.
      void reply.header('x-request-id', request.id);
      if (log.requests !== undefined) logRequest(log.requests, request, reply);
      sendProblem(request, reply, toProblem(error, configuration.http));
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(configuration, processes, bootSignal),
    adapter,
    {
      bufferLogs: true,
      // A boot that fails is told by its caller, in one sentence, without what led to it.
      autoFlushLogs: false,
      abortOnError: false,
      // Fastify's own JSON parser serves; Nest would add one for forms, which this API does not take.
      bodyParser: false,
    },
  );
  app.useLogger(app.get(Logger));
  app.flushLogs();
  app.useGlobalFilters(new ProblemFilter(configuration.http));
  log.requests = await app.resolve(PinoLogger);
  clientErrors.logTo(log.requests);
  clientErrors.answerExpectations(app.getHttpServer());
  logRequests(adapter.getInstance(), log.requests);
  admitBodies(adapter.getInstance(), configuration.http);
  registerHttpContract(app, configuration.http, app.get(ShutdownService));
  serveOpenApi(app, {
    publicBaseUrl: configuration.http.publicBaseUrl,
    definitions: processes.map(({ definition }) => definition),
  });
  return app;
}
