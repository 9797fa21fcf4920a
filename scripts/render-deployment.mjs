// npm run deploy:render: writes the manifests of each overlay of deploy/kubernetes/ to deploy/kubernetes/rendered/.
// With --check it compares them instead. Needs kubectl or kustomize.
import { readFileSync, writeFileSync } from 'node:fs';
import { Checks, expect } from './lib/checks.mjs';
import { findRenderer, OVERLAYS, render, renderedPath } from './lib/kustomize.mjs';

const renderer = findRenderer();
const checks = new Checks();

if (renderer === null) {
  console.error('Nothing was done: install kubectl or kustomize, and run npm run deploy:render again.');
  process.exitCode = 1;
} else if (process.argv.includes('--check')) {
  for (const overlay of OVERLAYS) {
    await checks.run(`manifests: ${renderer.join(' ')} makes ${renderedPath(overlay)}`, () => {
      const isSame = readFileSync(renderedPath(overlay), 'utf8') === render(renderer, overlay);
      expect(isSame, 'it differs: run npm run deploy:render and commit the result');
    });
  }
} else {
  for (const overlay of OVERLAYS) {
    writeFileSync(renderedPath(overlay), render(renderer, overlay));
    console.log(renderedPath(overlay));
  }
}
if (checks.failed > 0) process.exitCode = 1;
