/** Writes the groups of a folder's spec files to a temporary folder. */
export function writeSpecGroups(
  folder: string,
  ignored: readonly string[],
): { readonly folder: string; remove(): void };
