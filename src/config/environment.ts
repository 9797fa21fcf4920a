import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

/**
 * Reads the environment, and adds the variables of a `.env` file in the working directory. No other code reads it.
 *
 * Variables of the environment take precedence over the file.
 */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  if (existsSync('.env')) loadEnvFile('.env');
  return { ...process.env };
}
