import { z } from 'zod';
import type { TaskPoolConfig } from './configuration.types.js';

/** The pool of all topics that no other pool has. */
export const DEFAULT_POOL = 'default';

const EXAMPLE = '{"slow":{"topics":["order.charge"],"maxTasks":10,"lockDurationMs":60000}}';

const pool = z.strictObject({
  topics: z.array(z.string().trim().min(1)).default([]),
  maxTasks: z.int().min(1).max(1_000).nullable().default(null),
  lockDurationMs: z.int().min(1_000).max(1_800_000).nullable().default(null),
});

const pools = z.record(z.string(), pool);

const POOL_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** Reads the pools of `CAMUNDA_POOLS` from JSON; the message of a fault names its place in the JSON. */
export function taskPools() {
  return z
    .string({ error: 'must be text' })
    .transform((text, context): readonly TaskPoolConfig[] => {
      const json = parse(text);
      const parsed = pools.safeParse(json);
      if (parsed.success) return Object.entries(parsed.data).map(([name, each]) => ({ name, ...each }));
      const [issue] = parsed.error.issues;
      const place =
        issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
      context.addIssue({ code: 'custom', message: `must be JSON like ${EXAMPLE}${place}` });
      return z.NEVER;
    })
    .superRefine((given, context) => {
      for (const message of faultsOf(given)) context.addIssue({ code: 'custom', message });
    });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function faultsOf(given: readonly TaskPoolConfig[]): string[] {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  for (const { name, topics, maxTasks, lockDurationMs } of given) {
    if (!POOL_NAME.test(name)) {
      faults.push(
        `has the pool name ${JSON.stringify(name)}: use lower-case letters, digits and hyphens, at most 32`,
      );
    }
    if (name === DEFAULT_POOL && (maxTasks !== null || lockDurationMs !== null)) {
      faults.push(
        `must not limit the pool "${DEFAULT_POOL}": set CAMUNDA_MAX_TASKS and CAMUNDA_LOCK_DURATION_MS instead`,
      );
    }
    for (const topic of topics) {
      const other = owners.get(topic);
      if (other !== undefined)
        faults.push(`has the topic "${topic}" twice, in "${other}" and "${name}": keep one`);
      owners.set(topic, name);
    }
  }
  return faults;
}
