import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { ERROR_CODE_PATTERN, RESERVED_ERROR_CODES } from '../../common/error-codes/index.js';
import { PROBLEMS } from '../../common/errors/index.js';
import { correlationIdSchema } from '../../common/identifiers/index.js';
import { isWellFormed, jsonFault } from '../../common/json/index.js';

/** Process definition keys are XML names in the `.bpmn`; the engine's column takes 255 characters. */
export const processKeySchema = z.string().regex(/^[A-Za-z_][\w.-]{0,254}$/, {
  error: 'must be the key of a process definition, at most 255 characters',
});

/** As in the path of an engine call, so no slash and no dot at the beginning; the engine's column takes 64 characters. */
const tenantIdSchema = z.string().regex(/^\w[\w.:@+~-]{0,63}$/, {
  error: 'must be a tenant of the engine: A-Z a-z 0-9 _ . : @ + ~ -, at most 64 characters',
});

/** ASCII without spaces at its ends; the engine's column takes 64 characters. */
const versionTagSchema = z.string().regex(/^(?! )[\x20-\x7e]{1,64}(?<! )$/, {
  error:
    'must be the version tag of a process definition: at most 64 printable ASCII characters, without a space at either end',
});

export const jsonObject = z.record(z.string(), z.unknown(), { error: 'must be a JSON object' });

export const startRequestSchema = z.strictObject({
  processKey: processKeySchema,
  correlationId: correlationIdSchema.optional(),
  tenantId: tenantIdSchema.optional(),
  versionTag: versionTagSchema.optional(),
  variables: jsonObject.default({}),
});

const errorCodeSchema = z
  .string()
  .regex(ERROR_CODE_PATTERN, { error: 'must be A-Z, then A-Z 0-9 _, at most 64 characters' })
  .refine((code) => !RESERVED_ERROR_CODES.includes(code), {
    error: `must not be one of the service's own: ${RESERVED_ERROR_CODES.join(', ')}`,
  });

/** Any JSON that can be stored unchanged. */
const keptJson = z.unknown().superRefine((value, context) => {
  const fault = jsonFault(value);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
});

export const completeRequestSchema = z.discriminatedUnion(
  'status',
  [
    z.strictObject({
      correlationId: correlationIdSchema,
      status: z.literal('ok'),
      data: keptJson.optional(),
    }),
    z.strictObject({
      correlationId: correlationIdSchema,
      status: z.literal('error'),
      error: z
        .string()
        .max(100_000)
        .refine(isWellFormed, { error: 'must not contain a lone surrogate' })
        .optional(),
      errorCode: errorCodeSchema.optional(),
    }),
  ],
  { error: 'must be ok or error' },
);

/** The body may be absent. */
export const cancelRequestSchema = z
  .strictObject({
    reason: z
      .string()
      .min(1)
      .max(10_000)
      .refine(isWellFormed, { error: 'must not contain a lone surrogate' })
      .optional(),
  })
  .nullish();

/** A repeated parameter arrives as a list. */
export const GIVEN_ONCE = 'must be given once';

function unlessRepeated(message: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => (Array.isArray(input) ? GIVEN_ONCE : message);
}

/** A time that every database supports; its zone may move it beyond a year of four digits. */
const time = z.iso
  .datetime({ offset: true, abort: true, error: unlessRepeated('must be an ISO 8601 time with a zone') })
  .refine((text) => /^(?!0000)\d{4}-/.test(new Date(text).toISOString()), {
    error: 'must be in the years 1 to 9999',
  });

