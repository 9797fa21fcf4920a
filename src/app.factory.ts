import type { Server as SecureServer } from 'node:https';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Logger, PinoLogger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import {
  AuthenticationService,
  callerName,
  controlAccess,
  createRequestLimiter,
  PUBLIC,
} from './auth/index.js';
import { admitBodies } from './common/bodies/index.js';
import { ProblemFilter, sendProblem, toProblem } from './common/errors/index.js';
import { requestIdOf } from './common/identifiers/index.js';
import { logRequest, type RequestLogger, logRequests } from './common/request-log/index.js';
import type { Configuration } from './config/index.js';
import {
  CertificateReloader,
  ClientErrorAnswers,
  readPair,
  registerHttpContract,
  SecurityHeaders,
  serverOptions,
} from './http-server/index.js';
import { ShutdownService } from './lifecycle/index.js';
import { PROCESSES, type ServiceProcess } from './processes/index.js';
import { DOCS_PATH, serveOpenApi } from './openapi.js';

/** Longest path parameter; an id has at most 255 characters, 765 if percent-encoded. */
const MAX_PARAM_LENGTH = 1_024;

/**
 * Creates the application, ready to listen.
 *
 * @param bootSignal aborts the wait for a database server that cannot be reached
 * @throws errors that stop the boot: TLS certificate, database, wiring of topics, a port in use
 */
export async function createApp(
  configuration: Configuration,
  processes: readonly ServiceProcess[] = PROCESSES,
  bootSignal?: AbortSignal,
): Promise<NestFastifyApplication> {
  const log: { requests?: RequestLogger } = {};
  const { tls } = configuration.http;
  const pair = tls === null ? null : readPair(tls);
  const securityHeaders = new SecurityHeaders(tls !== null, configuration.http.publicBaseUrl);
  const clientErrors = new ClientErrorAnswers(securityHeaders.api);
  const adapter = new FastifyAdapter({
    ...serverOptions(configuration.http, pair),
    trustProxy: configuration.http.trustProxy,
    bodyLimit: configuration.http.bodyLimitBytes,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: configuration.http.requestTimeoutMs,
    keepAliveTimeout: configuration.http.keepAliveTimeoutMs,
    requestIdHeader: false,
    genReqId: requestIdOf,
    // The `disconnect` stage of a stop closes the sockets.
    forceCloseConnections: false,
    return503OnClosing: false,
    clientErrorHandler: clientErrors.answerParserError,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      // No hook runs for a path that Fastify cannot route.
      void reply.headers(securityHeaders.api).header('x-request-id', request.id);
      if (log.requests !== undefined) logRequest(log.requests, request, reply);
      sendProblem(request, reply, toProblem(error, configuration.http));
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(configuration, processes, bootSignal),
    adapter,
    {
      bufferLogs: true,
      // If the boot fails, its caller prints one sentence; the buffered log lines are dropped.
      autoFlushLogs: false,
      abortOnError: false,
      // Fastify's own JSON parser is used; Nest would add one for forms, which this API does not accept.
      bodyParser: false,
      // Only for the scheme of `getUrl`: the adapter has the options.
      ...(tls === null ? {} : { httpsOptions: {} }),
    },
  );
  app.useLogger(app.get(Logger));
  app.flushLogs();
  app.useGlobalFilters(new ProblemFilter(configuration.http));
  log.requests = await app.resolve(PinoLogger);
  clientErrors.logTo(log.requests);
  clientErrors.answerExpectations(app.getHttpServer());
  logRequests(adapter.getInstance(), log.requests, callerName);
  admitBodies(adapter.getInstance(), configuration.http);
  await registerHttpContract(app, configuration.http, securityHeaders, app.get(ShutdownService));
  const fastify = adapter.getInstance();
  const limiter = await createRequestLimiter(fastify, configuration.rateLimit, app.get(ShutdownService));
  controlAccess(fastify, app.get(AuthenticationService), { [DOCS_PATH]: PUBLIC }, limiter);
  if (tls !== null && pair !== null) {
    new CertificateReloader(app.getHttpServer() as SecureServer, tls, pair, app.get(ShutdownService)).start();
  }
  if (configuration.http.docs) {
    serveOpenApi(app, {
      publicBaseUrl: configuration.http.publicBaseUrl,
      auth: configuration.auth,
      definitions: processes.map(({ definition }) => definition),
    });
  }
  return app;
}
