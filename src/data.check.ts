import { type FileCheck, RESTORE_GUIDE, wholeCheck } from './common/sqlite-file/index.js';
import { createConfiguration, readEnvironment } from './config/index.js';
import { sqlitePath } from './database/index.js';
import { engineFilePath } from './embedded-engine/index.js';

/**
 * Checks the SQLite files of `DATA_DIR` for damage and prints the results; the service may be running.
 *
 * @returns the exit code: 0 if no file is damaged
 */
export async function checkData(): Promise<number> {
  const { dataDir } = createConfiguration(readEnvironment()).database;
  let code = 0;
  for (const path of [sqlitePath(dataDir), engineFilePath(dataDir)]) {
    const check = await wholeCheck(path);
    console.log(`${path} ${sentenceOf(check)}`);
    if (check.status !== 'sound' && check.status !== 'missing') code = 1;
  }
  return code;
}

function sentenceOf(check: FileCheck): string {
  switch (check.status) {
    case 'sound':
      return 'is sound.';
    case 'missing':
      return 'does not exist.';
    case 'damaged':
      return `is damaged: ${check.findings}. Restore it from a backup as ${RESTORE_GUIDE} says.`;
    case 'unreadable':
      return `cannot be read: ${check.reason}.`;
    case 'unfinished':
      return 'could not be read completely.';
  }
}
