import { ApiHeader, ApiOperation, ApiResponse, ApiTags, type ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';
import { PROBLEM_MEDIA_TYPE } from '../../common/errors/index.js';
import { messageRequestSchema } from './process-messages.schemas.js';
import {
  bpmnErrorRequestSchema,
  claimRequestSchema,
  completeTaskRequestSchema,
  taskListSchema,
  taskSchema,
  taskSuccessionSchema,
  unclaimRequestSchema,
} from './process-tasks.schemas.js';
import type { Examples } from './process.examples.js';
import {
  completeAnswerSchema,
  cancelRequestSchema,
  completeRequestSchema,
  definitionListSchema,
  eventListSchema,
  problemSchema,
  processListSchema,
  processViewSchema,
  startRequestSchema,
} from './process.schemas.js';

const SCHEMAS = {
  StartRequest: z.toJSONSchema(startRequestSchema, { io: 'input' }),
  CancelRequest: z.toJSONSchema(cancelRequestSchema, { io: 'input' }),
  CompleteRequest: z.toJSONSchema(completeRequestSchema, { io: 'input' }),
  ProcessView: z.toJSONSchema(processViewSchema),
  ProcessList: z.toJSONSchema(processListSchema),
  EventList: z.toJSONSchema(eventListSchema),
  CompleteAnswer: z.toJSONSchema(completeAnswerSchema),
  DefinitionList: z.toJSONSchema(definitionListSchema),
  Task: z.toJSONSchema(taskSchema),
  TaskList: z.toJSONSchema(taskListSchema),
  TaskSuccession: z.toJSONSchema(taskSuccessionSchema),
  ClaimRequest: z.toJSONSchema(claimRequestSchema, { io: 'input' }),
  UnclaimRequest: z.toJSONSchema(unclaimRequestSchema, { io: 'input' }),
  CompleteTaskRequest: z.toJSONSchema(completeTaskRequestSchema, { io: 'input' }),
  BpmnErrorRequest: z.toJSONSchema(bpmnErrorRequestSchema, { io: 'input' }),
  MessageRequest: z.toJSONSchema(messageRequestSchema, { io: 'input' }),
  Problem: z.toJSONSchema(problemSchema),
};

type SchemaName = keyof typeof SCHEMAS;

/** The bodies of this API by name, as JSON Schema 2020-12, which OpenAPI 3.1 uses without changes. */
export const BODY_SCHEMAS: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(SCHEMAS).map(([name, { $schema: _dialect, ...schema }]) => [name, schema]),
);

type Schema = Extract<ApiBodyOptions, { readonly schema: unknown }>['schema'];

/** The schema of a text. */
export const text: Schema = { type: 'string' };

/** The headers of answers. */
const HEADERS = {
  'X-Request-Id': {
    description: 'The id of the request in the log: the id that the client sent, or a new one.',
    schema: text,
  },
  'Cache-Control': { description: '`no-store` for a problem.', schema: text },
  'Process-Status': {
    description: 'The state of the process.',
    schema: { type: 'string', enum: ['pending', 'ok', 'error'] },
  },
  'Retry-After': {
    description: 'Seconds to wait before the next request.',
    schema: { type: 'integer', minimum: 1, maximum: 86_400 },
  },
  Location: { description: 'The URL of the status of the process.', schema: text },
  'Idempotent-Replayed': {
    description: 'An identical start or message exists; the response describes its process.',
    schema: { type: 'string', enum: ['true'] },
  },
  'Process-Waiting': {
    description:
      'The response came before the end of the wait: the process waits only for these: `user-task`, `message`, `timer`.',
    schema: text,
  },
  'Process-Message': {
    description: 'What the message did: a process that waited for it has it, or it has started the process.',
    schema: { type: 'string', enum: ['correlated', 'started'] },
  },
  'Preference-Applied': { description: 'The preferences of `Prefer` that were applied.', schema: text },
  RateLimit: {
    description: 'What remains of the limit of requests, and the seconds until it renews.',
    schema: text,
  },
  'RateLimit-Policy': { description: 'The limit of requests, with `RATE_LIMIT_MAX`.', schema: text },
  'WWW-Authenticate': {
    description: 'How to authenticate, and what is wrong with the credentials (RFC 6750).',
    schema: text,
  },
  Vary: { description: 'The request headers on which the response depends.', schema: text },
  ETag: {
    description: 'Changes whenever the state changes; weak if the view has `waitingFor`.',
    schema: { type: 'string', pattern: '^(W/)?"\\d+-\\d+"$' },
  },
} satisfies Record<string, { readonly description: string; readonly schema: Schema }>;

type HeaderName = keyof typeof HEADERS;

/** Headers of every response. */
const COMMON_HEADERS: readonly HeaderName[] = ['X-Request-Id', 'Cache-Control'];

/** Headers that every response may have. */
const POSSIBLE_HEADERS: readonly HeaderName[] = ['RateLimit', 'RateLimit-Policy'];

