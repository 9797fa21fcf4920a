/** An element of a `.bpmn`, with the members that messages and checks at boot need. */
export interface BpmnElement {
  readonly id: string;
  readonly name: string | null;
  /** Tag name in the file: `serviceTask`. */
  readonly tag: string;
  /** Id of the sub-process that contains it; null: directly in its process. */
  readonly parentId: string | null;
  /** Topic of an external task. */
  readonly topic: string | null;
  /** Expressions and other texts that the engine evaluates. */
  readonly texts: readonly string[];
  readonly hasTimer: boolean;
  /** Of a sequence flow: ids of its source and its target. */
  readonly sourceId: string | null;
  readonly targetId: string | null;
  /** Of a boundary event: the id of its activity. */
  readonly attachedToId: string | null;
  /** Of a call activity: the key that it calls. */
  readonly calledElement: string | null;
  /** False for a boundary event that leaves its activity running. */
  readonly isInterrupting: boolean;
  /** Of an end event: true if it throws an error. */
  readonly throwsError: boolean;
  /** Of an error end event: the error that it throws; null for every other element. */
  readonly thrownError: ThrownError | null;
  /** Of a sub-process: true if it is an event sub-process. */
  readonly isTriggeredByEvent: boolean;
  /** Of an event with a message: its name in the file, which may be an expression; null for every other element. */
  readonly messageName: string | null;
}

/** The error that an error end event throws. */
export interface ThrownError {
  /** The error code of the model; null if the model has none. */
  readonly code: string | null;
  /** The name of the error element. */
  readonly name: string | null;
  /** `camunda:errorMessage` of the error element. */
  readonly message: string | null;
  /** `camunda:errorMessageVariable` of the event: the process variable that holds the message. */
  readonly messageVariable: string | null;
}

/** A process of a `.bpmn`. */
export interface BpmnProcess {
  readonly id: string;
  /** Null if the file does not say. */
  readonly isExecutable: boolean | null;
  /** The `camunda:property` elements of the process, by name. */
  readonly properties: ReadonlyMap<string, string>;
  readonly elements: readonly BpmnElement[];
}

/** An error definition of a `.bpmn`. */
export interface BpmnErrorDefinition {
  readonly id: string;
  /** Null if the file has none. */
  readonly code: string | null;
}

/** Elements at which a token waits, or leaves this instance: the elements after them run in a later transaction. */
const WAIT_STATES: ReadonlySet<string> = new Set([
  'userTask',
  'receiveTask',
  'intermediateCatchEvent',
  'eventBasedGateway',
  'callActivity',
]);

/** What a `.bpmn` contains. */
export class BpmnModel {
  readonly elements: readonly BpmnElement[];

  private readonly byId: ReadonlyMap<string, BpmnElement>;
  private readonly bySource: ReadonlyMap<string | null, readonly BpmnElement[]>;
  private readonly byParent: ReadonlyMap<string | null, readonly BpmnElement[]>;
  private readonly byHost: ReadonlyMap<string | null, readonly BpmnElement[]>;

  /** @param errors error definitions of the file */
  constructor(
    readonly processes: readonly BpmnProcess[],
    readonly errors: readonly BpmnErrorDefinition[] = [],
  ) {
    this.byId = new Map(
      processes.flatMap(({ elements }) => elements.map((element) => [element.id, element] as const)),
    );
    this.elements = [...this.byId.values()];
    this.bySource = grouped(this.elements, ({ sourceId }) => sourceId);
    this.byParent = grouped(this.elements, ({ parentId }) => parentId);
    this.byHost = grouped(this.elements, ({ attachedToId }) => attachedToId);
  }

  /** Ids of the elements at which an instance can wait without a worker: people, events, called instances. */
  get waitStateIds(): readonly string[] {
    return this.elements.filter(({ tag }) => WAIT_STATES.has(tag)).map(({ id }) => id);
  }

