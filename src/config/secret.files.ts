import { SECRET_FILES } from './environment.schema.js';
import { readSecretFile } from './secret.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** An environment whose secrets in files were read. */
export interface ResolvedSecrets {
  readonly variables: Variables;
  /** The path of the file by the name of its variable, for secrets that came from a file. */
  readonly paths: ReadonlyMap<string, string>;
  /** Sentences that name the variable, never a secret. */
  readonly faults: readonly string[];
}

/** Reads the files that `<NAME>_FILE` variables name, as the values of `<NAME>`. Never throws. */
export function readSecretFiles(variables: Variables): ResolvedSecrets {
  const values: Record<string, string | undefined> = { ...variables };
  const paths = new Map<string, string>();
  const faults: string[] = [];
  for (const [name, fileName] of SECRET_FILES) {
    const path = variables[fileName]?.trim() ?? '';
    if (path === '') continue;
    if ((variables[name] ?? '').trim() !== '') {
      faults.push(`${name} and ${fileName} must not both be set: unset one of them.`);
      continue;
    }
    const { text, fault } = readSecretFile(path);
    if (fault !== null) {
      faults.push(`${fileName} ${fault}.`);
      continue;
    }
    values[name] = text;
    paths.set(name, path);
  }
  return { variables: values, paths, faults };
}
