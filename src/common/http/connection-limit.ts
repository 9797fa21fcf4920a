import { readFileSync } from 'node:fs';

/** Connections to one host may use an eighth of the file descriptors; the rest is for clients, probes and files. */
const PART = 8;

/**
 * Most open connections to one host.
 *
 * @param configured `HTTP_MAX_CONNECTIONS`
 * @param descriptors file descriptors that the process may open; null if unknown
 */
export function connectionLimit(configured: number, descriptors = descriptorLimit()): number {
  if (descriptors === null) return configured;
  return Math.max(1, Math.min(configured, Math.floor(descriptors / PART)));
}

/**
 * Most connections that the server accepts: at most half of the file descriptors, so that files and calls have some left.
 *
 * @param configured `HTTP_CONNECTIONS_MAX`
 * @param descriptors file descriptors that the process may open; null if unknown
 */
export function inboundLimit(configured: number, descriptors = descriptorLimit()): number {
  return descriptors === null ? configured : Math.max(1, Math.min(configured, Math.floor(descriptors / 2)));
}

/** The soft limit of open files, as `ulimit -n` shows it; null if unknown. */
function descriptorLimit(): number | null {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}
