import { Inject, Injectable } from '@nestjs/common';
import { ProcessAccess } from '../../auth/index.js';
import {
  EngineDeploymentService,
  EngineHistoryClient,
  EngineMessagesClient,
  type MessageReceiver,
} from '../../camunda-engine/index.js';
import { withinTime } from '../../common/promises/index.js';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  PROCESS_CONFIG,
  type ProcessConfig,
} from '../../config/index.js';
import { isReplaceable, type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import { MessageStartFinder } from '../launch/message-start.finder.js';
import { StartLauncherService } from '../launch/start-launcher.service.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { InstanceFinderService } from '../reconcile/instance-finder.service.js';
import { AccessibleProcessFinder } from './accessible-process.finder.js';
import type { MessageAddress, MessageObstacle, MessageTarget } from './process-message.js';
import { TaskProcessFinder } from './task-process.finder.js';

/** Executions in one query, and queries for one message. */
const QUERY_SIZE = 500;
const MAX_QUERIES = 10;

/** Instances of one process that are queried at the same time. */
const INSTANCES_AT_ONCE = 10;

/** Longest wait for the outcome of a process that has ended in the engine, in ms. */
const OUTCOME_MS = 8_000;

/**
 * Finds who waits for a message: an instance of a process of this service, or a definition that the message starts.
 *
 * The engine would also correlate a message to an instance that was started elsewhere with the same business key or the
 * same variables. So the receiver is searched first, and only if its root instance is the one in the row of a process.
 */
@Injectable()
export class MessageReceiverFinder {
  constructor(
    private readonly messages: EngineMessagesClient,
    private readonly history: EngineHistoryClient,
    private readonly deployment: EngineDeploymentService,
    private readonly processes: TaskProcessFinder,
    private readonly instances: InstanceFinderService,
    private readonly launcher: StartLauncherService,
    private readonly messageStarts: MessageStartFinder,
    private readonly waits: OutcomeWaitService,
    private readonly store: ProcessStoreService,
    private readonly accessible: AccessibleProcessFinder,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
  ) {}

  /** @throws EngineCallError, DatabaseUnavailableError */
  async find(address: MessageAddress): Promise<MessageTarget | MessageObstacle> {
    const { correlationId, access = ProcessAccess.all } = address;
    if (correlationId === null) return this.findAnywhere(address);
    const record = await this.accessible.find(correlationId, access);
    return record === null ? this.findStart(address) : this.findIn(record, address);
  }

  /** True if an instance waits for the message. @throws EngineCallError */
  async isAwaited(address: MessageAddress, processInstanceId: string): Promise<boolean> {
    return (await this.receivers(address, processInstanceId, 1)).length > 0;
  }

  private async findIn(
    record: ProcessRecord,
    address: MessageAddress,
  ): Promise<MessageTarget | MessageObstacle> {
    const { correlationId, processKey, startMessage } = record;
    // A repetition of the message that started the process.
    const start: MessageTarget | null =
      startMessage === address.messageName && processKey !== null
        ? { kind: 'start', processKey, tenantId: record.tenantId, correlationId }
        : null;
    if (!isReplaceable(record)) return start ?? { kind: 'ended', record };
    const root = await this.instanceOf(record);
    if (root === null) return start ?? { kind: 'no-receiver', reason: 'not-started', record };
    const found = await this.receiversOf(address, root);
    const [only, another] = found;
    if (another !== undefined) return { kind: 'ambiguous', record };
    if (only !== undefined) return { kind: 'instance', record, processInstanceId: only.processInstanceId };
    if (start !== null) return start;
    const isOver = ((await this.history.getHistoricInstance(root))?.endTime ?? null) !== null;
    if (!isOver) return { kind: 'no-receiver', reason: 'not-waiting', record };
    return { kind: 'ended', record: await this.outcomeOf(record) };
  }

  /** The instance of a process; null if it is not started yet. */
  private async instanceOf(record: ProcessRecord): Promise<string | null> {
    const { correlationId, processInstanceId } = record;
    if (processInstanceId !== null) return processInstanceId;
    const launched = this.launcher.running(correlationId);
    if (launched !== undefined) {
      const result = await withinTime(launched, this.config.startAckTimeoutMs);
      if (result?.kind === 'started') return result.processInstanceId;
    }
    // Another instance of the service has started it, or its row does not have the instance yet.
    const [oldest] = await this.instances.find(record);
    return oldest?.id ?? null;
  }

  /** At most two executions of a process, its called instances included, that wait for the message. */
  private async receiversOf(address: MessageAddress, root: string): Promise<readonly MessageReceiver[]> {
    const [own, ids] = await Promise.all([
      this.receivers(address, root, 2),
      this.processes.instancesOf(root),
    ]);
    const found = [...own];
    const called = ids.filter((id) => id !== root);
    for (let from = 0; from < called.length && found.length < 2; from += INSTANCES_AT_ONCE) {
      const page = called.slice(from, from + INSTANCES_AT_ONCE);
      const lists = await Promise.all(page.map((id) => this.receivers(address, id, 2)));
      found.push(...lists.flat());
    }
    return found;
  }

  private receivers(
    { messageName, correlationKeys }: MessageAddress,
    processInstanceId: string,
    maxResults: number,
  ): Promise<readonly MessageReceiver[]> {
    return this.messages.findReceivers({
      messageName,
      processInstanceId,
      processVariables: correlationKeys,
      firstResult: 0,
      maxResults,
    });
  }

  /** Searches all instances, of which only those of processes of this service count. */
  private async findAnywhere(address: MessageAddress): Promise<MessageTarget | MessageObstacle> {
    const { messageName, correlationKeys: processVariables, access = ProcessAccess.all } = address;
    let target: Extract<MessageTarget, { kind: 'instance' }> | null = null;
    for (let query = 0; query < MAX_QUERIES; query += 1) {
      const page = await this.messages.findReceivers({
        messageName,
        processVariables,
        firstResult: query * QUERY_SIZE,
        maxResults: QUERY_SIZE,
      });
      const rows = await this.processes.find([
        ...new Set(page.map(({ processInstanceId }) => processInstanceId)),
      ]);
      for (const { processInstanceId } of page) {
        const record = rows.get(processInstanceId);
        if (record === undefined || !access.allows(record)) continue;
        if (target !== null) return { kind: 'ambiguous', record: null };
        target = { kind: 'instance', record, processInstanceId };
      }
      if (page.length < QUERY_SIZE) return target === null ? this.findStart(address) : this.checked(target);
    }
    // More wait than are searched; one of those that are left may be another receiver.
    return { kind: 'ambiguous', record: null };
  }

  /** The target, unless its process has an outcome that stays: it was reported before the end of the instance. */
  private async checked(
    target: Extract<MessageTarget, { kind: 'instance' }>,
  ): Promise<MessageTarget | MessageObstacle> {
    const record = await this.store.get(target.record.correlationId);
    return record === null || isReplaceable(record) ? target : { kind: 'ended', record };
  }

  private async findStart({
    messageName,
    correlationId,
    starter,
  }: MessageAddress): Promise<MessageTarget | MessageObstacle> {
    // Our own definitions may be on their way to the engine.
    if (this.camunda.deploy) await withinTime(this.deployment.whenDeployed(), this.config.startAckTimeoutMs);
    const all = await this.messageStarts.findAll(messageName);
    const keys = starter?.access.processKeys ?? null;
    const [only, another] = keys === null ? all : all.filter(({ processKey }) => keys.has(processKey));
    if (another !== undefined) return { kind: 'ambiguous', record: null };
    if (only === undefined) return { kind: 'no-receiver', reason: 'unknown', record: null };
    return { kind: 'start', processKey: only.processKey, tenantId: only.tenantId, correlationId };
  }

  /** The row of a process whose instance has ended, with its outcome if that can be read in time. */
  private async outcomeOf(record: ProcessRecord): Promise<ProcessRecord> {
    const { correlationId } = record;
    // The waiter makes the service look for the end.
    const wait = this.waits.waitFor(correlationId, OUTCOME_MS);
    try {
      const current = (await this.store.get(correlationId)) ?? record;
      if (current.status !== 'pending') return current;
      const end = await wait.ended;
      return end.kind === 'completed' ? end.payload : current;
    } finally {
      wait.cancel();
    }
  }
}
