/**
 * Returns the only argument of a script, the path of a file. For an option or a second argument it prints the usage and ends
 * the process with exit code 1.
 *
 * @param {string} script name of the npm script
 * @param {string} path path without an argument
 */
export function fileArgument(script, path) {
  const [file = path, ...others] = process.argv.slice(2);
  if (!file.startsWith('-') && others.length === 0) return file;
  console.error(`usage: npm run ${script} -- [FILE]\n  FILE  default: ${path}`);
  process.exit(1);
}
