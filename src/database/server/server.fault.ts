import type { DatabaseServerConfig } from '../../config/index.js';

/** Why a server cannot be used as configured, and what a person can do. */
export interface ServerFault {
  /** A clause: what is wrong. */
  readonly cause: string;
  /** A sentence: what to do. */
  readonly remedy: string;
  /** True if it may pass by itself, so that the boot waits; else waiting does not help. */
  readonly passes?: boolean;
}

/** What Node's TLS says of a certificate that it does not trust (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/** `host:port`, as a person would write it. */
export function addressOf({ host, port }: DatabaseServerConfig): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The codes of an error and of what caused it, outermost first. */
export function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, driverError, originalError, cause } = at as Record<string, unknown>;
    if (typeof code === 'string') codes.push(code);
    at = driverError ?? originalError ?? cause;
  }
  return codes;
}

/** The innermost message of an error: what the server or the network said. */
export function messageOf(error: unknown): string {
  // Not by class: what Node itself throws is of another one inside a test.
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, errors, code, driverError, originalError, cause } = error as Record<string, unknown>;
  // TypeORM repeats it, behind the names of classes.
  if (typeof driverError === 'object' && driverError !== null) return messageOf(driverError);
  // SQL Server's driver says that it could not connect; what the network said is behind it.
  if (code === 'ESOCKET') {
    const behind = originalError ?? cause;
    if (typeof behind === 'object' && behind !== null) return messageOf(behind);
  }
  // Of a host with several addresses, each of which was tried.
  if (Array.isArray(errors) && errors.length > 0) return messageOf(errors[0]);
  return typeof message === 'string' ? message : JSON.stringify(error);
}

/** The fault of a certificate that is not trusted; null if the error is another. */
export function certificateFault(error: unknown): ServerFault | null {
  if (
    !codesOf(error).some((code) => UNTRUSTED.test(code)) &&
    !/self[- ]signed certificate/i.test(messageOf(error))
  )
    return null;
  return {
    cause: `its certificate is not trusted (${messageOf(error)})`,
    remedy:
      'Set DB_CA_FILE to the certificate of the authority that signed it, or DB_TRUST_SERVER_CERTIFICATE=on to take any.',
  };
}
