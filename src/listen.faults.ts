/** The variables that set the address of a server. */
interface ListenVariables {
  /** Null if the address is fixed. */
  readonly host: string | null;
  readonly port: string;
}

/** Cause and remedy for each code of Node's errors. */
const FAULTS: Readonly<Record<string, (variables: ListenVariables) => string>> = {
  EADDRINUSE: ({ port }) =>
    `the port is in use: stop the process that uses it, or set ${port} to another port (0 takes any free port).`,
  EADDRNOTAVAIL: ({ host }) => `this machine does not have the address${remedyOf(host)}.`,
  ENOTFOUND: ({ host }) => `the host name is unknown${remedyOf(host)}.`,
  EACCES: ({ port }) => `permission denied: set ${port} to a port above 1023.`,
};

/**
 * Describes why a server cannot listen, and which variable to set.
 *
 * @returns null for any other error
 */
export function describeListenFault(error: unknown, who: string, variables: ListenVariables): string | null {
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  const fault = FAULTS[code ?? ''];
  if (fault === undefined || (syscall !== 'listen' && syscall !== 'getaddrinfo')) return null;
  const place = `${address ?? variables.host ?? 'its address'}${port === undefined ? '' : `:${port}`}`;
  return `${who} cannot listen on ${place}: ${fault(variables)}`;
}

function remedyOf(host: string | null): string {
  return host === null ? '' : `: set ${host} to an address of this machine`;
}
