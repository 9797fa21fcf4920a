import { describe, expect, it } from '@jest/globals';
import { declarationsOf } from './support/declarations.js';
import {
  backtickedIn,
  codeOf,
  documents,
  exists,
  PAGES,
  pathsIn,
  readText,
  rowsOf,
  SOURCES,
  withoutFences,
} from './support/documents.js';

/** The file layout that the specification describes; the page describes what happened to each of its files. */
const OLD_LAYOUT = 'docs/design/decisions/0001-names-of-the-specification.md';

/** Names of browsers, Jackson and Kubernetes, which look like classes of the service. */
const FOREIGN_CLASSES = new Set(['EventSource', 'StreamReadConstraints', 'ExternalSecret']);

const isPage = (path: string): boolean => path.endsWith('.md');

/** The texts of a document that may contain a path: in comments every line, in pages only texts in backticks. */
function namingTexts(path: string, prose: string): string[] {
  if (!isPage(path))
    return prose
      .replaceAll(/https?:\S+/g, '')
      .replaceAll('`', ' ')
      .split('\n');
  if (path !== OLD_LAYOUT) return backtickedIn(prose);
  return rowsOf(prose).flatMap(([, here = '']) => backtickedIn(here));
}

describe('a path in a page or a comment', () => {
  it('exists', () => {
    const missing = documents().flatMap(({ path, prose }) =>
      namingTexts(path, prose)
        .flatMap(pathsIn)
        .filter((named) => !exists(named, path))
        .map((named) => `${path}: ${named}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('a class in a page or a comment', () => {
  it('exists in the code, with its member', () => {
    const words = new Set(SOURCES.flatMap((path) => codeOf(readText(path)).match(/[A-Za-z_]\w+/g) ?? []));
    const missing = documents().flatMap(({ path, prose }) =>
      backtickedIn(prose)
        .flatMap((text) => /^@?([A-Z][a-z][a-z0-9]*[A-Z]\w*(?:\.\w+)?)(?:\(.*\))?$/.exec(text)?.[1] ?? [])
        .filter((name) => !FOREIGN_CLASSES.has(name.split('.', 1)[0] ?? ''))
        .filter((name) => name.split('.').some((word) => !words.has(word)))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('an operation in docs/reference/', () => {
  const { members, functions } = declarationsOf(
    SOURCES.filter((path) => path.startsWith('src/') && !path.endsWith('.spec.ts')),
  );

  /** The parameters of a method of one of the classes, or of a function; null for another member. */
  function parametersOf(name: string, classes: readonly string[]): (readonly string[] | null)[] {
    const found = classes.flatMap((known) => {
      const of = members.get(known);
      return of?.has(name) === true ? [of.get(name) ?? null] : [];
    });
    const plain = functions.get(name);
    return plain === undefined ? found : [...found, plain];
  }

  /** The operations of a page: the first cells of the tables with this heading. */
  function operationsOf(page: string): string[] {
    const tables = withoutFences(readText(page)).split(/\n\s*\n/);
    return tables
      .map((table) =>
        rowsOf(
          table
            .split('\n')
            .filter((line) => line.startsWith('|'))
            .join('\n'),
        ),
      )
      .filter(([heading]) => heading?.[0] === 'operation' || heading?.[0] === 'function')
      .flatMap((rows) =>
        rows.slice(1).map(([cell = '']) => (cell.includes('`') ? backtickedIn(cell) : [cell])),
      )
      .flat();
  }

  it.each(PAGES.filter((page) => page.startsWith('docs/reference/') && operationsOf(page).length > 0))(
    'is declared with the parameters that it is shown with: %s',
    (page) => {
      const classes = backtickedIn(readText(page)).map((text) => text.split('.')[0] ?? '');
      const wrong = operationsOf(page).filter((operation) => {
        const [, name = '', shown] = /^(\w+)(?:\((.*)\))?$/.exec(operation) ?? [];
        const declared = parametersOf(name, classes);
        if (shown === undefined || shown === '…') return declared.length === 0;
        return !declared.some((parameters) => parameters?.join(', ') === shown);
      });
      expect(wrong).toEqual([]);
    },
  );
});
