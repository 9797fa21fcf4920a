import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { correlationIdSchema } from '../../common/identifiers/index.js';
import { isWellFormed } from '../../common/json/index.js';
import {
  GIVEN_ONCE,
  jsonObject,
  processKeySchema,
  processViewSchema,
  wholeNumber,
} from './process.schemas.js';

/** Most names of variables in one request. */
const MAX_NAMES = 20;

/** Most tasks of a page. */
const MAX_LIMIT = 100;

/** Most tasks of a page with variables. */
const MAX_LIMIT_WITH_VARIABLES = 20;

/** A text that every database of an engine can store and compare. */
export function engineText(maxLength: number) {
  return z
    .string({ error: 'must be one text' })
    .min(1, { error: 'must not be empty' })
    .max(maxLength, { error: `must have at most ${maxLength} characters` })
    .refine((text) => isWellFormed(text) && !text.includes('\0'), {
      error: 'must not contain NUL or a lone surrogate',
    });
}

/** Ids of tasks as the id generators of the engines create them. */
export const taskIdSchema = z.string().regex(/^[\w:.-]{1,64}$/, { error: 'must be the id of a task' });

const userIdSchema = engineText(255);

const variableNames = z
  .string({ error: GIVEN_ONCE })
  .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== ''))
  .refine((names) => names.length > 0 && names.length <= MAX_NAMES, {
    error: `must be 1 to ${MAX_NAMES} names, separated by commas`,
  });

const taskQuerySchema = z.strictObject({ variables: variableNames.optional() });

const taskListQuerySchema = z
  .strictObject({
    correlationId: correlationIdSchema.optional(),
    processKey: processKeySchema.optional(),
    assignee: userIdSchema.optional(),
    candidateGroup: engineText(255).optional(),
    name: engineText(255).optional(),
    variables: variableNames.optional(),
    limit: wholeNumber(1, MAX_LIMIT).optional(),
    cursor: z.string({ error: GIVEN_ONCE }).max(1_000, { error: 'is not a cursor' }).optional(),
  })
  .refine(
    ({ variables, limit = MAX_LIMIT_WITH_VARIABLES }) =>
      variables === undefined || limit <= MAX_LIMIT_WITH_VARIABLES,
    { path: ['limit'], error: `must be at most ${MAX_LIMIT_WITH_VARIABLES} with variables` },
  );

export const claimRequestSchema = z.strictObject({ userId: userIdSchema });

/** The body may be absent. */
export const unclaimRequestSchema = z.strictObject({ userId: userIdSchema.optional() }).nullish();

/** The body may be absent. */
export const completeTaskRequestSchema = z
  .strictObject({ variables: jsonObject.default({}), userId: userIdSchema.optional() })
  .nullish();

export const bpmnErrorRequestSchema = z.strictObject({
  errorCode: engineText(255),
  errorMessage: engineText(4_000).optional(),
  variables: jsonObject.default({}),
  userId: userIdSchema.optional(),
});

const text = z.string().nullable();

export const taskSchema = z.object({
  id: z.string(),
  name: text,
  description: text,
  taskDefinitionKey: z.string(),
  correlationId: z.string().max(255),
  processKey: text,
  assignee: text,
  candidateUsers: z.array(z.string()),
  candidateGroups: z.array(z.string()),
  formKey: text,
  priority: z.int(),
  suspended: z.boolean(),
  createdAt: z.iso.datetime(),
  dueDate: z.iso.datetime().nullable(),
  followUpDate: z.iso.datetime().nullable(),
  /** The variables that the request named; null for one that the task does not see. */
  variables: z.record(z.string(), z.unknown()).optional(),
});

export const taskListSchema = z.object({
  count: z.int(),
  tasks: z.array(taskSchema),
  nextCursor: z.string().nullable(),
});

/** The process after a task was completed, and its tasks that are open now. */
export const taskSuccessionSchema = processViewSchema.extend({ nextTasks: z.array(taskSchema) });

export class TaskQuery extends createZodDto(taskQuerySchema) {}
export class TaskListQuery extends createZodDto(taskListQuerySchema) {}

export type ClaimRequest = z.output<typeof claimRequestSchema>;
export type UnclaimRequest = z.output<typeof unclaimRequestSchema>;
export type CompleteTaskRequest = z.output<typeof completeTaskRequestSchema>;
export type BpmnErrorRequest = z.output<typeof bpmnErrorRequestSchema>;
