/**
 * Waits for a promise, but no longer than the timeout.
 *
 * @param ms timeout in milliseconds
 * @returns its value, or undefined if the timeout elapsed first
 * @throws what the promise rejects with before the timeout
 */
export async function withinTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
