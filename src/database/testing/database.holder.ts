import { Logger } from '@nestjs/common';
import { openDatabaseConnection } from '../database.opener.js';
import { sqliteConfig } from './database.fixture.js';

/** A process that opens the database of a folder, says `open` or why not, and keeps it until it is killed. */
Logger.overrideLogger(false);
try {
  await openDatabaseConnection(sqliteConfig(process.argv[2] ?? ''));
  process.stdout.write('open\n');
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