/** A parameter that is a whole number. */
export function wholeNumber(min: number, max: number) {
  const error = `must be one whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error, abort: true }).min(min, { error }).max(max, { error });
}

/** Other parameters are ignored. */
const statusQuerySchema = z.object({
  wait: z
    .string({ error: GIVEN_ONCE })
    .regex(/^\d+$/, { error: 'must be a number of whole seconds' })
    .optional(),
});

/** The range of the column `seq`. */
const MAX_SEQ = 2_147_483_647;

/** Other parameters are ignored: some clients of event streams add their own. */
const eventsQuerySchema = z.object({
  after: wholeNumber(0, MAX_SEQ).optional(),
  limit: wholeNumber(1, 1_000).optional(),
});

export const lastEventIdSchema = z
  .string()
  .regex(/^\d{1,10}$/)
  .transform(Number)
  .pipe(z.number().max(MAX_SEQ));

const listQuerySchema = z
  .strictObject({
    status: z
      .enum(['pending', 'ok', 'error'], { error: unlessRepeated('must be pending, ok or error') })
      .optional(),
    processKey: processKeySchema.optional(),
    startedAfter: time.optional(),
    startedBefore: time.optional(),
    limit: wholeNumber(1, 500).optional(),
    cursor: z.string({ error: GIVEN_ONCE }).max(1_000, { error: 'is not a cursor' }).optional(),
    include: z.literal('data', { error: unlessRepeated('must be data') }).optional(),
  })
  .refine((query) => query.include === undefined || (query.limit ?? 20) <= 20, {
    path: ['limit'],
    error: 'must be at most 20 with include=data',
  });

const text = z.string().nullable();
const moment = z.iso.datetime().nullable();

const waitBase = { id: z.string(), name: text, activityId: text, since: moment };

/** What a pending process waits for. */
const waitingForSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('incident'), ...waitBase, incidentType: z.string(), message: text }),
  z.object({ kind: z.literal('userTask'), ...waitBase, assignee: text, due: moment, formKey: text }),
  z.object({ kind: z.literal('message'), ...waitBase, messageName: text }),
  z.object({ kind: z.literal('timer'), ...waitBase, due: moment }),
  z.object({
    kind: z.literal('externalTask'),
    ...waitBase,
    topicName: text,
    retries: z.int().nullable(),
  }),
]);

const definitionsQuerySchema = z.strictObject({
  after: z.string({ error: GIVEN_ONCE }).max(320, { error: 'must have at most 320 characters' }).optional(),
  limit: wholeNumber(1, 500).optional(),
});

export const processViewSchema = z.object({
  correlationId: z.string().max(255),
  processKey: z.string().nullable(),
  status: z.enum(['pending', 'ok', 'error']),
  data: z.unknown(),
  error: z.string().nullable(),
  errorCode: z.string().nullable(),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  statusUrl: z.string(),
  /** Only of a pending process; absent if it is not known. */
  waitingFor: z.array(waitingForSchema).max(20).optional(),
});

export const processListSchema = z.object({
  count: z.int(),
  processes: z.array(processViewSchema.extend({ hasData: z.boolean().optional() })),
  nextCursor: z.string().nullable(),
});

const json = z.unknown();

/** A row of `event_log`. */
const eventSchema = z.object({
  id: z.string(),
  correlationId: z.string().max(255),
  seq: z.int().min(1),
  eventKey: z.string(),
  stepName: z.string(),
  status: z.string(),
  httpMethod: text,
  endpoint: text,
  requestData: json,
  responseData: json,
  errorMessage: text,
  httpStatusCode: z.int().nullable(),
  batchId: text,
  traceabilityId: text,
  applicationId: text,
  targetSystem: text,
  originatingSystem: text,
  processName: text,
  step: z.int().nullable(),
  identifiers: json,
  result: text,
  metadata: json,
  executionTime: z.int().nullable(),
  createdAt: z.iso.datetime(),
});

export const eventListSchema = z.object({
  correlationId: z.string().max(255),
  events: z.array(eventSchema),
  /** The `after` of the next page; null if there are no more events now. */
  nextAfter: z.int().nullable(),
});

export const completeAnswerSchema = z.object({
  received: z.literal(true),
  duplicate: z.literal(true).optional(),
});

export const definitionListSchema = z.object({
  count: z.int(),
  definitions: z.array(
    z.object({
      key: z.string(),
      name: z.string().nullable(),
      /** Null if the engine does not have the definition. */
      version: z.int().nullable(),
      versionTag: z.string().nullable(),
      /** Null for a definition without tenant. */
      tenantId: z.string().nullable(),
      suspended: z.boolean(),
      definedHere: z.boolean(),
      resultDeclared: z.boolean(),
      startSchema: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
  /** The `after` of the next page; null on the last one. */
  nextAfter: z.string().nullable(),
});

export const problemSchema = z.object({
  type: z.enum(Object.keys(PROBLEMS).map((code) => `urn:fastify-camunda:problem:${code}`)),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  errors: z
    .array(z.object({ pointer: z.string(), detail: z.string() }))
    .max(20)
    .optional(),
  /** How many there are; `errors` has the first of them. */
  errorCount: z.int().optional(),
  correlationId: z.string().optional(),
  processStatus: z.enum(['pending', 'ok', 'error']).optional(),
  statusUrl: z.string().optional(),
  /** The outcome of a process that takes no message any more; without `data` if that is long. */
  outcome: z
    .object({
      status: z.enum(['ok', 'error']),
      data: z.unknown().optional(),
      error: z.string().nullable(),
      errorCode: z.string().nullable(),
    })
    .optional(),
  /** Who has the task, or had it when it ended. */
  assignee: z.string().nullable().optional(),
  /** When the task ended. */
  endedAt: z.iso.datetime().optional(),
  /** Whether the request was accepted is in doubt; it may safely be repeated. */
  accepted: z.literal('unknown').optional(),
});

export class StartRequest extends createZodDto(startRequestSchema) {}
export class StatusQuery extends createZodDto(statusQuerySchema) {}
export class EventsQuery extends createZodDto(eventsQuerySchema) {}
export class DefinitionsQuery extends createZodDto(definitionsQuerySchema) {}
export class ListQuery extends createZodDto(listQuerySchema) {}

export type CompleteRequest = z.output<typeof completeRequestSchema>;
export type CancelRequest = z.output<typeof cancelRequestSchema>;
