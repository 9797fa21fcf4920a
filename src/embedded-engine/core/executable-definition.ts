import type { FlowNode, ProcessModel } from '../model/index.js';
import type { DefinitionRecord } from '../persist/records.types.js';
import { ProcessEngineError } from './engine.errors.js';

/** A deployed definition with its model and what the interpreter derives from it once. */
export class ExecutableDefinition {
  /** Whether any inclusive gateway waits for several tokens; without one the look for them is skipped. */
  readonly hasInclusiveJoin: boolean;
  private readonly reachableFrom = new Map<string, ReadonlySet<string>>();

  constructor(
    readonly record: DefinitionRecord,
    readonly model: ProcessModel,
  ) {
    this.hasInclusiveJoin = [...model.nodes.values()].some(
      (node) => node.kind === 'inclusiveGateway' && node.incoming.length > 1,
    );
  }

  /** @throws ProcessEngine for an id that the model does not have */
  node(id: string): FlowNode {
    const node = this.model.nodes.get(id);
    if (node === undefined) throw new ProcessEngineError(`${this.record.id} has no element ${id}`);
    return node;
  }

  /** Whether a token that is at `fromId` can still come to `toId`: over flows, and over boundary events of what it passes. */
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
      const next = [
        ...node.outgoing.map((flow) => flow.targetId),
        ...node.boundaryEvents.map((event) => event.id),
      ];
      for (const target of next) {
        if (seen.has(target)) continue;
        seen.add(target);
        open.push(target);
      }
    }
    return seen;
  }
}
