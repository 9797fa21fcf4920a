import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { entitiesOf } from '../migrations/index.js';
import { PROBLEMS } from '../src/common/errors/index.js';
import { PAGES, readText as read, rowsOf, sectionOf, withoutFences } from './support/documents.js';
import { DDL_DIALECTS, ddlOf } from './support/schema.ddl.js';
import { VARIABLES } from '../src/config/environment.schema.js';

/** A page without its code blocks. */
const prose = (path: string): string => withoutFences(read(path));

const { scripts: SCRIPTS } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe('the Node of the image and of .nvmrc', () => {
  const dockerfile = read('Dockerfile');

  it('has the same version, which package.json supports in addition to 20.19 and 22.12', () => {
    const major = read('.nvmrc').trim();
    const images = Array.from(dockerfile.matchAll(/^ARG \w+=node:(\d+)-/gm), ([, version]) => version);
    expect(images).toEqual([major, major]);
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(engines.node).toBe(`^20.19.0 || ^22.12.0 || >=${major}.0.0`);
  });

  it('runs as a numeric user, which Kubernetes can distinguish from root', () => {
    expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });
});

describe('docs/reference/error-handling.md', () => {
  it('lists the problems of the code, and no others, with their status and title', () => {
    const listed = rowsOf(sectionOf('docs/reference/error-handling.md', 'Problems')).slice(1);
    const documented = Object.fromEntries(
      listed.map(([code = '', status, title]) => [code, { status: Number(status), title }] as const),
    );
    expect(documented).toEqual(PROBLEMS);
    expect(listed).toHaveLength(Object.keys(PROBLEMS).length);
    expect(listed.filter(([, , , when]) => when === undefined || when === '')).toEqual([]);
  });
});

describe('docs/reference/configuration.md', () => {
  const text = (fallback: string): string =>
    fallback === '' ? 'none' : fallback.startsWith('[') ? fallback.slice(1, -1) : fallback;

  it('lists the variables of the code, and no others, with their defaults', () => {
    const listed = rowsOf(prose('docs/reference/configuration.md')).filter(([name]) => name !== 'variable');
    const defaults = Object.entries(VARIABLES).map(([name, variable]) => [name, text(variable.default)]);
    expect(listed.map(([name, fallback]) => [name, fallback]).sort()).toEqual(defaults.sort());
  });
});

describe('docs/design/data-model.md', () => {
  it.each(entitiesOf('sqlite').map(({ options }) => options))(
    'lists the columns of $tableName, and no others',
    ({ tableName, columns }) => {
      const listed = rowsOf(sectionOf('docs/design/data-model.md', tableName ?? '')).slice(1);
      const names = Object.values(columns).map((column) => column?.name);
      // An archive has the columns of its table; the page lists them once.
      const original = /^(.*)_archive$/.exec(tableName ?? '')?.[1];
      if (original !== undefined)
        listed.push(...rowsOf(sectionOf('docs/design/data-model.md', original)).slice(1));
      expect(listed.map(([name]) => name).sort()).toEqual(names.sort());
    },
  );
});

describe('the schema in docs/design/data-model.md', () => {
  it.each(DDL_DIALECTS)(
    'is the schema of the migrations on %s (npm run docs:ddl writes it)',
    async (dialect) => {
      const section = `### ${dialect}\n\n\`\`\`sql\n${await ddlOf(dialect)}\n\`\`\`\n`;
      expect(read('docs/design/data-model.md')).toContain(section);
    },
  );
});

describe('docs/design/design-decisions.md', () => {
  it('lists every decision, in order', () => {
    const listed = [...read('docs/design/design-decisions.md').matchAll(/\]\(decisions\/([^)]+)\)/g)];
    expect(listed.map(([, file]) => file)).toEqual(readdirSync('docs/design/decisions').sort());
  });
});

describe('the scripts table of the README', () => {
  it('lists every script of package.json once', () => {
    const cells = rowsOf(sectionOf('README.md', 'Scripts')).slice(1);
    const listed = cells.flatMap(([cell = '']) => [...cell.matchAll(/npm (?:run )?([a-z][\w:-]*)/g)]);
    expect(listed.map(([, name]) => name).sort()).toEqual(Object.keys(SCRIPTS).sort());
  });
});

describe('CHANGELOG.md', () => {
  it('has a dated section for the version of package.json', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read('CHANGELOG.md')).toMatch(
      new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}$`, 'm'),
    );
  });
});

describe('the command that starts the service', () => {
  const { start = '' } = SCRIPTS;

  it('is that of npm start in the image and on every page', () => {
    const command = JSON.stringify(start.split(' ')).replaceAll(',', ', ');
    expect(read('Dockerfile')).toContain(`CMD ${command}`);
    const named = PAGES.flatMap((page) => read(page).match(/node [^`\n]*dist\/src\/main\.js/g) ?? []);
    expect(new Set(named)).toEqual(new Set([start]));
  });
});

describe.each(PAGES)('%s', (page) => {
  it('has no broken links', () => {
    const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(relative.filter((target) => !linkLeadsSomewhere(page, target))).toEqual([]);
  });

  it('names only scripts of package.json', () => {
    const named = [...read(page).matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => SCRIPTS[name] === undefined)).toEqual([]);
  });
});

function linkLeadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(file).includes(anchor);
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
