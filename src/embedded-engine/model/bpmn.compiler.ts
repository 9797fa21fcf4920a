import { createRequire } from 'node:module';
import BpmnModdle, { type ModdleResult, type ModdleWarning } from 'bpmn-moddle';
import { BpmnParseError } from './bpmn-parse.error.js';
import { BuildContext } from './build.context.js';
import { childrenOf, textOf } from './moddle.reader.js';
import { ProblemCollector, type Place } from './problem.collector.js';
import { buildProcess } from './process.builder.js';
import type { CompiledResource, ProcessModel } from './process-model.js';
import { readXml, XmlRefusedError } from './xml.guard.js';

/** Camunda's extensions, read with `require`, because importing JSON prints a warning on Node 20. */
const CAMUNDA_EXTENSIONS: unknown = createRequire(import.meta.url)(
  'camunda-bpmn-moddle/resources/camunda.json',
);

/**
 * Maximum length of a text, in characters, for which all unreadable parts are reported. For each of them the parser
 * counts the lines from the start of the text, so in a longer text it stops at the first.
 */
const MAX_LAX_LENGTH = 128 * 1024;

/** A BPMN resource of a deployment. */
export interface BpmnResource {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export interface CompileOptions {
  /** Whether a process without `camunda:historyTimeToLive` is rejected, as in Camunda since 7.20; default true. */
  readonly enforceHistoryTimeToLive?: boolean;
  /** Whether script tasks and script mappings are allowed; scripts have all rights of the process. Default false. */
  readonly scripts?: boolean;
}

/**
 * Compiles the executable processes of a `.bpmn` file.
 *
 * @throws BpmnParseError with every problem of the file
 */
export async function compileBpmn(
  resource: BpmnResource,
  options: CompileOptions = {},
): Promise<CompiledResource> {
  const problems = new ProblemCollector(typeof resource.content === 'string' ? resource.content : '');
  const fail = (collector: ProblemCollector): never => {
    throw new BpmnParseError(resource.name, collector.errors, collector.warnings);
  };
  let xml: string;
  try {
    xml = readXml(resource.content);
  } catch (error) {
    if (!(error instanceof XmlRefusedError)) throw error;
    problems.error(error.message, null);
    return fail(problems);
  }
  const collector = new ProblemCollector(xml);
  const parsed = await parse(xml, collector);
  if (parsed === null) return fail(collector);
  const processes = buildProcesses(parsed, options, collector);
  if (collector.hasErrors) return fail(collector);
  return Object.freeze({ processes: Object.freeze(processes), warnings: collector.warnings });
}

async function parse(xml: string, problems: ProblemCollector): Promise<ModdleResult | null> {
  try {
    const result = await new BpmnModdle({ camunda: CAMUNDA_EXTENSIONS }).fromXML(xml, 'bpmn:Definitions', {
      lax: xml.length <= MAX_LAX_LENGTH,
    });
    for (const warning of result.warnings) reportWarning(warning, problems);
    return result;
  } catch (error) {
    for (const warning of warningsOf(error)) reportWarning(warning, problems);
    const { message, place } = readMessage(error instanceof Error ? error.message : String(error));
    problems.error(message, null, place);
    return null;
  }
}

function warningsOf(error: unknown): readonly ModdleWarning[] {
  const warnings = typeof error === 'object' && error !== null && 'warnings' in error ? error.warnings : [];
  return Array.isArray(warnings) ? (warnings as readonly ModdleWarning[]) : [];
}

/**
 * The parser skips unreadable content with a warning. Here that is a problem, because the process would lack a part.
 * Elements and attributes of foreign namespaces are accepted; the builders check references.
 */
function reportWarning(warning: ModdleWarning, problems: ProblemCollector): void {
  const { message, place } = readMessage(warning.message);
  if (warning.element !== undefined || message.startsWith('unrecognized element')) {
    problems.warning(message, warning.element?.id ?? null);
  } else {
    problems.error(message, null, place);
  }
}

/** Parses `… detected⏎ line: 3⏎ column: 0⏎ nested error: what`; the parser counts from 0. */
function readMessage(text: string): { readonly message: string; readonly place: Place } {
  const match = /line: (\d+)\s+column: (\d+)\s+nested error: ([^]*)/.exec(text);
  if (match === null) return { message: text, place: { line: 0, column: 0 } };
  return { message: match[3] ?? text, place: { line: Number(match[1]) + 1, column: Number(match[2]) + 1 } };
}

function buildProcesses(
  parsed: ModdleResult,
  { enforceHistoryTimeToLive = true, scripts = false }: CompileOptions,
  problems: ProblemCollector,
): readonly ProcessModel[] {
  const context = new BuildContext(problems, parsed.warnings, scripts);
  const settings = { category: textOf(parsed.rootElement, 'targetNamespace'), enforceHistoryTimeToLive };
  const processes: ProcessModel[] = [];
  for (const element of childrenOf(parsed.rootElement, 'rootElements')) {
    if (element.$type !== 'bpmn:Process') continue;
    const isExecutable = element.get('isExecutable');
    if (isExecutable === false) continue;
    // Camunda treats a process without `isExecutable` as executable.
    if (isExecutable === undefined)
      problems.warning('The process does not say isExecutable', element.id ?? null);
    const process = buildProcess(element, settings, context);
    if (process !== null) processes.push(process);
  }
  return processes;
}
