// The subfolders of a module form layers: no two of them import each other, directly or indirectly. Specs are exempt.
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'no-folder-circles',
      comment: 'Data flows one way between the subfolders of a module.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/([^/]+)/.+' },
      to: { circular: true, path: '^src/$1/.+' },
    },
  ],
  options: { ...options, exclude: { path: ['/testing/', '\\.spec\\.ts$'] } },
};
