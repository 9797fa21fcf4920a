/** The signal handler. While modules load nothing is open, so the process exits at once. */
const signalled: { act: () => void } = { act: () => process.exit(0) };
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    signalled.act();
  });
}

// Loading the modules takes most of the start-up time.
const { runProgram } = await import('./engine.program.js');
const ended = new Promise<void>((resolve) => {
  signalled.act = resolve;
});
process.exitCode = await runProgram(process.argv.slice(2), ended);
