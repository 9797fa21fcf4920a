import { EngineResponseError } from '../camunda-engine/index.js';
import { type Drawing, type DrawnElement, nameOf } from '../common/bpmn-drawing/index.js';

/** A refused outcome of a task. */
export interface RefusedOutcome {
  readonly error: Error;
  readonly processKey: string;
  readonly stepName: string;
  /** Element of the task. */
  readonly activityId: string;
  /** Code of the BPMN error that was reported; null for a completion. */
  readonly errorCode: string | null;
  /** The process's own; null where it is not ours. */
  readonly drawing: Drawing | null;
}

/** What the engine's refusal says: an id, a text of the file, or a kind of element. */
interface Hint {
  readonly pattern: RegExp;
  readonly find: (drawing: Drawing, text: string, ahead: readonly DrawnElement[]) => readonly DrawnElement[];
}

/** How Camunda 7.24, Operaton 1.0 and the embedded engine word it; measured on all three. */
const HINTS: readonly Hint[] = [
  { pattern: /element with id '([^']+)'|Flow Node '([^']+)'|sequence flow '([^']+)'/, find: byId },
  { pattern: /used in expression: (.+?)\. Cause: /s, find: byText },
  { pattern: /[Ee]xpression '([^']+)'/, find: byText },
  { pattern: /Variable '([^']+)' is not of the expected type/, find: byText },
  { pattern: /no processes deployed with key '([^']+)'/, find: byText },
  { pattern: /(?:duedate|duration|date|cycle) '([^']*)'/, find: byTextElseTimer },
  { pattern: /condition expression returns/, find: conditional },
];

/** What shows that the engine's database said no; its words are no client's business. */
const OF_DATABASE = /### |\bSQL\b|ENGINE-03\d{3} (?:Execution of|Exception while executing)/;

/**
 * Says in one sentence that a step is done and why the engine does not go on behind it, naming process, step and, where
 * it can be found, the element.
 */
export function describeRefusal(refused: RefusedOutcome): string {
  const { processKey, stepName, errorCode } = refused;
  const what = errorCode === null ? 'succeeded' : `ended with the error ${errorCode}`;
  const element = refusingElement(refused);
  const place = element === null ? 'behind it' : describePlace(element, refused.drawing);
  return `The step "${stepName}" of "${processKey}" ${what}, but the process engine cannot go on ${place}: ${reasonOf(refused.error)}`;
}

function refusingElement({ error, activityId, errorCode, drawing }: RefusedOutcome): DrawnElement | null {
  if (!(error instanceof EngineResponseError)) return null;
  for (const { pattern, find } of HINTS) {
    const match = pattern.exec(error.engineMessage);
    if (match === null) continue;
    const groups: readonly (string | undefined)[] = match.slice(1);
    const text = groups.find((group) => group !== undefined) ?? '';
    if (drawing === null) return find === byId ? unknownElement(text) : null;
    const from = errorCode === null ? [activityId] : drawing.boundariesOf(activityId).map(({ id }) => id);
    const found = find(
      drawing,
      text,
      from.flatMap((id) => drawing.ahead(id)),
    );
    // One of several is not named at random.
    return new Set(found).size === 1 ? (found[0] ?? null) : null;
  }
  return null;
}

function byId(drawing: Drawing, id: string): readonly DrawnElement[] {
  return [drawing.element(id) ?? unknownElement(id)];
}

/** Elements with this text: those ahead, else any. */
function byText(drawing: Drawing, text: string, ahead: readonly DrawnElement[]): readonly DrawnElement[] {
  const hasText = ({ texts }: DrawnElement): boolean => texts.includes(text.trim());
  const near = ahead.filter(hasText);
  return near.length > 0 ? near : drawing.elements.filter(hasText);
}

/** A time may stand in the file, or come from a variable. */
function byTextElseTimer(
  drawing: Drawing,
  text: string,
  ahead: readonly DrawnElement[],
): readonly DrawnElement[] {
  const exact = byText(drawing, text, ahead);
  return exact.length > 0 ? exact : ahead.filter(({ hasTimer }) => hasTimer);
}

function conditional(_: Drawing, _text: string, ahead: readonly DrawnElement[]): readonly DrawnElement[] {
  return ahead.filter(({ sourceId, texts }) => sourceId !== null && texts.length > 0);
}

function unknownElement(id: string): DrawnElement {
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
    isTriggeredByEvent: false,
  };
}

function describePlace(element: DrawnElement, drawing: Drawing | null): string {
  if (element.sourceId === null) return `at ${nameOf(element)}`;
  const source = drawing?.element(element.sourceId) ?? { id: element.sourceId, name: null };
  return `at ${nameOf(source)}, flow ${nameOf(element)}`;
}

/** The engine's reason without its codes; whatever else failed has no words for a client. */
function reasonOf(error: Error): string {
  if (!(error instanceof EngineResponseError)) return 'it did not take the call.';
  const { engineMessage, status } = error;
  if (OF_DATABASE.test(engineMessage)) return 'its database refused the change.';
  const text = engineMessage.replaceAll(/\bENGINE-\d{5}\s+/g, '').trim();
  return text === '' ? `it answered ${status} without a reason.` : text;
}