/** One kind of response: the meaning of the status, the body, and the headers that are always or sometimes present. */
export interface Answer {
  readonly description: string;
  /** Schemas by media type; absent: no body. */
  readonly content?: Readonly<Record<string, { readonly schema: Schema; readonly examples?: Examples }>>;
  readonly always?: readonly HeaderName[];
  readonly sometimes?: readonly HeaderName[];
}

/** A reference to the schema of a body. */
export function ref(name: SchemaName): { readonly schema: { readonly $ref: string } } {
  return { schema: { $ref: `#/components/schemas/${name}` } };
}

/** A JSON answer. */
export function json(
  name: SchemaName,
  description: string,
  headers: Omit<Answer, 'description'> = {},
  examples?: Examples,
): Answer {
  const content = examples === undefined ? ref(name) : { ...ref(name), examples };
  return { description, content: { 'application/json': content }, ...headers };
}

/** Problems that any route may return. */
const COMMON_PROBLEMS: Readonly<Record<number, string>> = {
  401: 'The request has no valid credentials; `WWW-Authenticate` says what is expected.',
  403: 'The caller lacks the scope of the route, or may not use this process.',
  406: '`Accept` names no media type that this route can return.',
  429: 'The caller has sent more requests than `RATE_LIMIT_MAX`, or has too many open waits or streams; repeat the request after `Retry-After`.',
  500: 'The service failed.',
  503: 'The service cannot accept the request now; repeat it after `Retry-After`.',
};

/** Further problems of a route with a correlation id in its path. */
export const ID_PROBLEMS: Readonly<Record<number, string>> = {
  404: 'No process has this correlation id.',
  414: 'The correlation id is too long.',
};

/** Further problems of a route that changes something. */
export const CHANGE_PROBLEMS: Readonly<Record<number, string>> = {
  403: 'The caller lacks the scope of the route, or may not use this process, or a browser sent the request for another website.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
};

/** Documents every response of a route; one status may be both an outcome and a problem. */
export function answers(
  outcomes: Readonly<Record<number, Answer>>,
  problems: Readonly<Record<number, string>>,
): MethodDecorator[] {
  const allProblems = { ...COMMON_PROBLEMS, ...problems };
  const statuses = new Set([...Object.keys(outcomes), ...Object.keys(allProblems)].map(Number));
  return Array.from(statuses, (status) => {
    const outcome = outcomes[status];
    const problem = allProblems[status];
    if (problem === undefined) return response(status, outcome === undefined ? [] : [outcome]);
    const asProblem: Answer = {
      description: problem,
      content: { [PROBLEM_MEDIA_TYPE]: ref('Problem') },
      ...(status === 503 || status === 429 ? { always: ['Retry-After'] } : {}),
      ...(status === 401 ? { always: ['WWW-Authenticate'] } : {}),
      ...(status === 403 ? { sometimes: ['WWW-Authenticate'] } : {}),
    };
    return response(status, outcome === undefined ? [asProblem] : [outcome, asProblem]);
  });
}

/** One status; a header is required if every kind always has it. */
function response(status: number, kinds: readonly Answer[]): MethodDecorator {
  const always = (name: HeaderName): boolean =>
    COMMON_HEADERS.includes(name) || kinds.every((kind) => kind.always?.includes(name));
  const content = kinds.flatMap((kind) => Object.entries(kind.content ?? {}));
  const names = new Set([
    ...COMMON_HEADERS,
    ...POSSIBLE_HEADERS,
    ...kinds.flatMap((kind) => [...(kind.always ?? []), ...(kind.sometimes ?? [])]),
  ]);
  return ApiResponse({
    status,
    description: kinds.map(({ description }) => description).join(' Or a problem: '),
    headers: Object.fromEntries(
      Array.from(names, (name) => [name, { ...HEADERS[name], required: always(name) }] as const),
    ),
    ...(content.length === 0 ? {} : { content: Object.fromEntries(content) }),
  });
}

const PROCESS_TAG = 'process';

/** The name and the summary of a route. */
export const operation = (operationId: string, summary: string): MethodDecorator[] => [
  ApiTags(PROCESS_TAG),
  ApiOperation({ summary, operationId }),
];

/** The header `Prefer`. */
export const preferHeader = ApiHeader({
  name: 'Prefer',
  description: 'RFC 7240: `wait=N` in seconds, `respond-async`.',
  required: false,
  schema: text,
});

/** Headers of every response about one process. */
export const PROCESS_HEADERS: readonly HeaderName[] = ['Process-Status', 'Vary'];

/** An outcome `error` of a process, with the status that `PROCESS_ERROR_HTTP_STATUS=422` gives it. */
export function errorOutcome(name: SchemaName, headers: Omit<Answer, 'description'>): Answer {
  return json(name, 'The process ended in error, with `PROCESS_ERROR_HTTP_STATUS=422`.', headers);
}
