// Prints "PASSED FAILED" of a Jest report: node scripts/count-tests.mjs report.json
//
// What did not run counts as failed: a file that could not be loaded, a file without a test, a test that is skipped.
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let passed = 0;
let failed = 0;
for (const { name, assertionResults } of testResults) {
  const ok = assertionResults.filter(({ status }) => status === 'passed').length;
  const others = assertionResults.filter(({ status }) => status !== 'passed');
  if (assertionResults.length === 0) console.error(`${name} ran no test`);
  for (const { fullName, status } of others) console.error(`${status}: ${fullName}`);
  passed += ok;
  failed += assertionResults.length === 0 ? 1 : others.length;
}
console.log(`${passed} ${failed}`);
