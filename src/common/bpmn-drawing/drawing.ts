/** An element of a `.bpmn`, as far as a message or a check at boot needs it. */
export interface DrawnElement {
  readonly id: string;
  readonly name: string | null;
  /** As the file spells it: `serviceTask`. */
  readonly tag: string;
  /** Id of the sub-process that it lies in; null: directly in its process. */
  readonly parentId: string | null;
  /** Topic of an external task. */
  readonly topic: string | null;
  /** Expressions and other texts that the engine reads of it. */
  readonly texts: readonly string[];
  readonly hasTimer: boolean;
  /** Of a sequence flow: where it comes from and where it leads. */
  readonly sourceId: string | null;
  readonly targetId: string | null;
  /** Of a boundary event: the activity that it belongs to. */
  readonly attachedToId: string | null;
  /** Of a call activity: the key that it calls. */
  readonly calledElement: string | null;
  /** False for a boundary event that leaves its activity running. */
  readonly isInterrupting: boolean;
  /** Of an end event: it throws an error. */
  readonly throwsError: boolean;
  /** Of a sub-process: it begins with an event of its own, not with a token. */
  readonly isTriggeredByEvent: boolean;
}

/** A process of a `.bpmn`. */
export interface DrawnProcess {
  readonly id: string;
  /** Null where the file does not say. */
  readonly isExecutable: boolean | null;
  readonly elements: readonly DrawnElement[];
}

/** An error that a file defines. */
export interface DrawnError {
  readonly id: string;
  /** Null where the file gives none. */
  readonly code: string | null;
}

/** Elements at which a token rests, or leaves this instance: what is behind them happens later. */
const RESTS: ReadonlySet<string> = new Set([
  'userTask',
  'receiveTask',
  'intermediateCatchEvent',
  'eventBasedGateway',
  'callActivity',
]);

/** What a `.bpmn` contains. */
export class Drawing {
  readonly elements: readonly DrawnElement[];

  private readonly byId: ReadonlyMap<string, DrawnElement>;
  private readonly bySource: ReadonlyMap<string | null, readonly DrawnElement[]>;
  private readonly byParent: ReadonlyMap<string | null, readonly DrawnElement[]>;
  private readonly byHost: ReadonlyMap<string | null, readonly DrawnElement[]>;

  /** @param errors of the file, which its error events refer to */
  constructor(
    readonly processes: readonly DrawnProcess[],
    readonly errors: readonly DrawnError[] = [],
  ) {
    this.byId = new Map(
      processes.flatMap(({ elements }) => elements.map((element) => [element.id, element] as const)),
    );
    this.elements = [...this.byId.values()];
    this.bySource = grouped(this.elements, ({ sourceId }) => sourceId);
    this.byParent = grouped(this.elements, ({ parentId }) => parentId);
    this.byHost = grouped(this.elements, ({ attachedToId }) => attachedToId);
  }

  element(id: string): DrawnElement | null {
    return this.byId.get(id) ?? null;
  }

  /**
   * What a token can meet in the same transaction, flows included, once it leaves an element: up to where it rests.
   */
  ahead(id: string): readonly DrawnElement[] {
    const met = new Map<string, DrawnElement>();
    const open = this.after(id);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (met.has(next.id)) continue;
      met.set(next.id, next);
      open.push(...this.enteredWith(next));
      if (next.topic === null && !RESTS.has(next.tag) && !this.hasContent(next.id))
        open.push(...this.after(next.id));
    }
    return [...met.values()];
  }

  /** End events of a process that a token can reach without having left an element of a kind; those that throw are none. */
  endsBeside(process: DrawnProcess, isOfKind: (element: DrawnElement) => boolean): readonly DrawnElement[] {
    const met = new Set<DrawnElement>();
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

  /** Boundary events of an activity, and of the sub-processes that it lies in: where an error that it throws may go. */
  boundariesOf(id: string): DrawnElement[] {
    const own = [...(this.byHost.get(id) ?? [])];
    const { parentId } = this.byId.get(id) ?? { parentId: null };
    return parentId === null ? own : [...own, ...this.boundariesOf(parentId)];
  }

  /** Where a token goes that leaves an element: its flows with their targets, or those of the sub-process that it ends. */
  private after(id: string): DrawnElement[] {
    const { targetId = null, parentId = null } = this.byId.get(id) ?? {};
    if (targetId !== null) return this.find(targetId);
    const flows = this.bySource.get(id) ?? [];
    if (flows.length > 0) return [...flows, ...flows.flatMap((flow) => this.find(flow.targetId))];
    return parentId === null ? [] : this.after(parentId);
  }

  /** What begins with an element: its boundary events, and the beginnings inside a sub-process. */
  private enteredWith({ id }: DrawnElement): DrawnElement[] {
    const inside = (this.byParent.get(id) ?? []).filter(
      ({ tag, isTriggeredByEvent }) => tag === 'startEvent' || isTriggeredByEvent,
    );
    return [...(this.byHost.get(id) ?? []), ...inside];
  }

  private hasContent(id: string): boolean {
    return this.byParent.has(id);
  }

  private find(id: string | null): DrawnElement[] {
    const element = id === null ? undefined : this.byId.get(id);
    return element === undefined ? [] : [element];
  }
}

/** `"Enough money?" (Gateway_1)`, or `"Gateway_1"` where it has no name. */
export function nameOf({ id, name }: Pick<DrawnElement, 'id' | 'name'>): string {
  return name === null ? `"${id}"` : `"${name}" (${id})`;
}

function grouped(
  elements: readonly DrawnElement[],
  keyOf: (element: DrawnElement) => string | null,
): ReadonlyMap<string | null, readonly DrawnElement[]> {
  const groups = new Map<string | null, DrawnElement[]>();
  for (const element of elements) {
    const group = groups.get(keyOf(element));
    if (group === undefined) groups.set(keyOf(element), [element]);
    else group.push(element);
  }
  return groups;
}
