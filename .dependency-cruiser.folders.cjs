// Subfolders of a room form layers: no two of them import each other, directly or through others. Specs may look anywhere.
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'no-folder-circles',
      comment: 'Between the subfolders of a room data flows one way.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/([^/]+)/.+' },
      to: { circular: true, path: '^src/$1/.+' },
    },
  ],
  options: { ...options, exclude: { path: ['/testing/', '\\.spec\\.ts$'] } },
};
