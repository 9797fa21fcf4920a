// npm run licenses: lists the licences of the packages in package-lock.json; fails if one is not allowed.
import { readFileSync } from 'node:fs';
import { fileArgument } from './lib/file-argument.mjs';
import { licensesOf, unexpectedLicenses } from './lib/licenses.mjs';

const packages = licensesOf(JSON.parse(readFileSync(fileArgument('licenses', 'package-lock.json'), 'utf8')));

/** @param {string} title @param {typeof packages} listed */
function list(title, listed) {
  console.log(`${title}: ${listed.length}`);
  const licenses = [...new Set(listed.map(({ license }) => license))].sort();
  for (const license of licenses) {
    const names = listed
      .filter((each) => each.license === license)
      .map((each) => `${each.name}@${each.version}`);
    console.log(`  ${license} (${names.length}): ${names.join(', ')}`);
  }
}

list(
  'Packages of the service',
  packages.filter(({ dev }) => !dev),
);
list(
  'Packages for development',
  packages.filter(({ dev }) => dev),
);

const unexpected = unexpectedLicenses(packages);
for (const { name, version, license } of unexpected) {
  console.error(
    `${name}@${version} has the licence "${license}", which scripts/lib/licenses.mjs does not allow: read it, then allow it or replace the package.`,
  );
}
process.exit(unexpected.length === 0 ? 0 : 1);
