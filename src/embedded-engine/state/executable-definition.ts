import type { FlowNode, MessageStartNode, ProcessModel, ScopeModel, StartEventNode } from '../model/index.js';
import { BadUserRequestError, ProcessEngineError } from './engine.errors.js';
import type { DefinitionRecord } from './records.types.js';

/** A compiled process with the file that contains it. */
export interface CompiledProcess {
  /** Name of the file. */
  readonly resource: string;
  readonly model: ProcessModel;
}

/** A deployed definition with its model and derived data that is computed once. */
export class ExecutableDefinition {
  private readonly reachableFrom = new Map<string, ReadonlySet<string>>();

  constructor(
    readonly record: DefinitionRecord,
    readonly model: ProcessModel,
  ) {}

  /**
   * Returns the start event for a start by key or id: the none start event, or else the only message start event.
   *
   * @throws ProcessEngine if there are several message start events and no none start event
   */
  initialStart(): StartEventNode | MessageStartNode {
    const { startEvent, messageStarts } = this.model.root;
    const [only, another] = messageStarts;
    if (startEvent !== null) return startEvent;
    if (only !== undefined && another === undefined) return only;
    throw new ProcessEngineError(
      `Process definition with id '${this.record.id}' has no default start activity (e.g. none start event), hence you cannot start it by key or id but have to start it using one of the modeled start events (e.g. message start events)`,
    );
  }

  /** A start event of the process itself. @throws BadUserRequest for any other element */
  startEvent(id: string): StartEventNode | MessageStartNode {
    const { startEvent, messageStarts } = this.model.root;
    const found = [startEvent, ...messageStarts].find((each) => each?.id === id);
    if (found != null) return found;
    throw new BadUserRequestError(
      `Cannot start ${this.record.id} at element '${id}': it is no start event of the process`,
    );
  }

  /** @throws ProcessEngine for an id that is not in the model */
  node(id: string): FlowNode {
    const node = this.model.nodes.get(id);
    if (node === undefined) throw new ProcessEngineError(`${this.record.id} has no element ${id}`);
    return node;
  }

  /** The scope of a sub-process or event sub-process; null for elements without inner flow. */
  scopeModel(nodeId: string): ScopeModel | null {
    const node = this.node(nodeId);
    return node.kind === 'subProcess' || node.kind === 'eventSubProcess' ? node.scope : null;
  }

  /**
   * Whether a token at `fromId` can still reach `toId` over sequence flows; like Camunda it ignores boundary events.
   */
  canReach(fromId: string, toId: string): boolean {
    let reachable = this.reachableFrom.get(fromId);
    if (reachable === undefined) {
      reachable = this.explore(fromId);
      this.reachableFrom.set(fromId, reachable);
    }
    return reachable.has(toId);
  }

  private explore(fromId: string): ReadonlySet<string> {
    const seen = new Set<string>();
    const open = [fromId];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const node = this.node(id);
      for (const { targetId } of node.outgoing) {
        if (seen.has(targetId)) continue;
        seen.add(targetId);
        open.push(targetId);
      }
    }
    return seen;
  }
}
