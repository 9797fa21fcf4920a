/** The names of the overlays. */
export const OVERLAYS: readonly string[];

/** The file with the manifests of an overlay, which the repository contains. */
export function renderedPath(overlay: string): string;

/** The first line of a file with rendered manifests. */
export function headerOf(overlay: string): string;
