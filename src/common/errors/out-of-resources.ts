/** Error codes for a process or a machine without free file descriptors or socket buffers. */
const CODES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS']);

/** True if the error, or one of its causes, says that file descriptors or buffers are exhausted: a temporary fault of this service. */
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
