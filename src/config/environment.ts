import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

/**
 * Reads the environment, with what a `.env` file in the working directory adds to it; the only place that does.
 *
 * A variable that is set wins over the file.
 */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  if (existsSync('.env')) loadEnvFile('.env');
  return { ...process.env };
}
