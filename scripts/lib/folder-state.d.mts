/** What stands in a folder: size and time of the last change of each file, by its relative path. */
export function stateOf(folder: string, isLeftOut?: (path: string) => boolean): Map<string, string>;

/** The paths that were added, changed or removed between two states. */
export function changedPaths(before: Map<string, string>, after: Map<string, string>): string[];

/** Takes or gives back the right to write, for a user who owns the files; root may write in any case. */
export function setWritable(folder: string, writable: boolean, isLeftOut?: (path: string) => boolean): void;
