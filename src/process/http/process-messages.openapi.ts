import { applyDecorators } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import {
  answers,
  errorOutcome,
  json,
  operation,
  preferHeader,
  PROCESS_HEADERS,
  ref,
} from './openapi.answers.js';
import { OK_EXAMPLE, PENDING_EXAMPLE } from './process.examples.js';

/** Request and responses of `POST message`. */
export const DocumentMessage = (): MethodDecorator => {
  const headers = {
    always: [...PROCESS_HEADERS, 'Process-Message'],
    sometimes: ['Idempotent-Replayed', 'Preference-Applied'],
  } as const;
  return applyDecorators(
    ...operation('sendMessage', 'Send a message to a process that waits for it, or start a process with it'),
    preferHeader,
    ApiBody(ref('MessageRequest')),
    ...answers(
      {
        200: json(
          'ProcessView',
          'A process has the message, and finished within the wait.',
          headers,
          OK_EXAMPLE,
        ),
        202: json(
          'ProcessView',
          'A process has the message; request its status at `Location`.',
          {
            always: [...headers.always, 'Retry-After', 'Location'],
            sometimes: [...headers.sometimes, 'Process-Waiting'],
          },
          PENDING_EXAMPLE,
        ),
        422: errorOutcome('ProcessView', headers),
        500: json('ProcessView', 'The process has the message, and ended in error.', headers),
      },
      {
        400: 'The request or its variables are not valid; nothing was stored.',
        404: 'Nobody waits for the message now, and it starts no process; nothing was stored.',
        409:
          'Several wait for the message, the process has ended or cannot take it, another request sends it, ' +
          'or its `messageId` or `correlationId` belongs to another content.',
        413: 'The body is too large.',
        415: 'The body is not JSON.',
        503: 'The message could not be sent, or with `accepted: unknown` its fate is in doubt.',
      },
    ),
  );
};
