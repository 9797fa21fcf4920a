/** Maximum size of a resource, in bytes: parsing blocks the event loop, and real processes are far smaller. */
export const MAX_BPMN_BYTES = 5 * 1024 * 1024;

/** A resource that is rejected before it is parsed. */
export class XmlRefusedError extends Error {
  override readonly name = 'XmlRefusedError';
}

/**
 * Returns the text of a resource, safe to parse: limited in size, decoded, without a document type (and so without
 * custom entities), and with Operaton's namespace mapped to Camunda's.
 *
 * @throws XmlRefusedError
 */
export function readXml(content: string | Uint8Array): string {
  if (content.length > MAX_BPMN_BYTES) {
    throw new XmlRefusedError(
      `The resource has ${content.length} bytes, at most ${MAX_BPMN_BYTES} are accepted`,
    );
  }
  const text = typeof content === 'string' ? content : decode(content);
  refuseDeclarations(text);
  return readOperatonAsCamunda(text);
}

function decode(bytes: Uint8Array): string {
  const declared = /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(
    new TextDecoder('latin1').decode(bytes.subarray(0, 200)),
  );
  const encoding = byteOrderMark(bytes) ?? declared?.[1] ?? 'utf-8';
  try {
    // The declaration is removed with the encoding: the parser would warn about an encoding that the text no longer
    // has.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/^<\?xml[^>]*?\?>/, '');
  } catch {
    throw new XmlRefusedError(`The resource is not text in ${encoding}`);
  }
}

function byteOrderMark(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return null;
}

/** Without a document type `<!` starts only comments and CDATA. */
function refuseDeclarations(text: string): void {
  for (let at = text.indexOf('<!'); at !== -1;) {
    const closer = text.startsWith('<!--', at) ? '-->' : text.startsWith('<![CDATA[', at) ? ']]>' : null;
    if (closer === null) throw new XmlRefusedError('A DOCTYPE or entity declaration is not accepted');
    const end = text.indexOf(closer, at + 4);
    if (end === -1) return;
    at = text.indexOf('<!', end + closer.length);
  }
}

const OPERATON_NAMESPACE = /(\bxmlns(?::[\w.-]+)?\s*=\s*)(["'])http:\/\/operaton\.org\/schema\/1\.0\/bpmn\2/g;

function readOperatonAsCamunda(text: string): string {
  return text.replaceAll(OPERATON_NAMESPACE, '$1$2http://camunda.org/schema/1.0/bpmn$2');
}
