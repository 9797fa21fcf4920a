import { beforeEach, describe, expect, it } from '@jest/globals';
import { type EngineTasksClient, EngineUnreachableError, type UserTask } from '../../camunda-engine/index.js';
import type { AccessibleProcessFinder } from './accessible-process.finder.js';
import type { TaskPage, TaskPosition, TaskQuery } from './process-task.js';
import { TaskListService } from './task-list.service.js';
import type { TaskProcessFinder } from './task-process.finder.js';

const NOON = Date.UTC(2026, 0, 31, 12);

/** An open task; its process is that of its instance, and instances that begin with `foreign` have none here. */
function taskOf(id: string, createdAt: number, processInstanceId = 'own'): UserTask {
  const created = new Date(createdAt).toISOString().replace('Z', '+0000');
  return { id, created, processInstanceId, taskDefinitionKey: 'A', priority: 50, suspended: false };
}

const numbered = (count: number, at: (n: number) => number, instance?: string): UserTask[] =>
  Array.from({ length: count }, (_, n) => taskOf(String(n).padStart(6, '0'), at(n), instance));

describe('TaskListService', () => {
  let tasks: UserTask[];
  let queries: number;
  let failure: Error | null;
  let gone: Set<string>;
  let list: TaskListService;

  beforeEach(() => {
    [tasks, queries, failure, gone] = [[], 0, null, new Set()];
    const engine = {
      findTasks: async (_filter: unknown, createdAfter: Date | null, maxResults: number) => {
        if (failure !== null) throw failure;
        queries += 1;
        return tasks
          .filter(({ created }) => createdAfter === null || new Date(created) > createdAfter)
          .sort((a, b) => (a.created + a.id < b.created + b.id ? -1 : 1))
          .slice(0, maxResults);
      },
      getTask: async (id: string) => {
        if (failure !== null) throw failure;
        return tasks.find((task) => task.id === id) ?? null;
      },
      findCandidates: async (id: string) => (gone.has(id) ? null : { users: [], groups: [] }),
      findVariables: async () => ({ big: { type: 'Json', value: '12345678901234567890' } }),
    };
    const processes = {
      find: async (ids: readonly string[]) =>
        new Map(
          ids
            .filter((id) => !id.startsWith('foreign'))
            .map((id) => [id, { correlationId: id, processKey: id === 'other' ? 'other' : 'test' }]),
        ),
    };
    list = new TaskListService(
      engine as unknown as EngineTasksClient,
      processes as unknown as TaskProcessFinder,
      { find: async () => null } as unknown as AccessibleProcessFinder,
    );
  });

  async function page(after: TaskPosition | null, query: Partial<TaskQuery> = {}): Promise<TaskPage> {
    const result = await list.list({ variables: [], limit: 50, after, ...query });
    if (result.kind !== 'page') throw new Error(result.kind);
    return result;
  }

  /** All ids page by page; `between` runs after each page. */
  async function walk(query: Partial<TaskQuery> = {}, between = (_seen: string[]) => {}): Promise<string[]> {
    const seen: string[] = [];
    let after: TaskPosition | null = null;
    do {
      const { tasks: shown, next } = await page(after, query);
      seen.push(...shown.map(({ task }) => task.id));
      after = next;
      between(seen);
    } while (after !== null);
    return seen;
  }

  it('shows each task once, also those of one millisecond', async () => {
    tasks = numbered(1_000, (n) => NOON + Math.floor(n / 300));
    const all = tasks.map(({ id }) => id);
    expect(await walk({ limit: 100 })).toEqual(all);
  });

  it('neither loses nor repeats a task while others end', async () => {
    tasks = numbered(500, (n) => NOON + Math.floor(n / 7));
    const all = tasks.map(({ id }) => id);
    const seen = await walk({ limit: 30 }, (shown) => {
      tasks = tasks.filter(({ id }) => !shown.includes(id) || Number(id) % 3 === 0);
    });
    expect(seen).toEqual(all);
  });

  it('leaves out tasks of processes that are not of this service, and of other keys', async () => {
    tasks = [
      ...numbered(450, (n) => NOON + n, 'foreign'),
      taskOf('a', NOON + 1_000),
      taskOf('b', NOON + 1_001, 'other'),
    ];
    expect(await walk()).toEqual(['a', 'b']);
    expect(await walk({ processKey: 'other' })).toEqual(['b']);
  });

  it('asks the engine a bounded number of times for one page, and continues there', async () => {
    tasks = [...numbered(5_000, (n) => NOON + n, 'foreign'), taskOf('own', NOON + 6_000)];
    const first = await page(null);
    expect([first.tasks, first.next === null, queries]).toEqual([[], false, 10]);
    expect(await walk()).toEqual(['own']);
  });

  it('says on the last page that it is the last one', async () => {
    tasks = numbered(50, (n) => NOON + n);
    expect((await page(null)).next).toBeNull();
    expect((await page(null, { limit: 49 })).next).toEqual({ createdAt: NOON + 48, id: '000048' });
  });

  it('leaves out a task that ends while the page is read', async () => {
    tasks = numbered(3, (n) => NOON + n);
    gone.add('000001');
    expect(await walk()).toEqual(['000000', '000002']);
    expect(await list.get('000001', [])).toEqual({ kind: 'unknown' });
  });

  it('shows named variables with all digits', async () => {
    tasks = [taskOf('a', NOON)];
    expect(await list.get('a', ['big', 'absent', '__proto__'])).toMatchObject({
      task: { variables: { big: 12345678901234567890n, absent: null } },
    });
  });

  it('says that the engine is away', async () => {
    failure = new EngineUnreachableError({ method: 'GET', path: '/task' }, 'refused');
    const away = { kind: 'engine-unavailable', inDoubt: false, cause: failure };
    expect(await list.get('a', [])).toEqual(away);
    expect(await list.list({ variables: [], limit: 1, after: null })).toEqual(away);
  });

  it('finds nothing for a correlation id that has no process', async () => {
    tasks = [taskOf('a', NOON)];
    expect(await walk({ correlationId: 'nobody' })).toEqual([]);
  });
});
