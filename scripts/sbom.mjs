// npm run sbom: writes the CycloneDX bill of materials of the packages that the service runs with, from package-lock.json.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileArgument } from './lib/file-argument.mjs';
import { licensesOf } from './lib/licenses.mjs';

const path = fileArgument('sbom', 'sbom.cdx.json');
const { name } = JSON.parse(readFileSync('package.json', 'utf8'));

// From the lock file, so that neither the network nor the state of node_modules decides what is listed.
const npm = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
const bom = JSON.parse(execFileSync('npm', npm, { encoding: 'utf8', maxBuffer: 64 * 1_024 * 1_024 }));

// Not by `--omit dev`: npm then leaves out what the service shares with a package for development, for example Nest.
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const own = new Set(
  licensesOf(lock)
    .filter(({ dev }) => !dev)
    .map((each) => `${each.name}@${each.version}`),
);
bom.components = bom.components.filter((each) => own.has(`${each.name}@${each.version}`));
const refs = new Set([bom.metadata.component, ...bom.components].map((each) => each['bom-ref']));
bom.dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
// npm takes the name of the folder.
bom.metadata.component.name = name;
writeFileSync(path, `${JSON.stringify(bom, null, 2)}\n`);
console.log(`${path}: ${bom.components.length} packages.`);
