import type { Logger } from '@nestjs/common';
import { z } from 'zod';

/**
 * Paths of the members of a value that its object schema does not have and therefore drops, for example `order.note`.
 *
 * Covers objects, arrays, records and optional values; unions, transformations and the like are skipped.
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

/** Warns once per topic and member of returned members that the output schema does not have. */
export class UnknownMembers {
  private readonly warned = new Set<string>();

  constructor(private readonly logger: Pick<Logger, 'warn'>) {}

  warn(topic: string, paths: readonly string[]): void {
    for (const path of paths) {
      // All items of an array share one warning.
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

/** Member names may come from data, so their number is bounded. */
const MOST_WARNINGS = 1_000;
