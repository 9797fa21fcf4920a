/** The engine's file cannot be used; the message is one sentence for the operator, with the remedy. */
export class EngineFileError extends Error {
  override readonly name = 'EngineFileError';

  /** @param options.isDamaged the content of the file is not what it should be, so that waiting changes nothing */
  constructor(message: string, options: ErrorOptions & { readonly isDamaged?: boolean } = {}) {
    super(message, options);
    this.isDamaged = options.isDamaged ?? false;
  }

  readonly isDamaged: boolean;
}
