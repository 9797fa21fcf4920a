import { isOwnCode, RESERVED_ERROR_CODES, toOwnCode } from '../../common/error-codes/index.js';
import { type BpmnModel, type BpmnElement, type BpmnProcess, nameOf } from '../../common/bpmn-model/index.js';

/** One of our process definitions with its parsed BPMN, and what the checks need of the application. */
export interface CheckedDefinition {
  readonly key: string;
  /** Name of the `.bpmn`. */
  readonly file: string;
  readonly model: BpmnModel;
  /** Keys of all our definitions. */
  readonly keys: ReadonlySet<string>;
  readonly hasHandler: (topic: string) => boolean;
  /** True if a handler may complete its process, and for a topic that another application works on. */
  readonly mayComplete: (topic: string) => boolean;
  /** True if the definition names a result, which is read from the engine: then no step completes the process. */
  readonly hasResult: boolean;
}

/** Elements that may create several tokens; then a single path does not show how the process ends. */
const PARALLEL: ReadonlySet<string> = new Set(['parallelGateway', 'inclusiveGateway', 'complexGateway']);

/** A sentence that says why no instance of a definition can start; null if one can. */
export function findFatalFault({ key, file, model }: CheckedDefinition): string | null {
  const own = model.processes.find(({ id }) => id === key);
  if (own === undefined) {
    const ids = model.processes.map(({ id }) => `"${id}"`).join(', ') || 'none';
    return `The process definition "${key}" has no process of that id in ${file}, which has ${ids}: give key and id the same name.`;
  }
  if (own.isExecutable === false) {
    return `The process "${key}" in ${file} has isExecutable="false", so that the engine takes no notice of it: mark it as executable.`;
  }
  return null;
}

/** Describes what in a file probably does not work as intended, one sentence each. */
export function findSuspicions(checked: CheckedDefinition): string[] {
  const { key, file, model } = checked;
  const own = model.processes.find(({ id }) => id === key);
  return [
    ...(own?.isExecutable === null
      ? [
          `The process "${key}" in ${file} does not say isExecutable. Camunda 7 takes it for executable, other tools do not: set isExecutable="true".`,
        ]
      : []),
    ...unregistered(checked),
    ...unhandled(checked),
    ...otherCodes(checked),
    ...(own === undefined || checked.hasResult ? [] : endsWithoutCompletion(checked, own)),
  ];
}

function unregistered({ key, file, model, keys }: CheckedDefinition): string[] {
  const others = model.processes
    .filter(({ id, isExecutable }) => id !== key && isExecutable !== false && !keys.has(id))
    .map(
      ({ id }) =>
        `${file} of "${key}" has the further process "${id}", which no definition has as its key: its starts are not checked, unless it is only called.`,
    );
  const deployed = new Set([...keys, ...model.processes.map(({ id }) => id)]);
  const called = model.elements.flatMap((element) => {
    const { calledElement } = element;
    if (calledElement === null || isExpression(calledElement) || deployed.has(calledElement)) return [];
    return [
      `The call activity ${nameOf(element)} in ${file} calls "${calledElement}", which no definition here has as its key: it fails, unless another application deploys it.`,
    ];
  });
  return [...others, ...called];
}

function unhandled({ key, file, model, hasHandler }: CheckedDefinition): string[] {
  const seen = new Set<string>();
  return model.elements.flatMap((element) => {
    const { topic } = element;
    if (topic === null || isExpression(topic) || hasHandler(topic) || seen.has(topic)) return [];
    seen.add(topic);
    return [
      `The .bpmn of "${key}" has the topic "${topic}", which no class here handles, at ${nameOf(element)} in ${file}: its tasks wait, and the process stays pending. Write the handler or correct one of the two, unless another application works on it.`,
    ];
  });
}

/** BPMN errors whose code is not valid as the errorCode of an outcome. */
function otherCodes({ key, file, model }: CheckedDefinition): string[] {
  return model.errors.flatMap(({ id, code }) => {
    if (code === null || isExpression(code) || isOwnCode(code)) return [];
    return [
      `The error "${id}" of "${key}" in ${file} has the code "${code}". In the process it stays; as the errorCode of an outcome clients read "${toOwnCode(code)}": a code is A-Z, then A-Z 0-9 _, at most 64 characters, and none of ${RESERVED_ERROR_CODES.join(', ')}.`,
    ];
  });
}

/** End events that a token can reach without a step that may complete the process. */
function endsWithoutCompletion(
  { key, file, model, mayComplete }: CheckedDefinition,
  own: BpmnProcess,
): string[] {
  const may = ({ topic, tag }: BpmnElement): boolean =>
    (topic !== null && mayComplete(topic)) || tag === 'callActivity';
  if (!own.elements.some(may)) {
    return [
      `No step of "${key}" in ${file} completes the process, so its result is read from the engine 5 s after the end: have the last step call ProcessCompletionService.complete(), or name a result in the definition.`,
    ];
  }
  const isParallel = own.elements.some(
    ({ tag, isTriggeredByEvent, isInterrupting }) =>
      PARALLEL.has(tag) || isTriggeredByEvent || !isInterrupting,
  );
  if (isParallel) return [];
  return model
    .endsBeside(own, may)
    .map(
      (end) =>
        `"${key}" in ${file} can end at ${nameOf(end)} without a step that completes the process: then its result is read from the engine 5 s after the end. Have a step on the way there call ProcessCompletionService.complete(), or name a result in the definition.`,
    );
}

function isExpression(text: string): boolean {
  return /[#$]\{/.test(text);
}
