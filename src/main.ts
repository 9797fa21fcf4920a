import { SignalStop } from './signal.stop.js';

// Before anything else is loaded, which takes most of a boot.
const stop = new SignalStop();
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
