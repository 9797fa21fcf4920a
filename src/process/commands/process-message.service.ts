import { Inject, Injectable, Logger } from '@nestjs/common';
import { v4 as uuidv4, v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { ProcessAccess } from '../../auth/index.js';
import { EngineCallError } from '../../camunda-engine/index.js';
import { canonicalHash } from '../../common/json/index.js';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  PROCESS_CONFIG,
  type ProcessConfig,
  WAIT_CONFIG,
  type WaitConfig,
} from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { type ProcessMessageRecord, ProcessMessageRepository } from '../../process-message/index.js';
import { ProcessStoreService } from '../../process-store/index.js';
import { LeaseOwner } from '../launch/lease-owner.js';
import type { OnCallerGone } from './caller-gone.js';
import { MessageReceiverFinder } from './message-receiver.finder.js';
import {
  dropVariables,
  type LeasedMessage,
  type MessageCaller,
  MessageDeliveryService,
  WRITE_OF_CLIENT,
} from './message-delivery.service.js';
import type { MessageCommand, MessageResult, MessageTarget } from './process-message.js';
import { ProcessStartService } from './process-start.service.js';
import { findVariableFaults } from './start-variables.js';

type InstanceTarget = Extract<MessageTarget, { kind: 'instance' }>;
type StartedDefinition = Pick<Extract<MessageTarget, { kind: 'start' }>, 'processKey' | 'tenantId'>;

/** Attempts of one request to send a message whose receivers are gone before it arrives. */
const MAX_ATTEMPTS = 4;

/** Pauses between two looks at a message that another request sends, in ms. */
const LOOK_MIN_MS = 25;
const LOOK_MAX_MS = 500;

/** Namespace of the correlation ids that are made of message ids. */
const IDS_OF_MESSAGES = '0a9a33b1-6a0f-4d1c-8f6e-2f1f3c0d5e77';

/**
 * Correlates messages to processes of this service, or starts processes with them.
 *
 * A message with a `messageId` is claimed before it is sent, and leaves a trace in the engine in the same transaction. So
 * a repetition finds out whether it was correlated, also after a crash or a lost answer.
 */
@Injectable()
export class ProcessMessageService {
  private readonly logger = new Logger('ProcessMessage');
  private requests = 0;

  constructor(
    private readonly receivers: MessageReceiverFinder,
    private readonly delivery: MessageDeliveryService,
    private readonly messages: ProcessMessageRepository,
    private readonly starts: ProcessStartService,
    private readonly store: ProcessStoreService,
    private readonly owner: LeaseOwner,
    private readonly shutdown: ShutdownService,
    @Inject(WAIT_CONFIG) private readonly waitConfig: WaitConfig,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
  ) {}

  /**
   * Sends a message to the only process that waits for it, or starts one with it, and waits for the outcome.
   *
   * @param waitMs longest wait for the outcome, in milliseconds; 0 does not wait
   * @throws an error that is answered 503, if the store is away
   */
  async send(
    command: MessageCommand,
    onCallerGone: OnCallerGone,
    waitMs = this.waitConfig.syncTimeoutMs,
  ): Promise<MessageResult> {
    if (this.shutdown.refusing) return { kind: 'unavailable', reason: 'stopping' };
    const faults = findVariableFaults(command.variables);
    if (faults.length > 0) return { kind: 'unacceptable-variables', faults };
    const caller = { onGone: onCallerGone, waitMs };
    try {
      return command.messageId === null
        ? await this.sendUnclaimed(command, caller)
        : await this.sendOnce(command, command.messageId, caller);
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      return { kind: 'engine-unavailable', inDoubt: false, cause: error };
    }
  }

  private async sendUnclaimed(command: MessageCommand, caller: MessageCaller): Promise<MessageResult> {
    const claimId = uuidv4();
    let result: MessageResult | 'again' = 'again';
    for (let attempt = 1; result === 'again' && attempt <= MAX_ATTEMPTS; attempt += 1) {
      const target = await this.receivers.find(command);
      if (target.kind === 'start')
        return this.start(command, target, target.correlationId ?? uuidv7(), caller);
      if (target.kind !== 'instance') return target;
      result = await this.delivery.correlate(target, command, claimId, caller);
    }
    return result === 'again' ? { kind: 'in-progress' } : result;
  }

