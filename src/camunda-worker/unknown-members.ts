import type { Logger } from '@nestjs/common';
import { z } from 'zod';

/**
 * The members of a value that an object schema does not have and therefore leaves out, by their paths: `order.note`.
 *
 * Looks into objects, lists, records and what is optional; of unions, transformations and the like it says nothing.
 */
export function membersWithoutSchema(
  schema: unknown,
  value: unknown,
  path: readonly string[] = [],
): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return membersWithoutSchema(schema.unwrap(), value, path);
  if (schema instanceof z.ZodRecord)
    return Object.entries(value).flatMap(([name, item]) =>
      membersWithoutSchema(schema.valueType, item, [...path, name]),
    );
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.flatMap((item, index) =>
      membersWithoutSchema(schema.element, item, [...path, String(index)]),
    );
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Readonly<Record<string, unknown>>;
  const isOpen = schema.def.catchall !== undefined;
  return Object.entries(value).flatMap(([name, member]) => {
    const memberPath = [...path, name];
    if (Object.hasOwn(shape, name)) return membersWithoutSchema(shape[name], member, memberPath);
    return isOpen || member === undefined ? [] : [memberPath.join('.')];
  });
}

/** Warns of returned members that an output schema does not have, once for each topic and member. */
export class UnknownMembers {
  private readonly warned = new Set<string>();

  constructor(private readonly logger: Pick<Logger, 'warn'>) {}

  warn(topic: string, paths: readonly string[]): void {
    for (const path of paths) {
      // The tenth item of a list says no more than the first.
      const member = path.replace(/(^|\.)\d+(?=\.|$)/g, '$1*');
      const key = `${topic} ${member}`;
      if (this.warned.has(key) || this.warned.size >= MOST_WARNINGS) continue;
      this.warned.add(key);
      this.logger.warn({
        msg: 'A handler returned a member that its output schema does not have; it was left out.',
        topic,
        member,
        remedy: 'Add it to the schema, or do not return it. With strict: true it is an incident.',
      });
    }
  }
}

/** Names may come from data, so their number is bounded. */
const MOST_WARNINGS = 1_000;
