import { Redactor } from '../common/redaction/index.js';
import { type BpmnModel, type BpmnElement, nameOf } from '../common/bpmn-model/index.js';

/** Where and why an instance cannot go on in the engine. */
export interface EngineFault {
  /** `at "Enough?" (Gateway_1), flow "toShipping"`; null if neither message nor BPMN shows it. */
  readonly place: string | null;
  /** The engine's message without its codes. */
  readonly reason: string;
}

/** A pattern of an engine message that leads to an element: by its id, a text of the file, or its kind. */
interface Hint {
  readonly pattern: RegExp;
  readonly find: (model: BpmnModel, text: string, ahead: readonly BpmnElement[]) => readonly BpmnElement[];
}

/** Messages of Camunda 7.24, Operaton 1.0 and the embedded engine, as observed on all three. */
const HINTS: readonly Hint[] = [
  { pattern: /element with id '([^']+)'|Flow Node '([^']+)'|sequence flow '([^']+)'/, find: byId },
  { pattern: /used in expression: (.+?)\. Cause: /s, find: byText },
  { pattern: /[Ee]xpression '([^']+)'/, find: byText },
  { pattern: /Variable '([^']+)' is not of the expected type/, find: byText },
  { pattern: /no processes deployed with key '([^']+)'/, find: byText },
  { pattern: /(?:duedate|duration|date|cycle) '([^']*)'/, find: byTextElseTimer },
  { pattern: /condition expression returns/, find: conditional },
];

/** Matches errors of the engine's database, which clients must not see. */
const DATABASE_ERROR = /### |\bSQL\b|ENGINE-03\d{3} (?:Execution of|Exception while executing)/;

/** A file of the engine's machine, also with a drive letter. */
const FILE_PATH = /(?<![\w/:.])(?:[A-Za-z]:)?(?:[\\/][\w.$-]{1,255}){3,}/g;

/**
 * Finds the element and the reason in the message of an engine that could not continue an instance.
 *
 * @param model the process's BPMN; null if the process is not one of this service
 * @param from ids of the elements that the instance was leaving
 */
export function readEngineFault(
  message: string,
  model: BpmnModel | null,
  from: readonly string[],
): EngineFault {
  const element = failingElement(message, model, from);
  return { place: element === null ? null : describePlace(element, model), reason: reasonOf(message) };
}

function failingElement(
  message: string,
  model: BpmnModel | null,
  from: readonly string[],
): BpmnElement | null {
  for (const { pattern, find } of HINTS) {
    const match = pattern.exec(message);
    if (match === null) continue;
    const groups: readonly (string | undefined)[] = match.slice(1);
    const text = groups.find((group) => group !== undefined) ?? '';
    if (model === null) return find === byId ? unknownElement(text) : null;
    const ahead = from.flatMap((id) => model.ahead(id));
    const found = new Set(find(model, text, ahead));
    // If several elements fit, none is named.
    const [only] = found;
    return found.size === 1 ? (only ?? null) : null;
  }
  return null;
}

function byId(model: BpmnModel, id: string): readonly BpmnElement[] {
  return [model.element(id) ?? unknownElement(id)];
}

/** Elements with this text: those ahead, otherwise all in the file. */
function byText(model: BpmnModel, text: string, ahead: readonly BpmnElement[]): readonly BpmnElement[] {
  const hasText = ({ texts }: BpmnElement): boolean => texts.includes(text.trim());
  const near = ahead.filter(hasText);
  return near.length > 0 ? near : model.elements.filter(hasText);
}

/** The time may be a text of the file, or come from a variable. */
function byTextElseTimer(
  model: BpmnModel,
  text: string,
  ahead: readonly BpmnElement[],
): readonly BpmnElement[] {
  const exact = byText(model, text, ahead);
  return exact.length > 0 ? exact : ahead.filter(({ hasTimer }) => hasTimer);
}

function conditional(_: BpmnModel, _text: string, ahead: readonly BpmnElement[]): readonly BpmnElement[] {
  return ahead.filter(({ sourceId, texts }) => sourceId !== null && texts.length > 0);
}

function unknownElement(id: string): BpmnElement {
  return {
    id,
    name: null,
    tag: '',
    parentId: null,
    topic: null,
    texts: [],
    hasTimer: false,
    sourceId: null,
    targetId: null,
    attachedToId: null,
    calledElement: null,
    isInterrupting: true,
    throwsError: false,
    thrownError: null,
    isTriggeredByEvent: false,
    messageName: null,
  };
}

function describePlace(element: BpmnElement, model: BpmnModel | null): string {
  if (element.sourceId === null) return `at ${nameOf(element)}`;
  const source = model?.element(element.sourceId) ?? { id: element.sourceId, name: null };
  return `at ${nameOf(source)}, flow ${nameOf(element)}`;
}

/** The engine's message without its codes and internal ids. */
function reasonOf(message: string): string {
  if (DATABASE_ERROR.test(message)) return 'its database refused the change.';
  const text = message
    .replaceAll(/\bENGINE-\d{5}\s+/g, '')
    .replace(/^Cannot instantiate process definition \S+: /, '')
    // Further lines are the stack or the causes of the engine's exception.
    .replace(/[\r\n]+\s*(?:at |Caused by: ).*$/s, '')
    .replace(FILE_PATH, '…')
    .trim();
  return text === '' ? 'it gives no reason.' : new Redactor().scrub(text);
}
