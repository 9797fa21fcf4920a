import { createConfiguration, readEnvironment } from '../config/index.js';
import { migrationCommand } from './migration.commands.js';

/** `npm run migration:run|revert|show|generate`; new migrations are written to `migrations/` of the working folder. */
try {
  const { database } = createConfiguration(readEnvironment());
  await migrationCommand(process.argv.slice(2), database, 'migrations', (line) => {
    process.stdout.write(`${line}\n`);
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
