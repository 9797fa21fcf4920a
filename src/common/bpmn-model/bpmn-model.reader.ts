import { createRequire } from 'node:module';
import BpmnModdle, { type ModdleElement } from 'bpmn-moddle';
import { BpmnModel, type BpmnElement, type BpmnProcess, type ThrownError } from './bpmn-model.js';

/** Camunda's extensions; read by `require`, because an import of JSON still warns on Node 20. */
const CAMUNDA_EXTENSIONS: unknown = createRequire(import.meta.url)(
  'camunda-bpmn-moddle/resources/camunda.json',
);

/** Operaton's namespace has the same elements as Camunda's. */
const OPERATON_NAMESPACE = /(["'])http:\/\/operaton\.org\/schema\/1\.0\/bpmn\1/g;

/** Members of an element that the engine does not evaluate, or that are elements of their own. */
const NO_TEXT: ReadonlySet<string> = new Set([
  'id',
  'name',
  'documentation',
  'flowElements',
  'artifacts',
  'laneSets',
  'incoming',
  'outgoing',
  'sourceRef',
  'targetRef',
  'default',
  'attachedToRef',
]);

/** References whose name the engine evaluates. */
const NAMED = ['messageRef', 'signalRef', 'errorRef', 'escalationRef'] as const;

/**
 * Reads a `.bpmn`.
 *
 * @returns null if it is not valid BPMN; the engine reports the faults at the deployment
 */
export async function readBpmnModel(xml: string): Promise<BpmnModel | null> {
  try {
    const text = xml.replaceAll(OPERATON_NAMESPACE, '$1http://camunda.org/schema/1.0/bpmn$1');
    const moddle = new BpmnModdle({ camunda: CAMUNDA_EXTENSIONS });
    const { rootElement } = await moddle.fromXML(text, 'bpmn:Definitions', { lax: true });
    if (rootElement.$type !== 'bpmn:Definitions') return null;
    const roots = childrenOf(rootElement, 'rootElements');
    return new BpmnModel(
      roots.filter(({ $type }) => $type === 'bpmn:Process').map(readProcess),
      roots
        .filter(({ $type }) => $type === 'bpmn:Error')
        .map((error) => ({ id: error.id ?? '', code: textOf(error, 'errorCode') })),
    );
  } catch {
    return null;
  }
}

function readProcess(process: ModdleElement): BpmnProcess {
  const isExecutable = process.get('isExecutable');
  return {
    id: process.id ?? '',
    isExecutable: typeof isExecutable === 'boolean' ? isExecutable : null,
    properties: readProperties(process),
    elements: readElements(process, null),
  };
}

/** The properties of `camunda:properties`; the last one of a name counts, as in the engine. */
function readProperties(process: ModdleElement): ReadonlyMap<string, string> {
  const extensions = process.get('extensionElements');
  const groups = isElement(extensions) ? childrenOf(extensions, 'values') : [];
  return new Map(
    groups
      .filter(({ $type }) => $type === 'camunda:Properties')
      .flatMap((group) => childrenOf(group, 'values'))
      .map((property) => [textOf(property, 'name') ?? '', textOf(property, 'value') ?? '']),
  );
}

function readElements(scope: ModdleElement, parentId: string | null): BpmnElement[] {
  return childrenOf(scope, 'flowElements').flatMap((element) => {
    const { id } = element;
    return id === undefined ? [] : [readElement(element, id, parentId), ...readElements(element, id)];
  });
}

function readElement(element: ModdleElement, id: string, parentId: string | null): BpmnElement {
  return {
    id,
    name: textOf(element, 'name'),
    tag: tagOf(element),
    parentId,
    topic: textOf(element, 'camunda:type') === 'external' ? textOf(element, 'camunda:topic') : null,
    texts: textsOf(element),
    hasTimer: hasDefinition(element, 'bpmn:TimerEventDefinition'),
    sourceId: idOf(element.get('sourceRef')),
    targetId: idOf(element.get('targetRef')),
    attachedToId: idOf(element.get('attachedToRef')),
    calledElement: textOf(element, 'calledElement'),
    isInterrupting: element.$type !== 'bpmn:BoundaryEvent' || element.get('cancelActivity') !== false,
    throwsError: element.$type === 'bpmn:EndEvent' && hasDefinition(element, 'bpmn:ErrorEventDefinition'),
    thrownError: readThrownError(element),
    isTriggeredByEvent: element.get('triggeredByEvent') === true,
    messageName: readMessageName(element),
  };
}

function readMessageName(element: ModdleElement): string | null {
  const definition = childrenOf(element, 'eventDefinitions').find(
    ({ $type }) => $type === 'bpmn:MessageEventDefinition',
  );
  const message = definition?.get('messageRef');
  return isElement(message) ? textOf(message, 'name') : null;
}

function readThrownError(element: ModdleElement): ThrownError | null {
  if (element.$type !== 'bpmn:EndEvent') return null;
  const definition = childrenOf(element, 'eventDefinitions').find(
    ({ $type }) => $type === 'bpmn:ErrorEventDefinition',
  );
  if (definition === undefined) return null;
  const error = definition.get('errorRef');
  const read = (property: string): string | null => (isElement(error) ? textOf(error, property) : null);
  return {
    code: read('errorCode'),
    name: read('name'),
    message: read('camunda:errorMessage'),
    messageVariable: textOf(definition, 'camunda:errorMessageVariable'),
  };
}

function hasDefinition(element: ModdleElement, type: string): boolean {
  return childrenOf(element, 'eventDefinitions').some(({ $type }) => $type === type);
}

/** The texts of an element and its children, without those of other flow elements. */
function textsOf(element: ModdleElement): string[] {
  const texts: string[] = [];
  // References are not among the entries.
  for (const reference of NAMED) {
    const named = element.get(reference);
    if (isElement(named)) texts.push(textOf(named, 'name') ?? '');
  }
  for (const [member, value] of Object.entries(element)) {
    if (member.startsWith('$') || NO_TEXT.has(member)) continue;
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof item === 'string') texts.push(item.trim());
      else if (isElement(item) && item.$parent === element) texts.push(...textsOf(item));
    }
  }
  return texts.filter((text) => text !== '');
}

/** The tag name in the file: `userTask` for `bpmn:UserTask`. */
function tagOf({ $type }: ModdleElement): string {
  const local = $type.slice($type.indexOf(':') + 1);
  return local.charAt(0).toLowerCase() + local.slice(1);
}

function textOf(element: ModdleElement, property: string): string | null {
  const value = element.get(property);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function idOf(value: unknown): string | null {
  return isElement(value) ? (value.id ?? null) : null;
}

function childrenOf(element: ModdleElement, property: string): readonly ModdleElement[] {
  const value = element.get(property);
  return Array.isArray(value) ? value.filter(isElement) : [];
}

/** Elements of namespaces without a descriptor are plain objects without `get`. */
function isElement(value: unknown): value is ModdleElement {
  return typeof value === 'object' && value !== null && 'get' in value && '$type' in value;
}
