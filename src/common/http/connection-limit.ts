import { readFileSync } from 'node:fs';

/** Part of the descriptors that connections to one host may take: the rest is for clients, probes and files. */
const PART = 8;

/**
 * How many connections to one host may be open.
 *
 * @param configured `HTTP_MAX_CONNECTIONS`
 * @param descriptors what the process may open; null where the system does not say
 */
export function connectionLimit(configured: number, descriptors = descriptorLimit()): number {
  if (descriptors === null) return configured;
  return Math.max(1, Math.min(configured, Math.floor(descriptors / PART)));
}

/** The soft limit of open files, as `ulimit -n` shows it; null where the system does not say. */
function descriptorLimit(): number | null {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}
