import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { correlationIdSchema } from '../common/identifiers/index.js';
import { isWellFormed, jsonFault } from '../common/json/index.js';

/** The codes that this service sets itself; a completion may not use them. */
export const RESERVED_ERROR_CODES = [
  'INCIDENT',
  'CANCELLED',
  'EXPIRED',
  'ENDED_WITHOUT_RESULT',
  'START_REJECTED',
] as const;

/** A process's own error code. */
export const ERROR_CODE_PATTERN = /^[A-Z][A-Z0-9_]{0,63}$/;

/** Process definition keys are XML names in the `.bpmn`; the engine's column takes 255 characters. */
const processKeySchema = z.string().regex(/^[A-Za-z_][\w.-]{0,254}$/, {
  error: 'must be the key of a process definition, at most 255 characters',
});

const jsonObject = z.record(z.string(), z.unknown(), { error: 'must be a JSON object' });

export const startRequestSchema = z.strictObject({
  processKey: processKeySchema,
  correlationId: correlationIdSchema.optional(),
  variables: jsonObject.default({}),
});

export const errorCodeSchema = z
  .string()
  .regex(ERROR_CODE_PATTERN, { error: 'must be A-Z, then A-Z 0-9 _, at most 64 characters' })
  .refine((code) => !(RESERVED_ERROR_CODES as readonly string[]).includes(code), {
    error: `must not be one of the service's own: ${RESERVED_ERROR_CODES.join(', ')}`,
  });

/** Any JSON that can be kept as it came. */
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
        .refine(isWellFormed, { error: 'holds half a character (a lone surrogate)' })
        .optional(),
      errorCode: errorCodeSchema.optional(),
    }),
  ],
  { error: 'must be ok or error' },
);

const time = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with a zone' });

export const listQuerySchema = z
  .strictObject({
    status: z.enum(['pending', 'ok', 'error'], { error: 'must be pending, ok or error' }).optional(),
    processKey: processKeySchema.optional(),
    startedAfter: time.optional(),
    startedBefore: time.optional(),
    limit: z.coerce.number().int().min(1).max(500).optional(),
    cursor: z.string().max(1_000).optional(),
    include: z.literal('data', { error: 'must be data' }).optional(),
  })
  .refine((query) => query.include === undefined || (query.limit ?? 20) <= 20, {
    path: ['limit'],
    error: 'must be at most 20 with include=data',
  });

export const processViewSchema = z.object({
  correlationId: z.string().max(255),
  processKey: z.string().nullable(),
  status: z.enum(['pending', 'ok', 'error']),
  data: z.unknown().nullable(),
  error: z.string().nullable(),
  errorCode: z.string().nullable(),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  statusUrl: z.string(),
});

export const processListSchema = z.object({
  count: z.int(),
  processes: z.array(processViewSchema.extend({ hasData: z.boolean().optional() })),
  nextCursor: z.string().nullable(),
});

export const completeAnswerSchema = z.object({
  received: z.literal(true),
  duplicate: z.literal(true).optional(),
});

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  correlationId: z.string().optional(),
  processStatus: z.enum(['pending', 'ok', 'error']).optional(),
  statusUrl: z.string().optional(),
});

export class StartRequest extends createZodDto(startRequestSchema) {}
export class ListQuery extends createZodDto(listQuerySchema) {}

export type CompleteRequest = z.output<typeof completeRequestSchema>;
