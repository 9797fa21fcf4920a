/** Nest token of an AbortSignal that ends a boot before it is complete; the binding is optional. */
export const BOOT_SIGNAL = Symbol('BOOT_SIGNAL');