  /** Sends a message with an id, unless it was sent before. */
  private async sendOnce(
    command: MessageCommand,
    messageId: string,
    caller: MessageCaller,
  ): Promise<MessageResult> {
    const { messageName, correlationId, correlationKeys, variables } = command;
    const requestHash = canonicalHash({ messageName, correlationId, correlationKeys, variables });
    const until = performance.now() + this.camunda.startTimeoutMs;
    for (let looks = 0; ; looks += 1) {
      const row = await this.messages.find(messageId);
      const result =
        row === null
          ? await this.sendFirst(command, messageId, requestHash, caller)
          : await this.sendAgain(command, row, requestHash, caller);
      if (result !== 'again') return result;
      if (performance.now() > until || this.shutdown.refusing) return { kind: 'in-progress' };
      // Another request sends it.
      const pauseMs = Math.min(LOOK_MIN_MS * 2 ** looks, LOOK_MAX_MS);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** A message without a row. `again`: another request has claimed it. */
  private async sendFirst(
    command: MessageCommand,
    messageId: string,
    requestHash: string,
    caller: MessageCaller,
  ): Promise<MessageResult | 'again'> {
    const target = await this.receivers.find(command);
    if (target.kind !== 'start' && target.kind !== 'instance') {
      // Nobody may wait because another request has claimed and delivered it since the first look.
      return (await this.messages.find(messageId)) === null ? target : 'again';
    }
    const owner = this.newOwner();
    const notAfter = this.endOfLease();
    const { kind, record: row } = await this.messages.claim(
      {
        messageId,
        requestHash,
        claimId: uuidv4(),
        // A refused start removes the row, and a repetition must not start another process.
        correlationId:
          target.kind === 'instance'
            ? target.record.correlationId
            : (target.correlationId ?? uuidv5(messageId, IDS_OF_MESSAGES)),
        processInstanceId: target.kind === 'instance' ? target.processInstanceId : null,
        owner,
        leaseMs: this.config.startLeaseMs,
      },
      { onTimeout: 'cancel' },
    );
    if (kind === 'exists') return 'again';
    if (target.kind === 'start') return this.startClaimed(command, target, row, caller);
    return this.sendClaimed(command, target, { row, notAfter }, owner, caller);
  }

  /** A message that was claimed before. `again`: another request sends it. */
  private async sendAgain(
    command: MessageCommand,
    row: ProcessMessageRecord,
    requestHash: string,
    caller: MessageCaller,
  ): Promise<MessageResult | 'again'> {
    const { correlationId } = row;
    const { access = ProcessAccess.all } = command;
    const known = access.isAll ? null : await this.store.get(correlationId);
    if (known !== null && !access.allows(known)) return { kind: 'message-id-conflict', correlationId: null };
    if (row.requestHash !== requestHash) {
      // While the process has no row, nobody knows whose it is.
      const isVisible = access.isAll || known !== null || command.correlationId === correlationId;
      return { kind: 'message-id-conflict', correlationId: isVisible ? correlationId : null };
    }
    if (row.state === 'correlated') return this.delivery.replay(row, command, caller);
    if (row.state === 'starting') return this.restart(command, row, caller);
    const isDead = this.isDead(row);
    const owner = this.newOwner();
    const lease = { owner, leaseMs: this.config.startLeaseMs, deadOwner: isDead ? row.leaseOwner : null };
    const leased = await this.messages.lease(row, lease);
    if (leased === null) return 'again';
    return this.resume(command, leased, owner, isDead, caller);
  }

  /**
   * Continues a message that an earlier request may have sent.
   *
   * @param isDead whether that request and the engine that it has called have ended
   */
  private async resume(
    command: MessageCommand,
    row: ProcessMessageRecord,
    owner: string,
    isDead: boolean,
    caller: MessageCaller,
  ): Promise<MessageResult | 'again'> {
    const { processInstanceId, claimId, lastAttemptAt } = row;
    try {
      if (processInstanceId !== null && (await this.delivery.isDelivered(processInstanceId, claimId)))
        return await this.delivery.delivered(row, command, caller);
      const settlesAt = (lastAttemptAt?.getTime() ?? 0) + this.config.startSettleMs;
      if (!isDead && settlesAt > this.messages.now().getTime()) {
        await this.messages.release(row, owner);
        return { kind: 'engine-unavailable', inDoubt: true, cause: null };
      }
      // It has left no trace, and none can appear any more.
      const target = await this.receivers.find(command);
      if (target.kind !== 'instance') {
        await this.forget(row);
        return target.kind === 'start' ? 'again' : target;
      }
      const settleMs = isDead ? 0 : this.config.startSettleMs;
      const notAfter = this.endOfLease();
      const attempt = await this.beginAttempt(row, owner, target, settleMs);
      if (attempt === null) return 'again';
      return await this.sendClaimed(command, target, { row: attempt, notAfter }, owner, caller);
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      await this.messages.release(row, owner);
      return { kind: 'engine-unavailable', inDoubt: true, cause: error };
    }
  }

  /** Sends a message whose lease this request holds, and whose row counts the attempt. */
  private async sendClaimed(
    command: MessageCommand,
    first: InstanceTarget,
    { row, ...leased }: LeasedMessage,
    owner: string,
    caller: MessageCaller,
  ): Promise<MessageResult | 'again'> {
    let [target, { notAfter }] = [first, leased];
    for (let attempt = 1; ; attempt += 1) {
      let result: MessageResult | 'again';
      try {
        result = await this.delivery.correlate(target, command, row.claimId, caller, { row, notAfter });
        // Another request may hold the lease, and have sent the message.
        if (result === 'again' && performance.now() > notAfter) return 'again';
        if (result === 'again' && attempt < MAX_ATTEMPTS) {
          const next = await this.receivers.find(command);
          if (next.kind === 'instance') {
            notAfter = this.endOfLease();
            // The engine has rolled back the attempt before.
            if ((await this.beginAttempt(row, owner, next, 0)) === null) return 'again';
            target = next;
            continue;
          }
          if (next.kind !== 'start') result = next;
        }
      } catch (error) {
        if (!(error instanceof EngineCallError)) throw error;
        // Only a question after a refusal fails like this: the engine has executed nothing.
        result = { kind: 'engine-unavailable', inDoubt: false, cause: error };
      }
      if (result !== 'again' && (result.kind === 'correlated' || result.kind === 'start')) return result;
      const inDoubt = result !== 'again' && result.kind === 'engine-unavailable' && result.inDoubt;
      if (inDoubt) await this.messages.doubt(row, owner);
      else await this.forget(row);
      return result;
    }
  }

  /**
   * Starts the process of a message that is claimed, or attaches to it.
   *
   * @param isStarted whether this message name has started the process: a start that is refused now, for example because
   *   the service stops, does not free the id of the message then
   */
  private async startClaimed(
    command: MessageCommand,
    definition: StartedDefinition,
    row: ProcessMessageRecord,
    caller: MessageCaller,
    isStarted = false,
  ): Promise<MessageResult> {
    const started = await this.start(command, definition, row.correlationId, caller);
    const { result } = started;
    const isKept =
      result.kind === 'started' || result.kind === 'replayed' || (isStarted && result.kind !== 'conflict');
    if (!isKept) await this.forget(row);
    return started;
  }

  /** Repeats the start of a message that was claimed before: the claim of its correlation id decides. */
  private async restart(
    command: MessageCommand,
    row: ProcessMessageRecord,
    caller: MessageCaller,
  ): Promise<MessageResult | 'again'> {
    const record = await this.store.get(row.correlationId);
    if (record !== null) {
      const { processKey, tenantId, startMessage } = record;
      const definition = { processKey: processKey ?? '', tenantId };
      return this.startClaimed(command, definition, row, caller, startMessage === command.messageName);
    }
    const target = await this.receivers.find({ ...command, correlationId: row.correlationId });
    if (target.kind === 'start') return this.startClaimed(command, target, row, caller);
    if (target.kind === 'instance') return 'again';
    await this.forget(row);
    return target;
  }

  private async start(
    command: MessageCommand,
    { processKey, tenantId }: StartedDefinition,
    correlationId: string,
    { onGone, waitMs }: MessageCaller,
  ): Promise<Extract<MessageResult, { kind: 'start' }>> {
    const { messageName: startMessage, variables } = command;
    const start = {
      processKey,
      ...(tenantId === null ? {} : { tenantId }),
      correlationId,
      startMessage,
      ...(command.starter === undefined ? {} : { starter: command.starter }),
      variables,
      onEmptied: () => {
        dropVariables(command);
      },
    };
    command.variables = {};
    return { kind: 'start', processKey, result: await this.starts.start(start, onGone, waitMs) };
  }

  /**
   * Removes the claim of a message that has changed nothing. A failure is only logged: a repetition then finds out that
   * nothing was changed.
   */
  private async forget(row: ProcessMessageRecord): Promise<void> {
    try {
      await this.messages.remove(row, WRITE_OF_CLIENT);
    } catch (error) {
      const { messageId, correlationId } = row;
      this.logger.warn({
        msg: 'The claim of a message could not be removed.',
        correlationId,
        messageId,
        err: error,
      });
    }
  }

  private beginAttempt(
    { messageId, claimId, lastAttemptAt }: ProcessMessageRecord,
    owner: string,
    { record, processInstanceId }: InstanceTarget,
    settleMs: number,
  ): Promise<ProcessMessageRecord | null> {
    return this.messages.beginAttempt({
      messageId,
      claimId,
      owner,
      leaseMs: this.config.startLeaseMs,
      correlationId: record.correlationId,
      processInstanceId,
      settleMs,
      lastAttemptAt,
    });
  }

  /** True if the lease belongs to a process of the service that has ended, and its engine with it. */
  private isDead({ leaseOwner }: ProcessMessageRecord): boolean {
    return (
      this.camunda.baseUrl === null &&
      this.messages.isSoleWriter &&
      leaseOwner !== null &&
      !leaseOwner.startsWith(this.owner.id)
    );
  }

  /** The earliest end of a lease that is taken or renewed from now on, by `performance.now()`. */
  private endOfLease(): number {
    return performance.now() + this.config.startLeaseMs;
  }

  /** The name of a request as holder of a lease. */
  private newOwner(): string {
    this.requests += 1;
    return `${this.owner.id}#${this.requests.toString(36)}`;
  }
}
