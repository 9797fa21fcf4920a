/** How often a condition is looked at, in ms. */
const LOOK_MS = 5;

/** Resolves when a condition holds; a test that awaits one that never does ends by its own time-out. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
}