  /** The start events of a process that wait for a message. */
  messageStartsOf(processKey: string): readonly BpmnElement[] {
    const process = this.processes.find(({ id }) => id === processKey);
    return (process?.elements ?? []).filter(
      ({ tag, parentId, messageName }) => tag === 'startEvent' && parentId === null && messageName !== null,
    );
  }

  element(id: string): BpmnElement | null {
    return this.byId.get(id) ?? null;
  }

  /**
   * Elements and flows that a token can reach in the same transaction after it has left an element: up to the next wait
   * states.
   */
  ahead(id: string): readonly BpmnElement[] {
    const met = new Map<string, BpmnElement>();
    const open = this.after(id);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (met.has(next.id)) continue;
      met.set(next.id, next);
      open.push(...this.enteredWith(next));
      if (next.topic === null && !WAIT_STATES.has(next.tag) && !this.hasContent(next.id))
        open.push(...this.after(next.id));
    }
    return [...met.values()];
  }

  /** End events of a process that a token can reach without leaving an element of a kind; error end events do not count. */
  endsBeside(process: BpmnProcess, isOfKind: (element: BpmnElement) => boolean): readonly BpmnElement[] {
    const met = new Set<BpmnElement>();
    const open = process.elements.filter(({ tag, parentId }) => tag === 'startEvent' && parentId === null);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (met.has(next)) continue;
      met.add(next);
      open.push(...this.enteredWith(next));
      if (!isOfKind(next) && !this.hasContent(next.id) && !next.throwsError)
        open.push(...this.after(next.id));
    }
    return [...met].filter(
      ({ tag, parentId, throwsError }) => tag === 'endEvent' && parentId === null && !throwsError,
    );
  }

  /** Boundary events of an activity and of the sub-processes around it, which may catch an error of the activity. */
  boundariesOf(id: string): BpmnElement[] {
    const own = [...(this.byHost.get(id) ?? [])];
    const { parentId } = this.byId.get(id) ?? { parentId: null };
    return parentId === null ? own : [...own, ...this.boundariesOf(parentId)];
  }

  /** Outgoing flows of an element with their targets, or those of the sub-process that the element ends. */
  private after(id: string): BpmnElement[] {
    const { targetId = null, parentId = null } = this.byId.get(id) ?? {};
    if (targetId !== null) return this.find(targetId);
    const flows = this.bySource.get(id) ?? [];
    if (flows.length > 0) return [...flows, ...flows.flatMap((flow) => this.find(flow.targetId))];
    return parentId === null ? [] : this.after(parentId);
  }

  /** Elements that become active with an element: its boundary events, and the start events inside a sub-process. */
  private enteredWith({ id }: BpmnElement): BpmnElement[] {
    const inside = (this.byParent.get(id) ?? []).filter(
      ({ tag, isTriggeredByEvent }) => tag === 'startEvent' || isTriggeredByEvent,
    );
    return [...(this.byHost.get(id) ?? []), ...inside];
  }

  private hasContent(id: string): boolean {
    return this.byParent.has(id);
  }

  private find(id: string | null): BpmnElement[] {
    const element = id === null ? undefined : this.byId.get(id);
    return element === undefined ? [] : [element];
  }
}

/** `"Enough money?" (Gateway_1)`, or `"Gateway_1"` for an element without a name. */
export function nameOf({ id, name }: Pick<BpmnElement, 'id' | 'name'>): string {
  return name === null ? `"${id}"` : `"${name}" (${id})`;
}

function grouped(
  elements: readonly BpmnElement[],
  keyOf: (element: BpmnElement) => string | null,
): ReadonlyMap<string | null, readonly BpmnElement[]> {
  const groups = new Map<string | null, BpmnElement[]>();
  for (const element of elements) {
    const group = groups.get(keyOf(element));
    if (group === undefined) groups.set(keyOf(element), [element]);
    else group.push(element);
  }
  return groups;
}
