/** Value of `Content-Disposition`: a name of header characters, and the full name as in RFC 5987. */
export function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e\xa0-\xff]|["\\]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeName(fileName)}`;
}

function encodeName(fileName: string): string {
  // A lone surrogate has no UTF-8 form.
  return encodeURIComponent(fileName.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
