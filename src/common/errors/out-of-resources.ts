/** What the system says when this process, or the machine, has no descriptor or buffer left for a file or a socket. */
const CODES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS']);

/** True for an error of the system being out of descriptors or buffers, or that was caused by one: our own trouble, which passes. */
export function isOutOfResources(error: unknown): boolean {
  const seen = new Set<unknown>();
  const look = (cause: unknown): boolean => {
    if (!(cause instanceof Error) || seen.has(cause)) return false;
    seen.add(cause);
    if (CODES.has((cause as NodeJS.ErrnoException).code)) return true;
    return look(cause.cause) || (cause instanceof AggregateError && cause.errors.some(look));
  };
  return look(error);
}
