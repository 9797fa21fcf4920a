// Subfolders of a room form layers: no two of them import each other, directly or through others. Specs may look anywhere.
const { options } = require('./.dependency-cruiser.cjs');

/** Rooms whose subfolders still import each other; each is to leave this list, none may join it. */
const EXCEPT = [
  // process: start/, end/ and answer/ form circles until the room is cut by what it does. Remove this line then.
  'process',
];

module.exports = {
  forbidden: [
    {
      name: 'no-folder-circles',
      comment: 'Between the subfolders of a room data flows one way.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/([^/]+)/.+', pathNot: `^src/(${EXCEPT.join('|')})/` },
      to: { circular: true, path: '^src/$1/.+' },
    },
  ],
  options: { ...options, exclude: { path: ['/testing/', '\\.spec\\.ts$'] } },
};
