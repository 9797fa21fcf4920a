import type { InstanceSnapshot } from '../state/instance.snapshot.js';
import type { ChangeSet, DeploymentBundle } from '../state/change-set.js';
import type { EngineStore } from '../embedded-engine.js';
import { NOTHING_RECOVERED, type RecoveredState } from '../state/state-store.js';
import { MemoryHistory } from '../history/memory.history.js';
import type {
  EventSubscriptionRecord,
  ExternalTaskRecord,
  IncidentRecord,
  JobRecord,
  UserTaskRecord,
} from '../state/records.types.js';

interface PendingCommit {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A store that records the change sets, keeps the resulting state, and settles commits on request of a test. */
export class RecordingStore implements EngineStore {
  readonly history = new MemoryHistory();
  readonly commits: ChangeSet[] = [];
  readonly deferrableCommits: ChangeSet[] = [];
  closed = 0;
  /** Whether commits wait for `settle()`. */
  slow = false;
  private readonly pending: PendingCommit[] = [];
  private latest: Promise<void> = Promise.resolve();
  private readonly deployments = new Map<string, DeploymentBundle>();
  private readonly instances = new Map<string, InstanceSnapshot>();
  private readonly tasks = new Map<string, ExternalTaskRecord>();
  private readonly incidents = new Map<string, IncidentRecord>();
  private readonly jobs = new Map<string, JobRecord>();
  private readonly subscriptions = new Map<string, EventSubscriptionRecord>();
  private readonly userTasks = new Map<string, UserTaskRecord>();

  constructor(private readonly recovered: RecoveredState = NOTHING_RECOVERED) {}

  recover(): RecoveredState {
    return this.recovered;
  }

  commit(changes: ChangeSet): Promise<void> {
    this.commits.push(changes);
    this.history.apply(changes);
    apply(this.deployments, changes.deployments);
    apply(this.tasks, changes.tasks);
    apply(this.incidents, changes.incidents);
    apply(this.jobs, changes.jobs);
    apply(this.subscriptions, changes.subscriptions);
    apply(this.userTasks, changes.userTasks);
    for (const [id, source] of changes.instances) {
      if (source === null) this.instances.delete(id);
      else this.instances.set(id, source.snapshot());
    }
    if (!this.slow) return Promise.resolve();
    const settled = new Promise<void>((resolve, reject) => this.pending.push({ resolve, reject }));
    this.latest = settled;
    return settled;
  }

  /** Deferrable changes are lost with the process, as the contract allows; the promise settles with the commits before it. */
  async commitDeferrable(changes: ChangeSet): Promise<void> {
    this.deferrableCommits.push(changes);
    await this.latest;
  }

  /** Commits that wait for `settle()`. */
  get unsettled(): number {
    return this.pending.length;
  }

  /** Settles the oldest waiting commit. */
  settle(error?: Error): void {
    const next = this.pending.shift();
    if (next === undefined) throw new Error('No commit waits');
    if (error === undefined) next.resolve();
    else next.reject(error);
  }

  /** The state that a new engine reads, as from a disk. */
  kept(): RecoveredState {
    return {
      deployments: [...this.deployments.values()],
      instances: JSON.parse(JSON.stringify([...this.instances.values()])) as InstanceSnapshot[],
      tasks: [...this.tasks.values()].sort((a, b) => a.createTime - b.createTime),
      incidents: [...this.incidents.values()],
      jobs: [...this.jobs.values()],
      subscriptions: [...this.subscriptions.values()],
      userTasks: [...this.userTasks.values()],
    };
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

function apply<T>(target: Map<string, T>, changes: ReadonlyMap<string, T | null>): void {
  for (const [id, value] of changes) {
    if (value === null) target.delete(id);
    else target.set(id, value);
  }
}
