/** Variables that say where somebody listens. */
interface ListenVariables {
  /** Null where the address is fixed. */
  readonly host: string | null;
  readonly port: string;
}

/** What Node says of an address that cannot be listened on. */
const FAULTS: Readonly<Record<string, (variables: ListenVariables) => string>> = {
  EADDRINUSE: ({ port }) =>
    `it is in use: stop who has it, or set ${port} to another port (0 takes any free one).`,
  EADDRNOTAVAIL: ({ host }) => `this machine does not have it${remedyOf(host)}.`,
  ENOTFOUND: ({ host }) => `it is not known${remedyOf(host)}.`,
  EACCES: ({ port }) => `this user may not: set ${port} to one above 1023.`,
};

/**
 * Says why somebody cannot listen, and which variable to set.
 *
 * @returns null for an error of something else
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
