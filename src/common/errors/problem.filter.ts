import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { stringifyJson } from '../json/index.js';
import { PROBLEM_MEDIA_TYPE, type ProblemError, toProblemDocument } from './problems.js';
import { type ProblemLimits, toProblem } from './to-problem.js';

/** Answers every error that a route throws with a problem document, and logs internal errors. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly limits: ProblemLimits = {}) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const problem = toProblem(error, this.limits);
    const request = http.getRequest<FastifyRequest>();
    if (problem.code === 'internal-error') {
      const { id: requestId, correlationId } = request;
      const known = correlationId === null ? {} : { correlationId };
      this.logger.error({ msg: 'A request failed.', requestId, ...known, err: error });
    }
    sendProblem(request, http.getResponse<FastifyReply>(), problem);
  }
}

/** Sends a problem document with its headers. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): void {
  if (reply.sent) return;
  const instance = request.url.split('?', 1)[0] ?? '/';
  void reply
    .status(problem.status)
    .headers({ 'content-type': PROBLEM_MEDIA_TYPE, 'cache-control': 'no-store', ...problem.facts.headers })
    // As bytes: Fastify would add a charset to a string, which this media type does not have.
    .send(Buffer.from(stringifyJson(toProblemDocument(problem, instance)) ?? '{}'));
}
