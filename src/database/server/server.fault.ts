import type { DatabaseServerConfig } from '../../config/index.js';

/** Why a server cannot be used as configured, and the remedy. */
export interface ServerFault {
  /** A clause: what is wrong. */
  readonly cause: string;
  /** A sentence: what to do. */
  readonly remedy: string;
  /** True if it may pass by itself, so that the boot waits. */
  readonly isTransient?: boolean;
}

/** Codes of Node's TLS for a certificate that is not trusted (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/** `host:port`, or `host\instance`, for messages. */
export function addressOf({ host, port, instance }: DatabaseServerConfig): string {
  if (instance !== null) return `${host}\\${instance}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The codes of an error and of its causes, outermost first. */
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

/** The errors behind an error, outermost first; several that happened together are listed one after the other. */
export function errorsOf(error: unknown, depth = 0): readonly object[] {
  if (depth > 5 || typeof error !== 'object' || error === null) return [];
  const { errors, driverError, originalError, cause } = error as Record<string, unknown>;
  const behind = Array.isArray(errors) ? (errors as unknown[]) : [driverError ?? originalError ?? cause];
  return [error, ...behind.flatMap((each) => errorsOf(each, depth + 1))];
}

/** The innermost message of an error: that of the server or the network. */
export function messageOf(error: unknown): string {
  // Not by class: in a test, errors of Node belong to another realm.
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, errors, code, driverError, originalError, cause } = error as Record<string, unknown>;
  // TypeORM repeats the message after class names.
  if (typeof driverError === 'object' && driverError !== null) return messageOf(driverError);
  // The driver of SQL Server reports a failed connection; the error of the network is its cause.
  if (code === 'ESOCKET') {
    const behind = originalError ?? cause;
    if (typeof behind === 'object' && behind !== null) return messageOf(behind);
  }
  // A host with several addresses, all of which were tried.
  if (Array.isArray(errors) && errors.length > 0) return messageOf(errors[0]);
  return typeof message === 'string' ? message : JSON.stringify(error);
}

/** The fault of a certificate that is not trusted; null for other errors. */
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
