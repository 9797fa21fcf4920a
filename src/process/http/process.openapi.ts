import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiParam, ApiQuery } from '@nestjs/swagger';
import {
  type Answer,
  answers,
  CHANGE_PROBLEMS,
  errorOutcome,
  ID_PROBLEMS,
  json,
  operation,
  preferHeader,
  PROCESS_HEADERS,
  ref,
  text,
} from './openapi.answers.js';
import { ERROR_EXAMPLES, OK_EXAMPLE, PENDING_EXAMPLE } from './process.examples.js';

const correlationIdParam = ApiParam({ name: 'correlationId', schema: { type: 'string', maxLength: 255 } });

/** Request and responses of `POST start`. */
export const DocumentStart = (): MethodDecorator => {
  const headers = {
    always: PROCESS_HEADERS,
    sometimes: ['Idempotent-Replayed', 'Preference-Applied'],
  } as const;
  return applyDecorators(
    ...operation('startProcess', 'Start a process and wait for its result'),
    preferHeader,
    ApiBody(ref('StartRequest')),
    ...answers(
      {
        200: json('ProcessView', 'The process finished within the wait.', headers, OK_EXAMPLE),
        202: json(
          'ProcessView',
          'The wait ended first, or the process waits for people, messages or later timers; request the status at `Location`.',
          {
            ...headers,
            always: [...PROCESS_HEADERS, 'Retry-After', 'Location'],
            sometimes: [...headers.sometimes, 'Process-Waiting'],
          },
          PENDING_EXAMPLE,
        ),
        422: errorOutcome('ProcessView', headers),
        500: json('ProcessView', 'The process ended in error.', headers, ERROR_EXAMPLES),
      },
      {
        ...CHANGE_PROBLEMS,
        400: 'The request or its variables are not valid; nothing was stored.',
        404: 'The engine knows no such process key; nothing was stored.',
        409: 'The correlation id belongs to another start.',
        503: 'Nothing was accepted; repeat the request after `Retry-After`.',
      },
    ),
  );
};

/** Request and responses of `GET status/{correlationId}`. */
export const DocumentStatus = (): MethodDecorator => {
  const headers = { always: [...PROCESS_HEADERS, 'ETag'], sometimes: ['Preference-Applied'] } as const;
  return applyDecorators(
    ...operation('getProcessStatus', 'Get the state of one process, and optionally wait for its end'),
    correlationIdParam,
    ApiQuery({
      name: 'wait',
      required: false,
      description: 'Seconds to wait while the process is pending.',
      schema: { type: 'integer', minimum: 0 },
    }),
    preferHeader,
    ApiHeader({
      name: 'If-None-Match',
      description:
        'The state that the client already has; with a wait, the request waits for a change of this state.',
      required: false,
      schema: text,
    }),
    ...answers(
      {
        200: json('ProcessView', 'The process finished.', headers, OK_EXAMPLE),
        202: json(
          'ProcessView',
          'The process is still running.',
          {
            ...headers,
            always: [...headers.always, 'Retry-After'],
          },
          PENDING_EXAMPLE,
        ),
        304: {
          description: 'The client already has this state.',
          ...headers,
          sometimes: [...headers.sometimes, 'Retry-After'],
        },
        422: errorOutcome('ProcessView', headers),
        500: json('ProcessView', 'The process ended in error.', headers, ERROR_EXAMPLES),
      },
      { ...ID_PROBLEMS, 400: 'A parameter is not valid.' },
    ),
  );
};

/** Request and responses of `GET status/all`. */
export const DocumentList = (): MethodDecorator =>
  applyDecorators(
    ...operation('listProcesses', 'List the active processes, or with parameters a page of all processes'),
    ...answers({ 200: json('ProcessList', 'Newest first.') }, { 400: 'A parameter is not valid.' }),
  );

/** Request and responses of `GET definitions`. */
export const DocumentDefinitions = (): MethodDecorator =>
  applyDecorators(
    ...operation('listDefinitions', 'List the processes that can be started'),
    ApiQuery({
      name: 'after',
      required: false,
      description: 'The `nextAfter` of the previous page.',
      schema: text,
    }),
    ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 500 } }),
    ...answers({ 200: json('DefinitionList', 'By key.') }, { 400: 'A parameter is not valid.' }),
  );

/** Request and responses of `POST complete`. */
export const DocumentComplete = (): MethodDecorator =>
  applyDecorators(
    ...operation('completeProcess', 'Report the outcome of a process from a task outside the service'),
    ApiBody(ref('CompleteRequest')),
    ...answers(
      { 200: json('CompleteAnswer', 'The outcome is committed.', { always: ['Process-Status'] }) },
      {
        ...CHANGE_PROBLEMS,
        400: 'The request is not valid.',
        404: 'The id is unknown, and `COMPLETE_UNKNOWN` is `refuse`.',
        409: 'The process already has a different outcome.',
      },
    ),
  );

/** Request and responses of `POST cancel/{correlationId}`. */
export const DocumentCancel = (): MethodDecorator => {
  const headers = { always: ['Process-Status'] } satisfies Partial<Answer>;
  return applyDecorators(
    ...operation('cancelProcess', 'Cancel a process'),
    correlationIdParam,
    ApiBody({ ...ref('CancelRequest'), required: false }),
    ...answers(
      {
        200: json('ProcessView', 'The process is cancelled and its instance deleted.', headers),
        202: json('ProcessView', 'The engine is unavailable; the cancel is stored and carried out later.', {
          ...headers,
          sometimes: ['Retry-After', 'Location'],
        }),
      },
      {
        ...ID_PROBLEMS,
        ...CHANGE_PROBLEMS,
        400: 'The request is not valid.',
        409: 'The process has already ended, or ends before the cancel.',
      },
    ),
  );
};

/** Request and responses of `GET events/{correlationId}`. */
export const DocumentEvents = (): MethodDecorator =>
  applyDecorators(
    ...operation('getProcessEvents', 'Get the trail of a process as a page or as a live stream'),
    correlationIdParam,
    ApiHeader({
      name: 'Last-Event-ID',
      description: 'For a stream: the id of the last event that the client received.',
      required: false,
      schema: text,
    }),
    ...answers(
      {
        200: {
          description:
            'The events, oldest first; the last event of a stream is `end` with the `ProcessView`.',
          content: { 'application/json': ref('EventList'), 'text/event-stream': { schema: text } },
          always: ['Vary'],
          sometimes: ['Process-Status'],
        },
      },
      { ...ID_PROBLEMS, 400: 'A parameter is not valid.' },
    ),
  );
