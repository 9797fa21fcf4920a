import type { ProcessRecord } from '../../process-store/index.js';

/** The representations that a client has, from `If-None-Match`: any, or those with these opaque tags. */
export type HeldTags = 'any' | ReadonlySet<string>;

const ENTITY_TAG = /(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/** The strong entity tag of a process: it changes with every change of what a client sees. */
export function entityTagOf({ startedAt, version }: ProcessRecord): string {
  return `"${startedAt.getTime()}-${version}"`;
}

/**
 * Reads `If-None-Match` (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2).
 *
 * @returns null if the header is absent or names no tag
 */
export function readIfNoneMatch(header: string | undefined): HeldTags | null {
  if (header === undefined) return null;
  if (header.trim() === '*') return 'any';
  const tags = Array.from(header.matchAll(ENTITY_TAG), ([, opaque = '']) => opaque);
  return tags.length === 0 ? null : new Set(tags);
}

/** Whether the client has this representation, by weak comparison: strong and weak tags are equal. */
export function holds(held: HeldTags, entityTag: string): boolean {
  return held === 'any' || held.has(entityTag.slice(1, -1));
}
