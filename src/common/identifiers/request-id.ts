/** The grammar of a request id that is taken over from others, of which a header or a variable may hold anything. */
const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** True where the text can be a request id. */
export function isRequestId(text: string): boolean {
  return REQUEST_ID_PATTERN.test(text);
}
