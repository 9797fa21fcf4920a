import { stripVTControlCharacters } from 'node:util';

/** Lines of a failure that a fault repeats. */
const MOST_LINES = 25;

/**
 * Counts the tests of a JSON report of Jest.
 *
 * A test that did not run counts as failed: in a file that could not be loaded, in a file without tests, or skipped.
 *
 * @param {{ testResults: { name: string, assertionResults: { fullName: string, status: string,
 *   failureMessages?: string[] }[] }[] }} report
 * @returns {{ passed: number, failed: number, faults: string[] }} a fault is the name of a test, and
 *   the first lines of its failure
 */
export function countTests({ testResults }) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const empty = testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  const bad = tests.filter(({ status }) => status !== 'passed');
  return {
    passed: tests.length - bad.length,
    failed: bad.length + empty.length,
    faults: [
      ...empty.map(({ name }) => `${name} ran no test`),
      ...bad.map(({ fullName, status, failureMessages = [] }) =>
        [`${status}: ${fullName}`, ...firstLines(failureMessages)].join('\n'),
      ),
    ],
  };
}

function firstLines(messages) {
  return stripVTControlCharacters(messages.join('\n'))
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, MOST_LINES)
    .map((line) => `  ${line}`);
}
