/**
 * A call to the outside that failed: answered with a status that is not 2xx, or not answered.
 *
 * Its message can reach a client as the error of a process, so it names the path and not the host.
 */
export class HttpCallError extends Error {
  override readonly name = 'HttpCallError';

  constructor(
    readonly method: string,
    /** Without credentials and with masked query values. */
    readonly url: string,
    /** Null where no answer came. */
    readonly status: number | null,
    /** The answer's body, parsed where it is JSON, cut at 64 KiB; null where there is none. */
    readonly body: unknown,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${method} ${new URL(url).pathname}: ${reason}`, options);
  }
}
