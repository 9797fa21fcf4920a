import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createConfiguration } from '../../src/config/index.js';
import { adviseOn } from '../../src/config/environment.advice.js';
import { SECRET_FILES, VARIABLES } from '../../src/config/environment.schema.js';

/** Variables that Node reads itself. */
const OF_NODE = ['NODE_OPTIONS'];

/** Where secrets are mounted. */
const SECRETS = '/run/secrets/';

/** What a secret contains, by the variable that names its file. */
const CONTENTS: Readonly<Record<string, string>> = {
  REDIS_URL_FILE: 'redis://fastify-camunda:secret@redis:6379',
};

/** The names in an environment that neither the service nor Node knows. */
export function unknownVariables(environment: Readonly<Record<string, string>>): string[] {
  const known = new Set([...Object.keys(VARIABLES), ...SECRET_FILES.values(), ...OF_NODE]);
  return Object.keys(environment).filter((name) => !known.has(name));
}

/** The secrets that an environment reads, as paths. */
export function secretsIn(environment: Readonly<Record<string, string>>): string[] {
  return Object.values(environment).filter((value) => value.startsWith(SECRETS));
}

/**
 * The configuration of a service that is deployed with an environment: each secret is a file with a value.
 *
 * @throws ConfigurationError if the service would refuse it, Error if it would warn of it
 */
export function deployedConfiguration(
  environment: Readonly<Record<string, string>>,
): ReturnType<typeof createConfiguration> {
  const folder = mkdtempSync(join(tmpdir(), 'deployed-'));
  try {
    const entries = Object.entries(environment).map(([name, value]): [string, string] => {
      if (!value.startsWith(SECRETS)) return [name, value];
      const path = join(folder, value);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, CONTENTS[name] ?? 'secret');
      return [name, path];
    });
    const variables = Object.fromEntries(entries);
    const advice = adviseOn(variables);
    if (advice.length > 0) throw new Error(advice.join('\n'));
    return createConfiguration(variables);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
