import { Injectable, Logger } from '@nestjs/common';
import { type ProcessMessageRecord, ProcessMessageRepository } from '../../process-message/index.js';
import { type ProcessRecord, ProcessStoreService, type WriteOptions } from '../../process-store/index.js';
import type { Wait } from '../../waitroom/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';
import { EarlyAnswerService } from '../waiting/early-answer.service.js';
import { WaitingForService } from '../waiting/waiting-for.service.js';
import type { OnCallerGone } from './caller-gone.js';
import { MessageSender } from './message.sender.js';
import type { MessageCommand, MessageResult, MessageTarget } from './process-message.js';

/** Who waits for the answer to a message, and for how long. */
export interface MessageCaller {
  readonly onGone: OnCallerGone;
  /** Longest wait for the outcome in ms; 0 does not wait. */
  readonly waitMs: number;
}

/** The row of a message whose lease this request holds. */
export interface LeasedMessage {
  readonly row: ProcessMessageRecord;
  /** Time of `performance.now()` at which the lease ends at the earliest: another request may send the message then. */
  readonly notAfter: number;
}

/** A write that a client waits for: it is answered within `WRITE_WAIT_MS` even if the store does not answer. */
export const WRITE_OF_CLIENT: WriteOptions = { useHeadroom: true, onTimeout: 'detach' };

/** The client waits for it, so it makes a group of its own. */
const WRITE_OF_EVENT: WriteOptions = { ...WRITE_OF_CLIENT, deferrable: false };

const NO_VARIABLES: Readonly<Record<string, unknown>> = {};

/**
 * Delivers a message to the instance that waits for it, records the delivery, and waits for the outcome of the process.
 *
 * The claim of the message is the matter of its caller ({@link ProcessMessageService}).
 */
@Injectable()
export class MessageDeliveryService {
  private readonly logger = new Logger('ProcessMessage');

  constructor(
    private readonly sender: MessageSender,
    private readonly messages: ProcessMessageRepository,
    private readonly store: ProcessStoreService,
    private readonly waits: OutcomeWaitService,
    private readonly early: EarlyAnswerService,
    private readonly waitingFor: WaitingForService,
    private readonly trail: ProcessTrailService,
  ) {}

  /** True if the engine has delivered a message with this claim to the instance: it has left its trace. */
  isDelivered(processInstanceId: string, claimId: string): Promise<boolean> {
    return this.sender.isDelivered(processInstanceId, claimId);
  }

  /** Sends a message to an instance. `again`: the instance does not wait for it any more, and nothing was executed. */
  async correlate(
    target: Extract<MessageTarget, { kind: 'instance' }>,
    command: MessageCommand,
    claimId: string,
    caller: MessageCaller,
    leased: LeasedMessage | null = null,
  ): Promise<MessageResult | 'again'> {
    const { record, processInstanceId } = target;
    const { correlationId } = record;
    // Registered before the call to the engine: a fast process ends before the call returns.
    const wait = this.waits.waitFor(correlationId, caller.waitMs);
    const until = performance.now() + caller.waitMs;
    try {
      const sent = await this.sender.send(target, command, claimId, leased?.notAfter);
      if (sent !== 'correlated') return sent;
      caller.onGone(wait.cancel);
      this.waits.hint(correlationId);
      await this.note(correlationId, processInstanceId, command, claimId, leased?.row ?? null);
      return await this.outcome(correlationId, wait, until, false);
    } finally {
      wait.cancel();
    }
  }

  /** Records that the engine has delivered a message of an earlier request, and answers like it. */
  async delivered(
    row: ProcessMessageRecord,
    command: MessageCommand,
    caller: MessageCaller,
  ): Promise<MessageResult> {
    const { correlationId, processInstanceId, claimId } = row;
    await this.note(correlationId, processInstanceId, command, claimId, row);
    return this.replay(row, command, caller);
  }

  /** Answers a message that was delivered before: waits for the outcome of its process. */
  async replay(
    { correlationId }: ProcessMessageRecord,
    command: MessageCommand,
    { onGone, waitMs }: MessageCaller,
  ): Promise<MessageResult> {
    dropVariables(command);
    const wait = this.waits.waitFor(correlationId, waitMs);
    const until = performance.now() + waitMs;
    onGone(wait.cancel);
    try {
      return await this.outcome(correlationId, wait, until, true);
    } finally {
      wait.cancel();
    }
  }

  /** Waits for the outcome of a process that has a message. */
  private async outcome(
    correlationId: string,
    wait: Wait<ProcessRecord>,
    until: number,
    replayed: boolean,
  ): Promise<MessageResult> {
    // Read after the registration of the waiter: an outcome before it has not woken it.
    const record = await this.store.get(correlationId);
    if (record === null) return { kind: 'no-receiver', reason: 'unknown', record: null };
    if (record.status !== 'pending') return { kind: 'correlated', record, replayed };
    const early = this.early.watch(record, until, wait.cancel);
    try {
      const end = await wait.ended;
      if (end.kind === 'completed') return { kind: 'correlated', record: end.payload, replayed };
    } finally {
      early.stop();
    }
    const current = (await this.store.get(correlationId)) ?? record;
    const waitingFor = early.found ?? this.waitingFor.peek(current);
    return {
      kind: 'correlated',
      record: current,
      replayed,
      ...(waitingFor === null ? {} : { waitingFor, isEarly: early.found !== null }),
    };
  }

  /**
   * Writes the event of a delivered message, and that the message is delivered. A failure is only logged: the trace in the
   * engine proves the delivery, and a repetition of the message writes both.
   */
  private async note(
    correlationId: string,
    processInstanceId: string | null,
    command: MessageCommand,
    claimId: string,
    row: ProcessMessageRecord | null,
  ): Promise<void> {
    const { messageName, messageId, correlationKeys, variables, requester } = command;
    this.waitingFor.forget(correlationId);
    const metadata = { messageName, messageId, processInstanceId, requestedBy: requester };
    try {
      const record = await this.store.get(correlationId);
      const event = {
        // The same for each request that finds the message delivered, so that the trail has it once.
        eventKey: claimId,
        stepName: 'message',
        status: 'ok',
        httpStatusCode: 200,
        result: 'Message correlated',
        requestData: { messageName, correlationKeys, variables },
        metadata,
      } as const;
      // The row last: a repetition of a message whose row says so writes no event.
      if (record !== null) await this.trail.log(record, event, WRITE_OF_EVENT);
      if (row !== null) await this.messages.settle(row, WRITE_OF_CLIENT);
    } catch (error) {
      this.logger.warn({
        msg: 'A message was correlated, but that could not be stored.',
        correlationId,
        ...metadata,
        err: error,
      });
    }
    dropVariables(command);
  }
}

/** Releases the variables of a message, which may be large, once they are sent or not needed. */
export function dropVariables(command: MessageCommand): void {
  command.variables = NO_VARIABLES;
  command.onEmptied?.();
}
