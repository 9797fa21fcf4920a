/**
 * Splits the arguments of a script that passes the other arguments to Jest.
 *
 * @template {Record<string, string>} T
 * @param {readonly string[]} given the arguments, `--name value` or `--name=value`
 * @param {T} defaults the script's own options with their defaults
 * @returns {{ options: T, rest: string[] }}
 */
export function takeOptions(given, defaults) {
  const options = { ...defaults };
  const rest = [];
  for (let index = 0; index < given.length; index += 1) {
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/.exec(given[index]) ?? [];
    if (name === undefined || !Object.hasOwn(defaults, name)) rest.push(given[index]);
    else options[name] = value ?? given[(index += 1)] ?? '';
  }
  return { options, rest };
}

/** Options of Jest with a value, which is no path. */
const OPTIONS_WITH_VALUE =
  /^(-t|-w|--(testNamePattern|maxWorkers|outputFile|seed|config|shard|cacheDirectory))$/;

/**
 * Separates the paths from the options of Jest.
 *
 * @param {readonly string[]} given arguments for Jest
 * @returns {{ paths: string[], options: string[] }}
 */
export function separatePaths(given) {
  const isPath = (argument, index) =>
    !argument.startsWith('-') && !OPTIONS_WITH_VALUE.test(given[index - 1] ?? '');
  return {
    paths: given.filter(isPath),
    options: given.filter((argument, index) => !isPath(argument, index)),
  };
}
