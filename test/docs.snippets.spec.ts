import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { PAGES, readText, SOURCES } from './support/documents.js';

/** The folder of the process that the guide creates; the snippets of all pages are compiled there. */
const EXAMPLE_FOLDER = 'src/processes/quote-shipment';

/** Names that a snippet may use without a declaration, because the text before it has introduced them. */
const SURROUNDINGS = `
declare global {
  const task: HandlerTask;
  const email: string;
  const error: unknown;
  const url: string;
  const weightKg: number;
  const id: string;
  const key: string;
  const message: Record<string, unknown>;
  const configuration: Configuration;
  const inputSchema: z.ZodType<{ priceEur: number }>;
  class CheckParcelTopic {}
  class AskCarrierTopic {}
  class PrepareResponseTopic {}
  class HandleErrorTopic {}
}
export {};`;

/** Folders of snippets that belong to another place. */
const PLACES: Readonly<Record<string, string>> = {
  'docs/guides/testing-guide.md#1': 'src/processes/onboard-user/topics',
  'docs/guides/testing-guide.md#2': 'test/e2e',
};

/** Names that no `index.ts` of the service exports. */
const OTHER_EXPORTS: Readonly<Record<string, string>> = {
  z: 'zod',
  Test: '@nestjs/testing',
  AppModule: 'src/app.module.ts',
  RunBackgroundCheckTopic: 'src/processes/onboard-user/topics/run-background-check.topic.ts',
};

/** The name of each export of a module of the service, with the module's `index.ts`. */
function exportsOfTheService(): Map<string, string> {
  const found = new Map<string, string>(Object.entries(OTHER_EXPORTS));
  for (const path of SOURCES.filter((source) => /^src\/.*\/index\.ts$/.test(source))) {
    const file = ts.createSourceFile(path, readText(path), ts.ScriptTarget.Latest);
    for (const statement of file.statements) {
      if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) continue;
      if (!ts.isNamedExports(statement.exportClause)) continue;
      for (const { name } of statement.exportClause.elements) found.set(name.text, path);
    }
    if (path === 'src/processes/index.ts') found.set('ServiceProcess', path);
  }
  return found;
}

interface Snippet {
  /** Page and number, for the report. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

const exported = exportsOfTheService();
for (const [, name = ''] of SURROUNDINGS.matchAll(/(?:const|class) (\w+)/g)) exported.delete(name);

/** The `ts` blocks of a page as files that compile by themselves. */
function snippetsOf(page: string): Snippet[] {
  const blocks = [...readText(page).matchAll(/^( *)```ts\n([^]*?)^\1```/gm)];
  return blocks.map(([, indent = '', block = ''], index) => {
    const name = `${page}#${index + 1}`;
    const text = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const file =
      /^\/\/ (\S+\.ts)$/m.exec(text)?.[1] ?? `snippet-${String(PAGES.indexOf(page))}-${index + 1}.ts`;
    const folder = PLACES[name] ?? EXAMPLE_FOLDER;
    // A snippet that extends a file of the service is compiled in its folder.
    const path = file.startsWith('src/') ? file.replace(/\.ts$/, '.snippet.ts') : join(folder, file);
    return { name, path, text: withImports(wrapped(text), path) };
  });
}

/** Puts a method into a class, and a statement into a function. */
function wrapped(text: string): string {
  if (/^(import|export|@)/m.test(text)) return text;
  const members = 'constructor(private readonly completion: ProcessCompletionService) {}';
  const isMethod = /^(async )?\w+\([^]*?\): [^]*?\{$/m.test(text);
  const body = isMethod ? text : `async example(): Promise<void> {\n${text}\n}`;
  return `export class Example {\n${members}\n${body}\n}`;
}

/** Adds the imports that a page omits. */
function withImports(text: string, path: string): string {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isMember =
        (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node;
      if (ts.isImportSpecifier(parent) || (ts.isClassDeclaration(parent) && parent.name === node))
        declared.add(node.text);
      else if (!isMember) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  const imports = [...used]
    .filter((name) => !declared.has(name) && exported.has(name))
    .map((name) => {
      const from = exported.get(name) ?? '';
      if (!from.startsWith('src/')) return `import { ${name} } from '${from}';`;
      const target = relative(dirname(path), from).replace(/\.ts$/, '.js');
      return `import { ${name} } from '${target.startsWith('.') ? target : `./${target}`}';`;
    });
  return [...imports, text].join('\n');
}

/** The errors of files that exist only in memory, besides those of the repository. */
function errorsOf(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, '.');
  const relaxed = {
    verbatimModuleSyntax: false,
    isolatedModules: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const host = ts.createCompilerHost({ ...options, ...relaxed }, true);
  const { fileExists, getSourceFile } = host;
  const inMemory = (path: string): string | undefined => files.get(resolve(path));
  host.fileExists = (path) => inMemory(path) !== undefined || fileExists(path);
  host.directoryExists = (path) =>
    ts.sys.directoryExists(path) || [...files.keys()].some((file) => file.startsWith(`${resolve(path)}/`));
  host.getSourceFile = (path, language, ...rest) => {
    const text = inMemory(path);
    return text === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, text, language, true);
  };
  const program = ts.createProgram([...files.keys()], { ...options, ...relaxed }, host);
  return [...files.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start }) =>
        `${relative('.', path)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')} (${file?.text.slice(start, (start ?? 0) + 40) ?? ''})`,
    );
  });
}

describe('the TypeScript of the pages', () => {
  it('compiles against the sources', () => {
    const snippets = PAGES.flatMap(snippetsOf);
    const surroundings = join(EXAMPLE_FOLDER, 'surroundings.ts');
    const files = new Map([
      [resolve(surroundings), withImports(SURROUNDINGS, surroundings)],
      ...snippets.map(({ path, text }) => [resolve(path), text] as const),
    ]);
    expect(files.size).toBe(snippets.length + 1);
    expect(errorsOf(files)).toEqual([]);
  });
});
