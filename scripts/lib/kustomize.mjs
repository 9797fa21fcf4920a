// The overlays of deploy/kubernetes/ and the manifests that Kustomize makes of them.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'deploy/kubernetes';

/** The names of the overlays. */
export const OVERLAYS = ['development', 'production'];

/** The programs that can render an overlay, the first that is installed is used. */
const RENDERERS = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
];

/** The file with the manifests of an overlay, which the repository contains. */
export function renderedPath(overlay) {
  return join(FOLDER, 'rendered', `${overlay}.yaml`);
}

/** The SHA-256 of all files that an overlay is made of, in hexadecimal. */
function digestOfSources(overlay) {
  const hash = createHash('sha256');
  for (const folder of ['base', `overlays/${overlay}`]) {
    for (const name of readdirSync(join(FOLDER, folder)).sort())
      hash
        .update(`${folder}/${name}\0`)
        .update(readFileSync(join(FOLDER, folder, name)))
        .update('\0');
  }
  return hash.digest('hex');
}

/** The first line of a file with rendered manifests. */
export function headerOf(overlay) {
  return `# Written by npm run deploy:render; do not edit. Sources: sha256 ${digestOfSources(overlay)}`;
}

/** The command that renders; null if neither kubectl nor kustomize is installed. */
export function findRenderer() {
  return RENDERERS.find(([program, command]) => spawnSync(program, [command, '--help']).status === 0) ?? null;
}

/**
 * The manifests of an overlay, as its file has to be.
 *
 * @param {string[]} renderer of `findRenderer`
 * @param {string} overlay
 * @returns {string}
 * @throws an Error with the output of the program
 */
export function render([program, command], overlay) {
  const { status, stdout, stderr } = spawnSync(program, [command, join(FOLDER, 'overlays', overlay)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program} ${command} ended with ${status}: ${stderr}`);
  return `${headerOf(overlay)}\n${stdout}`;
}
