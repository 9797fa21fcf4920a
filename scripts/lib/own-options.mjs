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
