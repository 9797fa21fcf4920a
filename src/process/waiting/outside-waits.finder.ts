import { Injectable } from '@nestjs/common';
import { type ActivityTree, EngineWaitsClient } from '../../camunda-engine/index.js';
import { EngineWaitsReader } from './engine-waits.reader.js';
import type { InstanceWaits } from './waiting-for.js';

/** Activities that end only by a person, a message or a timer. */
const OUTSIDE_TYPES: ReadonlySet<string> = new Set([
  'userTask',
  'receiveTask',
  'intermediateMessageCatch',
  'intermediateTimer',
  'eventBasedGateway',
]);

const CALL_TYPE = 'callActivity';

/** The activities of some instances, all of which wait for something outside or for a called instance. */
interface OutsideActivities {
  /** Equal for two readings if no activity began or ended in between. */
  readonly signature: string;
  /** Number of called instances. */
  readonly calls: number;
}

/** Finds out whether an instance only waits for people, for messages, or for timers that fall due late. */
@Injectable()
export class OutsideWaitsFinder {
  constructor(
    private readonly waits: EngineWaitsClient,
    private readonly reader: EngineWaitsReader,
  ) {}

  /**
   * What an instance waits for, if nothing of it can continue before the deadline without a person or a message.
   *
   * The tree of activities is read before and after the lists, and has to be the same: otherwise a step that began in
   * between would be in none of them. One call shows that a step runs.
   *
   * @param deadline in ms since the epoch
   * @returns null if something else can continue, or if this cannot be seen
   * @throws EngineCallError
   */
  async find(processInstanceId: string, deadline: number): Promise<InstanceWaits | null> {
    const root = await this.activities([processInstanceId]);
    if (root === null) return null;
    const ids =
      root.calls === 0 ? [processInstanceId] : (await this.reader.read(processInstanceId))?.instanceIds;
    if (ids === undefined) return null;
    const before = ids.length === 1 ? root : await this.activities(ids);
    // An instance that was called, and was not looked at, may be at any step.
    if (before?.calls !== ids.length - 1) return null;
    const waits = await this.reader.read(processInstanceId);
    if (waits?.isComplete !== true || waits.hasWork || waits.entries.length === 0) return null;
    if (waits.firstDueAt !== null && waits.firstDueAt <= deadline) return null;
    if (waits.instanceIds.join() !== ids.join()) return null;
    const after = await this.activities(ids);
    return after?.signature === before.signature ? waits : null;
  }

  /** Null if an instance is gone, or if something in one of them can continue by itself. */
  private async activities(ids: readonly string[]): Promise<OutsideActivities | null> {
    const trees = await Promise.all(ids.map((id) => this.waits.getActivityTree(id)));
    const all: ActivityTree[] = [];
    for (const tree of trees) {
      if (tree === null) return null;
      all.push(...flat(tree));
    }
    const leaves = all.filter(({ childActivityInstances }) => childActivityInstances.length === 0);
    const calls = leaves.filter(({ activityType }) => activityType === CALL_TYPE).length;
    const outside = leaves.filter(({ activityType }) => OUTSIDE_TYPES.has(activityType)).length;
    const isMoving = all.some(({ childTransitionInstances }) => childTransitionInstances.length > 0);
    if (isMoving || calls + outside < leaves.length) return null;
    return {
      calls,
      signature: all
        .map(({ id }) => id)
        .sort()
        .join(),
    };
  }
}

function flat(tree: ActivityTree): ActivityTree[] {
  return [tree, ...tree.childActivityInstances.flatMap(flat)];
}
