import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS, SCHEMA_VERSION } from '../../migrations/index.js';
import type { DatabaseConfig } from '../config/index.js';
import { schemaAccess } from './database.opener.js';
import { migrate, readSchemaVersion, revertLast } from './migration.runner.js';
import { migrationSkeleton } from './migration.skeleton.js';
import type { SchemaAccess } from './schema.access.js';

const USAGE = 'Usage: migration run | revert | show | generate <name-in-kebab-case>';

/** The output of a command, line by line. */
type Print = (line: string) => void;

/**
 * Runs one migration command on the configured database.
 *
 * @param args the command and its arguments
 * @param folder where `generate` writes the new file
 * @throws Error with a message for the user
 */
export async function migrationCommand(
  args: readonly string[],
  config: DatabaseConfig,
  folder: string,
  print: Print,
): Promise<void> {
  const [command, name] = args;
  const schema = schemaAccess(config);
  switch (command) {
    case 'run':
      return schema.change(async (dataSource) => {
        const applied = await migrate(dataSource);
        applied.forEach((each) => {
          print(`Applied ${each}.`);
        });
        print(`The schema is at version ${await readSchemaVersion(dataSource)}.`);
      });
    case 'revert':
      return schema.change(async (dataSource) => {
        await revertLast(dataSource);
        print(`The schema is at version ${await readSchemaVersion(dataSource)}.`);
      });
    case 'show':
      return show(schema, print);
    case 'generate':
      if (name === undefined || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new Error(USAGE);
      return schema.change(async (dataSource) => {
        await migrate(dataSource);
        const skeleton = await migrationSkeleton(dataSource, name, SCHEMA_VERSION + 1, new Date());
        const path = join(folder, skeleton.fileName);
        writeFileSync(path, skeleton.source, { flag: 'wx' });
        print(`Wrote ${path}. Write its up and down, and add it to MIGRATIONS in migrations/index.ts.`);
      });
    default:
      throw new Error(USAGE);
  }
}

/** Only reads, so it works while the service runs. */
async function show(schema: SchemaAccess, print: Print): Promise<void> {
  const version = await schema.version();
  MIGRATIONS.forEach((migration, index) => {
    print(`[${index < version ? 'x' : ' '}] ${index + 1} ${migration.name}`);
  });
  for (let newer = SCHEMA_VERSION + 1; newer <= version; newer += 1)
    print(`[x] ${newer} of a newer version of the service`);
}
