/** The engine's file cannot be used; the message is one sentence for the operator, with the remedy. */
export class EngineFileError extends Error {
  override readonly name = 'EngineFileError';
}

/** What SQLite or the operating system calls an error: `SQLITE_FULL`, `EACCES`; else its text. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
