/**
 * Licences that a package of the service may have: permissive ones, which ask for no more than their notice. A new one is
 * added after someone has read it.
 */
const ALLOWED_LICENSES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
]);

/** Packages that only developers use may have these too: nothing of them is delivered. */
const ALLOWED_FOR_DEVELOPMENT = new Set([...ALLOWED_LICENSES, 'CC-BY-4.0', 'MPL-2.0', 'PSF-2.0']);

/**
 * The packages of a lock file with their licences.
 *
 * @param {{ packages: Record<string, { version?: string, license?: string, dev?: boolean, link?: boolean }> }} lock
 * @returns {{ name: string, version: string, license: string, dev: boolean }[]} by name and version; a package without a
 *   licence has an empty one
 */
export function licensesOf(lock) {
  return Object.entries(lock.packages)
    .filter(([path, { link }]) => path !== '' && link !== true)
    .map(([path, { version = '', license = '', dev = false }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license: typeof license === 'string' ? license : '',
      dev,
    }))
    .sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}

/**
 * The packages whose licence is not allowed.
 *
 * @param {ReturnType<typeof licensesOf>} packages
 */
export function unexpectedLicenses(packages) {
  return packages.filter(
    ({ license, dev }) => !isAllowed(license, dev ? ALLOWED_FOR_DEVELOPMENT : ALLOWED_LICENSES),
  );
}

/**
 * True if an expression of SPDX (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/) can be met: one side of
 * `OR`, both sides of `AND`. Nested parentheses and `WITH` count as not allowed.
 *
 * @param {string} expression
 * @param {ReadonlySet<string>} allowed
 */
function isAllowed(expression, allowed) {
  const inner = expression.replace(/^\(([^()]*)\)$/, '$1');
  return inner
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((license) => allowed.has(license.trim())));
}
