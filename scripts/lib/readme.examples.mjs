import { readFileSync } from 'node:fs';

/**
 * The examples of the README: each `sh` block that is one curl call, with the status of the `http` block after it.
 *
 * @returns {{ command: string, method: string, url: URL, headers: Record<string, string>, body?: string, status: number }[]}
 */
export function readmeExamples(path) {
  const pairs = readFileSync(path, 'utf8').matchAll(/```sh\n(curl [^`]*)```\s+```http\nHTTP\/1\.1 (\d{3})/g);
  return [...pairs].map(([, command, status]) => ({ ...parseCurl(command), status: Number(status) }));
}

/** Parses the options that the README uses: -X, -H, -d, -i and the URL. @throws Error for any other option */
function parseCurl(command) {
  const [, ...words] = shellWords(command);
  const call = { command: command.trim(), method: 'GET', headers: {} };
  while (words.length > 0) {
    const word = words.shift();
    if (word === '-X') call.method = words.shift();
    else if (word === '-d') call.body = words.shift();
    else if (word === '-H') {
      const [, name, value] = /^([^:]+):\s*(.*)$/.exec(words.shift());
      call.headers[name] = value;
    } else if (/^https?:/.test(word)) call.url = new URL(word);
    else if (word !== '-i') throw new Error(`parseCurl does not know ${word}`);
  }
  return call;
}

function shellWords(command) {
  const joined = command.replaceAll(/\\\n/g, ' ').trim();
  return [...joined.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare,
  );
}
