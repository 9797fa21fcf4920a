/**
 * Counts the tests of a JSON report of Jest.
 *
 * A test that did not run counts as failed: in a file that could not be loaded, in a file without tests, or skipped.
 *
 * @param {{ testResults: { name: string, assertionResults: { fullName: string, status: string }[] }[] }} report
 * @returns {{ passed: number, failed: number, faults: string[] }} a fault is a line for the person who reads the log
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
      ...bad.map(({ fullName, status }) => `${status}: ${fullName}`),
    ],
  };
}
