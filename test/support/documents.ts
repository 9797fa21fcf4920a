import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MARKDOWN_FOLDERS = ['docs', '.github'];
const CODE_FOLDERS = ['src', 'test', 'scripts', 'migrations'];
const TOP_FOLDERS = [...CODE_FOLDERS, ...MARKDOWN_FOLDERS, '.ci', '.vscode', '.devcontainer', 'deploy'];
const CODE_FILE = /\.(ts|mts|mjs|cjs)$/;

/** A file of the repository that refers to others in backticks: a page, or the comments of a source. */
export interface Document {
  /** Relative to the root of the repository, like all paths here. */
  readonly path: string;
  /** The page without its fenced blocks, or the comments of the source, one per line. */
  readonly prose: string;
}

/** Every file and folder of the repository that can be referred to; folders end in a slash. */
const REPOSITORY: readonly string[] = listRepository();

/** The documentation pages, without the CHANGELOG, which contains old names. */
export const PAGES: readonly string[] = REPOSITORY.filter(
  (path) =>
    path.endsWith('.md') && path !== 'CHANGELOG.md' && (!path.includes('/') || path.startsWith('docs/')),
);

/** The sources; the rules for pages also apply to their comments. */
export const SOURCES: readonly string[] = REPOSITORY.filter(
  (path) => CODE_FILE.test(path) && CODE_FOLDERS.some((folder) => path.startsWith(`${folder}/`)),
);

/** Reads a file of the repository as text. */
export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** A Markdown text without its fenced blocks. */
export function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^( *)```[^]*?^\1```/gm, '');
}

/** The text of a page below a heading of the second level. */
export function sectionOf(path: string, heading: string): string {
  const [, section] = withoutFences(readText(path)).split(new RegExp(`^## ${heading}$`, 'm'));
  return section?.split(/^## /m)[0] ?? '';
}

/** The rows of all tables of a text, as cells without their backticks. */
export function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
    );
}

/** All pages and the comments of all sources. */
export function documents(): Document[] {
  return [
    ...PAGES.map((path) => ({ path, prose: withoutFences(readText(path)) })),
    ...SOURCES.map((path) => ({ path, prose: commentsOf(readText(path)) })),
  ];
}

/** The comments of a source, recognized by the beginning of a line: no comment here follows code on the same line. */
function commentsOf(source: string): string {
  return source
    .split('\n')
    .filter((line) => /^\s*(\/\/|\/\*|\*)/.test(line))
    .join('\n');
}

/** A source without the lines that {@link commentsOf} returns. */
export function codeOf(source: string): string {
  return source
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line))
    .join('\n');
}

/** The texts between single backticks. */
export function backtickedIn(prose: string): string[] {
  return [...prose.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, text]) => text ?? '');
}

/**
 * The words of a backticked text that are paths of the repository: those in one of its top folders, those with a file
 * extension of the repository, and folders that end in a slash. A URL or a route, which begins with a slash, is not one.
 */
export function pathsIn(backticked: string): string[] {
  return backticked
    .split(/[\s,;()'"]+/)
    .map((word) => word.replace(/^\.\//, '').replace(/[:#].*$|\.$/, ''))
    .filter((word) => /^[\w.@*<][\w.@*<>{}-]*(\/[\w.@*<>{}-]+)*\/?$/.test(word) && isPath(word));
}

function isPath(word: string): boolean {
  if (word.includes('node_modules')) return false;
  const [top = ''] = word.split('/');
  if (word.includes('/') && TOP_FOLDERS.includes(top)) return true;
  if (/^[^/]+\/$|^[a-z][\w-]*(\/[\w<>*-]+)*\/$/.test(word)) return true;
  return /[\w>*]\.(ts|mts|mjs|cjs|md|bpmn|mermaid)$/.test(word);
}

/**
 * Whether a path that a document names exists: from the root, from the folder of the document, or as the end of a path
 * (`topic.explorer.ts`, `errors/problems.ts`). `*` and `<name>` match any text, `dist/` is the build output, and the
 * extension of a spec may be omitted.
 */
export function exists(path: string, document: string): boolean {
  const source = path.replace(/^dist\//, '').replace(/\.js$/, '.ts');
  if (source === '') return true;
  if (existsSync(source) || existsSync(join(dirname(document), source))) return true;
  const pattern = source
    .split(/(\*\*\/|\*|<[^>]*>|\{[^}]*\})/)
    .map((part, index) => (index % 2 === 0 ? escapeRegExp(part) : wildcard(part)))
    .join('');
  const end = source.endsWith('/') ? '$' : '(\\.[\\w.]+|/)?$';
  const matcher = new RegExp(`(^|/)${pattern}${end}`);
  return REPOSITORY.some((known) => matcher.test(known));
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function wildcard(part: string): string {
  if (part === '**/') return '(.*/)?';
  if (part.startsWith('{')) return `(${part.slice(1, -1).split(',').map(escapeRegExp).join('|')})`;
  return '[^/]*';
}

function listRepository(): string[] {
  const inFolders = TOP_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) => [
    `${folder}/`,
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) =>
      join(entry.parentPath, entry.name + (entry.isDirectory() ? '/' : '')),
    ),
  ]);
  const atTheTop = readdirSync('.').filter((name) => statSync(name).isFile());
  return [...atTheTop, ...inFolders];
}
