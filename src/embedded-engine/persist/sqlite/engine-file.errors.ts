/** The engine's file cannot be used. The message is one sentence for the operator, with the remedy. */
export class EngineFileError extends Error {
  override readonly name = 'EngineFileError';

  /** @param options.isDamaged whether the content is damaged, so that retries do not help */
  constructor(message: string, options: ErrorOptions & { readonly isDamaged?: boolean } = {}) {
    super(message, options);
    this.isDamaged = options.isDamaged ?? false;
  }

  readonly isDamaged: boolean;
}
