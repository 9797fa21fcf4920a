/** Nest token of an AbortSignal: the service is told to stop before it has booted. Absent where nobody can tell it. */
export const BOOT_SIGNAL = Symbol('BOOT_SIGNAL');
