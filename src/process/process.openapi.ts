import { applyDecorators, type Type } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../common/errors/index.js';
import {
  CompleteAnswer,
  CompleteRequestDto,
  Problem,
  ProcessList,
  ProcessView,
  StartRequest,
} from './process.schemas.js';

type Answers = Readonly<Record<number, string>>;

function answers(type: Type, descriptions: Answers): MethodDecorator[] {
  return Object.entries(descriptions).map(([status, description]) =>
    ApiResponse({ status: Number(status), description, type }),
  );
}

function problems(descriptions: Answers): MethodDecorator[] {
  return Object.entries(descriptions).map(([status, description]) =>
    ApiResponse({
      status: Number(status),
      description,
      content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
    }),
  );
}

const correlationIdParam = ApiParam({ name: 'correlationId', schema: { type: 'string', maxLength: 255 } });

/** What `POST start` takes and answers. */
export const DocumentStart = (): MethodDecorator =>
  applyDecorators(
    ApiTags('process'),
    ApiOperation({ summary: 'Start a process and wait for its result', operationId: 'startProcess' }),
    ApiBody({ type: StartRequest }),
    ...answers(ProcessView, {
      200: 'Finished within the wait.',
      202: 'The wait ended first; poll `Location`.',
      500: 'The process ended in error.',
    }),
    ...problems({
      400: 'The request or its variables are not valid; nothing was kept.',
      404: 'The engine knows no such process key; nothing was kept.',
      409: 'The correlation id belongs to another start.',
      413: 'The body is too large.',
      415: 'The body is not JSON.',
      503: 'Nothing was accepted; repeat the request.',
    }),
  );

/** What `GET status/{correlationId}` answers. */
export const DocumentStatus = (): MethodDecorator =>
  applyDecorators(
    ApiTags('process'),
    ApiOperation({ summary: 'What is known of one process', operationId: 'getProcessStatus' }),
    correlationIdParam,
    ...answers(ProcessView, {
      200: 'Finished.',
      202: 'Still running.',
      500: 'Ended in error.',
    }),
    ...problems({ 404: 'No process has this correlation id.' }),
  );

/** What `GET status/all` takes and answers. */
export const DocumentList = (): MethodDecorator =>
  applyDecorators(
    ApiTags('process'),
    ApiOperation({
      summary: 'List processes: without parameters the active ones, else a page of all',
      operationId: 'listProcesses',
    }),
    ...answers(ProcessList, { 200: 'Newest first.' }),
    ...problems({ 400: 'A parameter is not valid.' }),
  );

/** What `POST complete` takes and answers. */
export const DocumentComplete = (): MethodDecorator =>
  applyDecorators(
    ApiTags('process'),
    ApiOperation({
      summary: 'Complete a process from a task that runs elsewhere',
      operationId: 'completeProcess',
    }),
    ApiBody({ type: CompleteRequestDto }),
    ...answers(CompleteAnswer, { 200: 'The outcome is durable.' }),
    ...problems({
      400: 'The request is not valid.',
      404: 'The id is not known, and `COMPLETE_UNKNOWN` is `refuse`.',
      409: 'The process already has a different outcome.',
      413: 'The body is too large.',
      415: 'The body is not JSON.',
    }),
  );

/** Models that are referred to by name only. */
export const REFERRED_MODELS = [Problem];
