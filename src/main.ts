import { SignalStop } from './signal.stop.js';

// Before anything else is loaded, which takes most of a boot.
const stop = new SignalStop();
// Node opens all files of a level of imports at once. Zod has fifty; loaded alone, they do not add to ours.
await import('zod');
const { boot, explain } = await import('./boot.js');
try {
  if (process.argv.includes('--check')) {
    const { checkData } = await import('./data.check.js');
    process.exit(await checkData());
  }
  await stop.during(boot(stop));
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}
