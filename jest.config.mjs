import { readdirSync, readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';

const isCovered = process.argv.includes('--coverage');
const BRANCHES = { branches: 90, lines: 90 };

/** @type {import('jest').Config} */
export default {
  testEnvironment: isCovered ? '<rootDir>/test/support/coverage.environment.mjs' : 'node',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/migrations'],
  testMatch: ['**/*.spec.ts'],
  // test/db/ needs a database server and test/redis/ a Redis: the run.mjs of each runs it.
  testPathIgnorePatterns: ['/node_modules/', '/test/db/', '/test/redis/'],
  extensionsToTreatAsEsm: ['.ts'],
  // TypeScript sources name their compiled neighbours ("./x.js"); Jest runs the sources.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/quiet-logger.ts'],
  // Generous, for a machine that does something else as well: it ends a test that hangs and decides nothing else.
  testTimeout: 120_000,
  // Modules of a finished file stay in a worker's heap; a new worker is cheaper than collecting a heap of gigabytes.
  workerIdleMemoryLimit: '1GB',
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'json-summary', 'lcovonly', 'text'],
  // Few patterns: Jest matches each of them against each module that a test file loads.
  collectCoverageFrom: isCovered ? coveredSources() : [],
  coverageThreshold: {
    global: { lines: 90, branches: 85 },
    './src/process/': BRANCHES,
    './src/waitroom/': BRANCHES,
    './src/process-store/': BRANCHES,
    './src/camunda-worker/': BRANCHES,
    './src/embedded-engine/core/': BRANCHES,
  },
};

/**
 * Patterns of what can be covered: not the specs, not the entry points, which run as processes of their own, and not the
 * files that hold nothing but types, which V8 would count as never run.
 */
function coveredSources() {
  const entryPoints = [
    'main',
    'boot',
    'signal.stop',
    'data.check',
    'engine.program',
    'migration.cli',
    'api-key.cli',
  ];
  return [
    'src/**/*.ts',
    `!src/**/{*.spec,*.d,${entryPoints.map((name) => `*${name}`).join(',')}}.ts`,
    '!src/**/testing/**',
    `!{${sources('src').filter(holdsOnlyTypes).join(',')}}`,
  ];
}

function holdsOnlyTypes(file) {
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
  });
  return code.replace(/export\s*\{\s*\};?|\/\*[^]*?\*\/|\/\/.*/g, '').trim() === '';
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((file) => file.endsWith('.ts'));
}
