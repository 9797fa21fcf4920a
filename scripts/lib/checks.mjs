// Reports checks as lines of the Test Anything Protocol, which `.ci/run` counts.

/** Runs named checks in sequence. A failed check is reported and counted; the following checks still run. */
export class Checks {
  failed = 0;

  /** @returns what `check` returns, or undefined if it threw */
  async run(name, check) {
    try {
      const result = await check();
      console.log(`ok - ${name}`);
      return result;
    } catch (error) {
      this.failed += 1;
      console.log(`not ok - ${name}`);
      console.log(`# ${(error instanceof Error ? error.message : String(error)).replaceAll('\n', '\n# ')}`);
      return undefined;
    }
  }
}

/** @throws Error with the message if the condition is false */
export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** Repeats `attempt` until `done` accepts its result. @throws Error with the last result after the time limit */
export async function eventually(attempt, done, timeoutMs) {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const last = await attempt();
    if (done(last)) return last;
    if (Date.now() > until)
      throw new Error(`not within ${timeoutMs} ms; the last was ${JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
