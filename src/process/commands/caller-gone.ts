/** Registers a callback that runs when the caller no longer waits for its result; at once if it is already gone. */
export type OnCallerGone = (gone: () => void) => void;
