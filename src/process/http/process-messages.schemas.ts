import { z } from 'zod';
import { correlationIdSchema } from '../../common/identifiers/index.js';
import { isWellFormed, jsonFault } from '../../common/json/index.js';
import { engineText } from './process-tasks.schemas.js';
import { jsonObject } from './process.schemas.js';

/** Most correlation keys of one message. */
const MAX_KEYS = 20;

/** Length of the engine's columns of names, and of a String variable. */
const MAX_NAME_LENGTH = 255;
const MAX_TEXT_LENGTH = 4_000;

/** A value that the engine can compare with a variable. */
const correlationKey = z
  .union([z.string(), z.number(), z.boolean()], { error: 'must be a text, a number, true or false' })
  .superRefine((value, context) => {
    const fault = keyFault(value);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  });

const correlationKeys = z
  .record(
    z
      .string()
      .min(1, { error: 'a variable must have a name' })
      .max(MAX_NAME_LENGTH, { error: `a name has at most ${MAX_NAME_LENGTH} characters` })
      .refine((name) => isWellFormed(name) && !name.includes('\0'), {
        error: 'a name must not contain NUL or a lone surrogate',
      }),
    correlationKey,
    { error: 'must be a JSON object' },
  )
  .refine((keys) => Object.keys(keys).length <= MAX_KEYS, { error: `must be at most ${MAX_KEYS} variables` });

export const messageRequestSchema = z.strictObject({
  messageName: engineText(MAX_NAME_LENGTH),
  correlationId: correlationIdSchema.optional(),
  correlationKeys: correlationKeys.default({}),
  variables: jsonObject.default({}),
  /** Identifies the message: a repetition is not correlated again. */
  messageId: correlationIdSchema.optional(),
});

export type MessageRequest = z.output<typeof messageRequestSchema>;

function keyFault(value: string | number | boolean): string | null {
  if (typeof value !== 'string') return jsonFault(value);
  if (value.length > MAX_TEXT_LENGTH) return `must have at most ${MAX_TEXT_LENGTH} characters`;
  return value.includes('\0') ? 'must not contain NUL' : jsonFault(value);
}
