import type { FlowNode, MessageStartNode, ProcessModel, ScopeModel, StartEventNode } from '../model/index.js';
import { ProcessEngineError } from './engine.errors.js';
import type { DefinitionRecord } from './records.types.js';

/** A process and the file that it stands in. */
export interface CompiledProcess {
  /** Name of the file. */
  readonly resource: string;
  readonly model: ProcessModel;
}

/** A deployed definition with its model and what the interpreter derives from it once. */
export class ExecutableDefinition {
  private readonly reachableFrom = new Map<string, ReadonlySet<string>>();

  constructor(
    readonly record: DefinitionRecord,
    readonly model: ProcessModel,
  ) {}

  /**
   * The start event that a start by key or id fires: the none start event, or the only one that there is.
   *
   * @throws ProcessEngine where several messages begin the process, and nothing else
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

  /** @throws ProcessEngine for an id that the model does not have */
  node(id: string): FlowNode {
    const node = this.model.nodes.get(id);
    if (node === undefined) throw new ProcessEngineError(`${this.record.id} has no element ${id}`);
    return node;
  }

  /** The scope that a sub-process or event sub-process is; null for what holds no flow of its own. */
  scopeModel(nodeId: string): ScopeModel | null {
    const node = this.node(nodeId);
    return node.kind === 'subProcess' || node.kind === 'eventSubProcess' ? node.scope : null;
  }

  /** Whether a token at `fromId` can still come to `toId` over flows; Camunda leaves boundary events out of account. */
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
