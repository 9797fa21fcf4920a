export { type FileCheck, quickCheck, wholeCheck } from './file.check.js';
export { type FileLock, lockFile } from './file.lock.js';
export { makeFolder } from './folder.maker.js';
export { makeFolderPrivate } from './private.files.js';
export { codeOf, isDamage, isDiskTrouble, RESTORE_GUIDE } from './sqlite.faults.js';
export { findUnwritable, isNoPermission, noPermission } from './write.permission.js';
