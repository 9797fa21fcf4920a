// The import matrix of docs/design/architecture-overview.md as a check.
/** The modules of src/. */
const MODULES =
  'auth|camunda-engine|camunda-worker|common|config|database|embedded-engine|event-log|health|http-server|lifecycle|process|process-message|process-store|processes|retention|task-delivery|waitroom|work-lease';

/** The modules that each module may import, besides config/ and common/; the embedded engine may import only parts of common/. */
const MAY_IMPORT = {
  auth: ['lifecycle'],
  process: [
    'auth',
    'process-store',
    'work-lease',
    'process-message',
    'event-log',
    'waitroom',
    'wake-ups',
    'camunda-engine',
    'camunda-worker',
    'lifecycle',
  ],
  'process-message': ['database', 'lifecycle'],
  'process-store': ['database', 'lifecycle'],
  'event-log': ['database', 'lifecycle'],
  waitroom: ['lifecycle'],
  'wake-ups': ['database', 'lifecycle'],
  'camunda-engine': ['lifecycle', 'work-lease'],
  'camunda-worker': ['camunda-engine', 'lifecycle'],
  processes: ['camunda-worker', 'process', 'lifecycle'],
  'task-delivery': ['database', 'lifecycle'],
  'work-lease': ['database', 'lifecycle'],
  retention: ['work-lease', 'process-store', 'process-message', 'event-log', 'database', 'lifecycle'],
  database: ['lifecycle'],
  health: ['auth', 'database', 'camunda-engine', 'camunda-worker', 'lifecycle', 'process', 'wake-ups'],
  'http-server': ['lifecycle'],
  lifecycle: [],
};

/**
 * The folders of process/, from the top to the bottom: each may import itself and those below it. The files at the root of
 * process/ (module, providers, index.ts) wire them together, and no folder imports these.
 */
const PROCESS_LAYERS = ['http', 'commands', 'reconcile', 'launch', 'waiting', 'result', 'outcome'];

const processLayerRules = PROCESS_LAYERS.map((layer, index) => ({
  name: `process-${layer}-imports`,
  comment: `process/${layer}/ imports only: ${PROCESS_LAYERS.slice(index).join(', ')}.`,
  severity: 'error',
  from: { path: `^src/process/${layer}/`, pathNot: '\\.spec\\.ts$' },
  to: {
    path: '^src/process/',
    pathNot: `^src/process/(${PROCESS_LAYERS.slice(index).join('|')})/`,
  },
}));

const moduleRules = Object.entries(MAY_IMPORT).map(([module, allowed]) => ({
  name: `${module}-imports`,
  comment: `${module}/ imports only: ${[...allowed, 'config', 'common'].join(', ')}.`,
  severity: 'error',
  from: { path: `^src/${module}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/', pathNot: `^src/(${[module, ...allowed, 'config', 'common'].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...moduleRules,
    ...processLayerRules,
    {
      name: 'problems-in-http',
      comment: 'Below process/http/ there are domain results; only http/ turns them into problem documents.',
      severity: 'error',
      from: { path: `^src/process/(${PROCESS_LAYERS.slice(1).join('|')})/`, pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/common/errors/' },
    },
    {
      name: 'waits-in-outcome',
      comment: 'Waits begin in OutcomeWaitService and end in OutcomeWriter.',
      severity: 'error',
      from: { path: `^src/process/(?!outcome/)[^/]+/`, pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/waitroom/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'process-layers',
      comment: 'Every folder of process/ is one of its layers.',
      severity: 'error',
      from: {},
      to: { path: `^src/process/(?!(${PROCESS_LAYERS.join('|')})/)[^/]+/` },
    },
    {
      name: 'no-cycles',
      comment: 'Data flows one way.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'embedded-engine-stands-alone',
      comment:
        'The embedded engine knows nothing of the service; both keep SQLite files, and what is the same for both is in common/sqlite-file/ and common/json/.',
      severity: 'error',
      from: { path: '^src/embedded-engine/' },
      to: { path: '^src/', pathNot: '^src/(embedded-engine|common/sqlite-file|common/json)/' },
    },
    {
      name: 'common-and-config-are-leaves',
      severity: 'error',
      from: { path: '^src/(common|config)/' },
      to: { path: '^src/', pathNot: '^src/(common|config)/' },
    },
    {
      name: 'modules-have-one-entry',
      comment: 'Imports across modules go through index.ts.',
      severity: 'error',
      from: { path: `^src/(${MODULES})/`, pathNot: '\\.spec\\.ts$' },
      to: {
        path: `^src/(${MODULES})/`,
        pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/common/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'processes-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/processes/([^/]+)/' },
      to: { path: '^src/processes/([^/]+)/', pathNot: '^src/processes/$1/' },
    },
    {
      name: 'task-client-in-one-file',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/camunda-worker/fetching/external-task-client\\.adapter\\.ts$', '\\.spec\\.ts$'],
      },
      to: { path: 'camunda-external-task-client-js' },
    },
    {
      name: 'typeorm-at-home',
      comment: 'typeorm only in database/, entities and the services that own them.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(database|process-store|process-message|event-log|task-delivery|work-lease)/',
      },
      to: { path: 'node_modules/typeorm/' },
    },
    {
      name: 'no-dev-dependencies-in-src',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: ['\\.spec\\.ts$', '/testing/'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: 'camunda-external-task-client-js' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
    exclude: { path: '/testing/' },
  },
};
