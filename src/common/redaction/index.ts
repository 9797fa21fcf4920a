export { LogRedactor } from './log.redactor.js';
export { isRedactedPath } from './redacted-paths.js';
export { Redactor } from './redactor.js';
export { DEFAULT_SECRET_NAMES } from './secret-names.js';
