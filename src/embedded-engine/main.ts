/** What a signal does: while the engine is loaded nothing is open, and the process ends at once. */
const signalled: { act: () => void } = { act: () => process.exit(0) };
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    signalled.act();
  });
}

// Loading takes most of a start.
const { runProgram } = await import('./engine.program.js');
const ended = new Promise<void>((resolve) => {
  signalled.act = resolve;
});
process.exitCode = await runProgram(process.argv.slice(2), ended);
