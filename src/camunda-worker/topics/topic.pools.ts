import { DEFAULT_POOL, type TaskPoolConfig } from '../../config/index.js';
import { TopicWiringError } from './registered-topic.js';
import type { TopicDeclaration } from './topic.decorator.js';

/** Topics that share polls and a limit of parallel tasks. */
export interface TopicPool {
  readonly name: string;
  /** Most tasks of the pool at the same time; null: `CAMUNDA_MAX_TASKS`. */
  readonly maxTasks: number | null;
  /** Lock duration of topics without their own, in milliseconds; null: `CAMUNDA_LOCK_DURATION_MS`. */
  readonly lockDurationMs: number | null;
  readonly topics: readonly string[];
}

/** Ends a name in `CAMUNDA_POOLS` that means all topics of a process. */
const ALL_STEPS = '.*';

/**
 * Puts each topic into one pool: the one of `CAMUNDA_POOLS` that names the topic, otherwise the one that names its process
 * (`order.*`), otherwise the one of its `@Topic`, otherwise the default pool.
 *
 * @param configured `CAMUNDA_POOLS`
 * @returns pools that have topics, the default pool first
 * @throws TopicWiringError if a configured pool names an unknown topic, or has no topic
 */
export function assignPools(
  declarations: readonly Pick<TopicDeclaration, 'topic' | 'pool'>[],
  configured: readonly TaskPoolConfig[],
): TopicPool[] {
  const owners = new Map(configured.flatMap(({ name, topics }) => topics.map((topic) => [topic, name])));
  for (const [topic, pool] of owners) refuseUnknown(topic, pool, declarations);
  const members = new Map<string, string[]>([[DEFAULT_POOL, []]]);
  for (const { topic, pool = DEFAULT_POOL } of declarations) {
    const name = owners.get(topic) ?? owners.get(ofProcess(topic)) ?? pool;
    members.set(name, [...(members.get(name) ?? []), topic]);
  }
  refuseEmpty(configured, members);
  return [...members]
    .filter(([, topics]) => topics.length > 0)
    .map(([name, topics]) => {
      const { maxTasks = null, lockDurationMs = null } = configured.find((each) => each.name === name) ?? {};
      return { name, maxTasks, lockDurationMs, topics };
    });
}

/** `order.charge.card` → `order.*`. */
function ofProcess(topic: string): string {
  return `${topic.split('.')[0] ?? topic}${ALL_STEPS}`;
}

function refuseUnknown(
  name: string,
  pool: string,
  declarations: readonly Pick<TopicDeclaration, 'topic'>[],
): void {
  const isKnown = declarations.some(({ topic }) => topic === name || ofProcess(topic) === name);
  if (isKnown) return;
  const topics = declarations.map(({ topic }) => topic).join(', ') || 'none';
  throw new TopicWiringError(
    `CAMUNDA_POOLS puts "${name}" into the pool "${pool}", but no handler has this topic: correct or remove it. ` +
      `The topics with a handler: ${topics}.`,
  );
}

/** A misspelled pool would otherwise leave the topics in a pool without its limits. */
function refuseEmpty(
  configured: readonly TaskPoolConfig[],
  members: ReadonlyMap<string, readonly string[]>,
): void {
  const empty = configured.find(
    ({ name }) => name !== DEFAULT_POOL && (members.get(name) ?? []).length === 0,
  );
  if (empty === undefined) return;
  throw new TopicWiringError(
    `CAMUNDA_POOLS has the pool "${empty.name}", but no topic is in it: correct its name, give it topics, or remove it. ` +
      `The pools with topics: ${[...members].flatMap(([name, topics]) => (topics.length > 0 ? [name] : [])).join(', ')}.`,
  );
}
