import { fileURLToPath } from 'node:url';
import base from '../../jest.config.mjs';

/** The engines that `run.mjs` has started: `[{ target, baseUrl }]`; each file starts its own embedded engine. */
const engines = JSON.parse(process.env.CONFORMANCE_ENGINES ?? '[{"target":"embedded","baseUrl":null}]');

const rootDir = fileURLToPath(new URL('../..', import.meta.url));

/** @type {import('jest').Config} */
export default {
  rootDir,
  testTimeout: 120_000,
  projects: engines.map((engine) => ({
    displayName: engine.target,
    rootDir,
    roots: ['<rootDir>/test/conformance'],
    testEnvironment: 'node',
    testMatch: ['**/*.conformance.ts'],
    extensionsToTreatAsEsm: base.extensionsToTreatAsEsm,
    moduleNameMapper: base.moduleNameMapper,
    transform: base.transform,
    globals: { conformanceEngine: engine },
  })),
};
