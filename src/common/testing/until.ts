/** Milliseconds between two checks of a condition. */
const INTERVAL_MS = 5;

/** Resolves when a condition is true; if it never is, the timeout of the test ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => {
      setTimeout(resolve, INTERVAL_MS);
    });
  }
}
