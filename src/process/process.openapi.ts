import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PROBLEM_MEDIA_TYPE } from '../common/errors/index.js';
import {
  completeAnswerSchema,
  completeRequestSchema,
  problemSchema,
  processListSchema,
  processViewSchema,
  startRequestSchema,
} from './process.schemas.js';

type Answers = Readonly<Record<number, string>>;

const SCHEMAS = {
  StartRequest: z.toJSONSchema(startRequestSchema, { io: 'input' }),
  CompleteRequest: z.toJSONSchema(completeRequestSchema, { io: 'input' }),
  ProcessView: z.toJSONSchema(processViewSchema),
  ProcessList: z.toJSONSchema(processListSchema),
  CompleteAnswer: z.toJSONSchema(completeAnswerSchema),
  Problem: z.toJSONSchema(problemSchema),
};

/** The bodies of this API by name, as JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. */
export const BODY_SCHEMAS: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(SCHEMAS).map(([name, { $schema: _dialect, ...schema }]) => [name, schema]),
);

function ref(name: keyof typeof SCHEMAS): { readonly schema: { readonly $ref: string } } {
  return { schema: { $ref: `#/components/schemas/${name}` } };
}

function answers(name: keyof typeof SCHEMAS, mediaType: string, descriptions: Answers): MethodDecorator[] {
  return Object.entries(descriptions).map(([status, description]) =>
    ApiResponse({ status: Number(status), description, content: { [mediaType]: ref(name) } }),
  );
}

const outcomes = (name: keyof typeof SCHEMAS, descriptions: Answers): MethodDecorator[] =>
  answers(name, 'application/json', descriptions);

const problems = (descriptions: Answers): MethodDecorator[] =>
  answers('Problem', PROBLEM_MEDIA_TYPE, descriptions);

const correlationIdParam = ApiParam({ name: 'correlationId', schema: { type: 'string', maxLength: 255 } });

/** What `POST start` takes and answers. */
export const DocumentStart = (): MethodDecorator =>
  applyDecorators(
    ApiTags('process'),
    ApiOperation({ summary: 'Start a process and wait for its result', operationId: 'startProcess' }),
    ApiBody(ref('StartRequest')),
    ...outcomes('ProcessView', {
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
    ...outcomes('ProcessView', {
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
    ...outcomes('ProcessList', { 200: 'Newest first.' }),
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
    ApiBody(ref('CompleteRequest')),
    ...outcomes('CompleteAnswer', { 200: 'The outcome is durable.' }),
    ...problems({
      400: 'The request is not valid.',
      404: 'The id is not known, and `COMPLETE_UNKNOWN` is `refuse`.',
      409: 'The process already has a different outcome.',
      413: 'The body is too large.',
      415: 'The body is not JSON.',
    }),
  );
