import { readEnvironment } from '../config/index.js';
import { apiKeyCommand } from './api-keys/api-key.command.js';

/** `npm run api-key`: creates an API key and adds it to the key file. */
try {
  apiKeyCommand(process.argv.slice(2), readEnvironment().API_KEYS_FILE, (line) => {
    process.stdout.write(`${line}\n`);
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
