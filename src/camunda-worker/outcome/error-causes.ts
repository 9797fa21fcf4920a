/** An error, its cause, the cause of that, and so on; ends at a cause that repeats. */
export function causesOf(error: Error): readonly Error[] {
  const seen = new Set<Error>();
  for (let cause: unknown = error; cause instanceof Error && !seen.has(cause); cause = cause.cause)
    seen.add(cause);
  return [...seen];
}
